"""harness: what the Python tests share: finding programs and peers, free ports, a broker, the daemon."""

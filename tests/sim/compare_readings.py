#!/usr/bin/env python3
"""compare_readings: whether what the simulated nodes made is what a subscriber at the broker received.

Usage: compare_readings.py LEDGER RECEIVED

LEDGER is wakegate-simnodes', RECEIVED has a JSON message a line, as of `mosquitto_sub -F %p`. Prints how many readings
were made, received and received again; ends with 0 if each that was made arrived once, as it was made.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.ledger import Ledger  # noqa: E402
from harness.upstream import Upstream  # noqa: E402


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    upstream, ledger = Upstream(), Ledger(arguments[0])
    for line in pathlib.Path(arguments[1]).read_text().splitlines():
        upstream.take(line)
    print(len(ledger.made), len(upstream.readings), upstream.repeated)
    wrong = upstream.compare(ledger)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

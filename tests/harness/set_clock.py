"""set_clock: the wall clock that a gateway believes, which is tests/sim/set_clock.c in it; nobody else's is touched."""
import mmap
import os
import struct
import time


class SetClock:
    """Begins `ahead_s` seconds ahead of this machine's clock. Give it to gateways before they start."""

    def __init__(self, folder, ahead_s=0):
        path = folder / "wall_clock"
        path.write_bytes(bytes(8))
        self.environment = os.environ | {"WAKEGATE_TEST_CLOCK": str(path)}
        with open(path, "r+b") as file:
            self.mapped = mmap.mmap(file.fileno(), 8)
        self.set(ahead_s)

    def give(self, gateway):
        gateway.program, gateway.environment = "wakegated-set-clock", self.environment
        return gateway

    def set(self, ahead_s):
        self.mapped[:] = struct.pack("<q", round(ahead_s * 1000))

    def set_unset(self, up_s=600):
        """As a machine without a battery for its clock shows it, so long after its start."""
        self.set(up_s - time.time())

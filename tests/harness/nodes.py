"""nodes: runs wakegate-simnodes and reads what it left behind."""
import json
import random
import struct
import subprocess

from .find import ours
from .ledger import Ledger
from .process import Process


def mcuboot_image(size, version=(2, 0, 0), seed=1):
    """Bytes with an MCUboot header that fits them and no signature: enough for a node that only checks the hash."""
    head = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, 0, size - 32, 0, *version, 0, 0)
    return head + random.Random(seed).randbytes(size - len(head))


class SimulatedNodes:
    """`options` are the program's, as keywords: loss=10 becomes --loss 10, True a flag."""

    def __init__(self, folder, server, **options):
        self.folder = folder / "nodes"
        self.folder.mkdir(exist_ok=True)
        self.result_file, self.ledger_file = folder / "nodes.json", folder / "nodes.ledger"
        self.status_file = folder / "nodes.status"
        command = [ours("wakegate-simnodes"), "--folder", self.folder, "--server", server, "--result", self.result_file,
                   "--ledger", self.ledger_file, "--status", self.status_file]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}"] + ([] if value is True else [value])
        self.process = Process(command, folder / "nodes.log")

    def wait(self, seconds):
        """The exit status; the simulator has its own --timeout, this is for when that fails."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def status(self):
        return json.loads(self.status_file.read_text()) if self.status_file.exists() else {}

    def result(self):
        return json.loads(self.result_file.read_text())

    def ledger(self):
        return Ledger(self.ledger_file)

    def stop(self):
        return self.process.stop()

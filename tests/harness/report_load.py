"""report_load: tests/bench/report_load.c as a child process, and which readings its nodes made.

A reading says whose it is: its time names the report, and its value follows from node, report and name.
"""
import time

from .find import ours
from .process import Process

NAMES = {"temperature": (0, 100), "humidity": (1, 10), "battery": (2, 1000), "rssi": (3, 1)}  # which, digits
PER_REPORT, ALL = len(NAMES), (1 << len(NAMES)) - 1
MASK = (1 << 32) - 1


class ReportLoad:
    """Reports over CoAP until stop(), each node's next one when the last is acknowledged. `options` are the program's,
    as keywords."""

    def __init__(self, folder, port, **options):
        self.folder, self.ledger_file = folder, folder / "reports.ledger"
        self.epoch_ms = int(time.time()) * 1000
        given = {"seconds": 86400, "linger": 300, "epoch": self.epoch_ms, "ledger": self.ledger_file} | options
        words = [str(word) for name, value in given.items() for word in (f"--{name}", value)]
        self.process = Process([ours("report_load"), "--port", port, *words], folder / "report_load.log")

    def stop(self, seconds=400):
        """No node begins another report; waits until those under way are acknowledged."""
        return self.process.stop(seconds)

    def ledger(self):
        """(reports made, reports acknowledged) of each node."""
        first, *lines = self.ledger_file.read_text().splitlines()
        assert first == f"epoch {self.epoch_ms}"
        return [tuple(map(int, line.split()[1:])) for line in lines]


def noise(node, number, salt):
    return ((number * 2654435761 & MASK) ^ ((node * 4 + salt) * 2246822519 & MASK)) >> 21


def expected(node, number, which):
    """The value as a whole number of its last digit."""
    if which == 0:
        return 2000 + node % 500 + number // 8 % 64 + (noise(node, number, 0) >> 4 & 7)
    if which == 1:
        return 400 + node % 200 + number // 16 % 64 + (noise(node, number, 1) & 7)
    if which == 2:
        return 3600 - number // 64 % 512 + (noise(node, number, 2) & 7)
    return -1 - (59 + node % 20 + (noise(node, number, 3) & 7))


class Received:
    """The readings of a load that arrived: feed it with a consumer's rows. A byte a report, so that it can be millions."""

    def __init__(self, epoch_ms):
        self.epoch_ms, self.count, self.faults = epoch_ms, 0, []
        self.reports = {}  # node -> a byte a report, a bit a reading

    def take(self, row):
        node, since_ms = int(row["node"].removeprefix("node-")), int(row["time"] * 1000) - self.epoch_ms
        number, (which, scale) = since_ms // 16, NAMES[row["name"].removeprefix("sensor-1/")]
        if since_ms % 16 != noise(node, number, 0) & 15 or row["value"] * scale != expected(node, number, which):
            self.faults.append(f"never made: {row}")
            return
        reports = self.reports.setdefault(node, bytearray())
        if len(reports) <= number:
            reports.extend(bytes(number + 1 - len(reports)))
        if reports[number] & 1 << which:
            self.faults.append(f"came twice: {row}")
        reports[number] |= 1 << which
        self.count += 1

    def finish(self, ledger, rows, quiet_s=90):
        """Waits until all is there, says what was counted and returns what is wrong in sentences. All reports made must
        have been acknowledged."""
        total = PER_REPORT * sum(acknowledged for _, acknowledged in ledger)
        rows.wait_complete(lambda: self.count >= total, quiet_s)
        print(f"{total} readings acknowledged, {self.count} received in {rows.messages} messages, "
              f"{len(rows.gaps)} gap records")
        holes = [f"numbers {first} to {last} are not accounted for" for first, last in rows.unaccounted()]
        return rows.faults[:10] + holes[:10] + self.compare(ledger)

    def compare(self, ledger):
        wrong = self.faults[:10]
        for node, (made, acknowledged) in enumerate(ledger):
            reports = self.reports.get(node, b"")
            lost = [number for number in range(acknowledged) if reports[number:number + 1] != bytes([ALL])]
            if lost:
                wrong.append(f"node {node}: {len(lost)} acknowledged, but not received: {lost[:3]}")
            if made != acknowledged or len(reports) > made:
                wrong.append(f"node {node}: {made} made, {acknowledged} acknowledged, {len(reports)} received")
        return wrong

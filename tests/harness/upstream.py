"""upstream: what a consumer at the broker makes of the messages: readings by sequence number, repetitions, gaps.

Reads the messages as docs/telemetry.md describes them, without any code of the gateway's.
"""
import re

from .ledger import senml_records

GAP = re.compile(r"first=(\d+) last=(\d+)")
LABEL = re.compile(r"boot=(\d+) first=(\d+) last=(\d+)")


class Upstream:
    """Feed it with take(); then look."""

    def __init__(self):
        self.numbers = {}  # sequence number -> (node, time in ms, name, value)
        self.readings = {}  # (node, time in ms) -> (name, value)
        self.messages = 0
        self.repeated = 0  # readings that came again under their own number, as QoS 1 may
        self.faults = []  # what must never happen
        self.gaps = []
        self.order = []  # first numbers of the batches as they came

    def take(self, payload, is_cbor=False):
        self.messages += 1
        records = list(senml_records(payload, is_cbor))
        name, _, text = records[0]
        kind = name.rsplit("/", 1)[-1]
        if kind == "gap":
            self.gaps += [record[2] for record in records]
            return
        label = LABEL.match(text) if kind == "batch" else None
        if not label:
            self.faults.append(f"not a batch: {records[0]}")
            return
        first, last = int(label[2]), int(label[3])
        self.order.append(first)
        if last - first + 1 != len(records) - 1:
            self.faults.append(f"{text}: but {len(records) - 1} readings")
        for number, (name, time_ms, value) in enumerate(records[1:], first):
            self.take_reading(number, *name.split("/", 1), time_ms, value)

    def take_reading(self, number, node, name, time_ms, value):
        reading = (node, time_ms, name, value)
        if number in self.numbers:
            self.repeated += 1
            if self.numbers[number] != reading:
                self.faults.append(f"number {number} is {self.numbers[number]} and {reading}")
            return
        self.numbers[number] = reading
        if (node, time_ms) in self.readings:
            self.faults.append(f"under two numbers: {reading}")
        self.readings[node, time_ms] = (name, value)

    def missing(self):
        """How many sequence numbers up to the newest neither came nor are told as lost."""
        told = set()
        for text in self.gaps:
            first, last = map(int, GAP.search(text).groups())
            told.update(range(first, last + 1))
        return len(set(range(min(self.numbers | dict.fromkeys(told)), max(self.numbers))) - set(self.numbers) - told)

    def compare(self, ledger):
        """Sentences about what is wrong; none if each reading made arrived once, as it was made."""
        wrong = list(self.faults)
        for what, keys in (("acknowledged, but not received", ledger.kept - set(self.readings)),
                           ("made, but not received", set(ledger.made) - ledger.kept - set(self.readings)),
                           ("received, but not made", set(self.readings) - set(ledger.made))):
            if keys:
                wrong.append(f"{len(keys)} {what}: {sorted(keys)[:3]}")
        for key, found in self.readings.items():
            if ledger.made.get(key, found) != found:
                wrong.append(f"{key}: made {ledger.made[key]}, received {found}")
        return wrong

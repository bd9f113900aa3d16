"""Weeks without an uplink on a small quota: the oldest readings are thinned, and what the reference consumer gets
accounts for every reading that was acknowledged."""
import json
import random
import sqlite3

import cbor2
from test_consumer import Consumer

from harness.broker import Broker
from harness.coap_load import POST, Load, request
from harness.gateway import Wakegate
from harness.process import wait_until

QUOTA = 1 << 20
IN_REPORT = 50
REPORTS = 150  # at once: a few hundredths of the quota
ENOUGH = 100_000  # readings thinned


def look(gateway, sql):
    database = sqlite3.connect(f"file:{gateway.data}/telemetry.db?mode=ro", uri=True, timeout=60)
    try:
        return database.execute(sql).fetchone()[0]
    finally:
        database.close()


def used_bytes(gateway):
    """Pages of telemetry.db that hold something."""
    pages = look(gateway, "PRAGMA page_count") - look(gateway, "PRAGMA freelist_count")
    return pages * look(gateway, "PRAGMA page_size")


class Site:
    """Ten nodes that measure, and what was acknowledged to them."""

    def __init__(self, gateway):
        self.chance = random.Random(1)
        self.load = Load(gateway.coap_port, window=32)
        self.sent = 0

    def report(self):
        self.sent += 1
        pack = [{0: "t", 2: cbor2.CBORTag(4, [-3, self.chance.randrange(1 << 20)])} for _ in range(IN_REPORT)]
        return request(POST, "t", self.sent, f"ep=node-{self.sent % 10}", 112, payload=cbor2.dumps(pack))

    def measure(self):
        self.load.run(self.report() for _ in range(REPORTS))

    def kept(self):
        return IN_REPORT * sum(code == "2.04" for code in self.load.answers.values())


def account(lines):
    """Raw readings, readings that windows stand for, and the numbers that came or are told as lost."""
    rows = [line for line in lines if "gap" not in line]
    raw = sum(row["name"] == "t" for row in rows)
    windows = sum(int(row["value"]) for row in rows if row["name"] == "t/count")
    numbers = [row["sequence"] for row in rows]
    assert len(numbers) == len(set(numbers))
    told = set()
    for gap in {json.dumps(line["gap"], sort_keys=True): line["gap"] for line in lines if "gap" in line}.values():
        assert gap["reason"] == "thinned"
        told.update(range(int(gap["first"]), int(gap["last"]) + 1))
    assert not told & set(numbers)
    return raw, windows, set(numbers) | told


def test_what_the_consumer_gets_accounts_for_every_acknowledged_reading(tmp_path):
    broker = Broker(tmp_path)
    gateway = Wakegate(tmp_path, broker.port, telemetry={
        "quota": "1 MB", "thin_window": "1 s", "commit_delay": "20 ms", "backlog_rate": 0, "format": "cbor"}).start()
    site, consumer = Site(gateway), None
    try:
        while gateway.ask("status")["thinning"]["readings"] < ENOUGH:
            site.measure()
            wait_until("there is room", lambda: used_bytes(gateway) < QUOTA * 4 // 5, 120, 0.2)
        assert " thinned to " in gateway.cli("status").stdout
        gateway.kill()
        end = look(gateway, "SELECT MAX(first + count) FROM segment")
        broker.start()
        consumer = Consumer(tmp_path, broker.port)
        wait_until("the consumer listens", lambda: "telemetry/+" in broker.process.output(), 60)
        gateway.start()
        wait_until("all is upstream", lambda: account(consumer.lines())[2] >= set(range(1, end)), 180, 1)
        raw, windows, _ = account(consumer.lines())
        assert set(site.load.codes) == {"2.04"}
        assert windows > ENOUGH // 2
        assert raw + windows == site.kept()
    finally:
        for part in (consumer and consumer.process, gateway, broker):
            if part:
                part.stop()

"""Zigbee reports while the store has no room for them: they wait in the driver, and come with the time they were made."""
import os
import time

import cbor2
import pytest

from harness.coap_load import POST, Load, request
from harness.process import wait_until
from harness.zigbee_site import PATIENCE, PLUG, ZigbeeSite, eui64

# With the disk alone to acknowledge: a broker that is late with a report which then has no room makes it come twice.
FULL = {"quota": "1 MB", "when_full": "refuse", "retry_after": "2 s", "backlog_rate": 0, "acknowledge": "disk"}
FILLERS = 5000  # of about 900 bytes that do not compress: more than the quota
WAIT = 10  # reports at least
STICKS = {"znp": {}, "ezsp": {"zigbee": {"process": False}}}  # the driver apart, and inside


@pytest.fixture(params=STICKS)
def site(request, tmp_path):
    site = ZigbeeSite(tmp_path, request.param, [PLUG], telemetry=FULL, **STICKS[request.param]).wait_up()
    site.let_in(1)
    yield site
    site.stop()


class Filler:
    """Another node, over CoAP, with dated readings that take room."""

    def __init__(self, site):
        self.load, self.number = Load(site.gateway.coap_port, window=128), 0
        self.start_s = int(time.time()) - FILLERS

    def send(self, count):
        first, self.number = self.number, self.number + count
        self.load.run(request(POST, "t", number, "ep=filler", 112, payload=cbor2.dumps(
            [{-3: self.start_s + number, 0: "blob", 3: os.urandom(450).hex()}])) for number in range(first, self.number))

    def fill(self):
        while "5.03" not in self.load.codes:
            assert self.number < FILLERS, f"never full: {self.load.codes}"
            self.send(50)


def waiting(site):
    """How many reports wait in the driver, and how many it has lost; 0 before it told."""
    lines = dict(line.rsplit(" ", 1) for line in site.gateway.cli("metrics").stdout.splitlines() if line[0] != "#")
    return tuple(int(lines.get(f"wakegate_zigbee_unkept_{which}", 0)) for which in ("now", "lost_total"))


def test_reports_wait_for_room_and_lose_neither_themselves_nor_their_time(site):
    filler = Filler(site)
    site.broker.stop()
    filler.fill()
    sent = {}  # centidegrees -> when, in ms

    def enough_wait():
        filler.send(4)  # small reports may find some room
        sent[1000 + len(sent)] = time.time() * 1000
        site.stick.do(f"node 0 report 0x402 0 {max(sent)}")
        return waiting(site)[0] >= WAIT
    wait_until(f"{WAIT} reports wait", enough_wait, PATIENCE)
    room_ms = time.time() * 1000
    site.broker.start()

    def taken():
        return [(round(float(value) * 100), at_ms) for node, at_ms, name, value in
                list(site.subscriber.upstream.numbers.values()) if (node, name) == (eui64(0), "temperature")]
    wait_until("all of them are upstream", lambda: sent.keys() <= dict(taken()).keys(), PATIENCE)
    wait_until("nothing waits", lambda: waiting(site) == (0, 0), PATIENCE)
    made = [(value, at_ms) for value, at_ms in taken() if value in sent]
    assert sorted(value for value, _ in made) == sorted(sent), "each came once"
    assert all(at_ms >= int(sent[value]) - 1 for value, at_ms in made)
    assert sum(at_ms < room_ms for _, at_ms in made) >= WAIT

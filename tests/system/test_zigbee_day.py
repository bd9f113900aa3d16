"""Days of a Zigbee network, in time that runs faster: nodes that report, sleep and are updated, a driver and a gateway
that are killed amid them."""
import hashlib
import os
import random
import signal
import time

import pytest

from harness.find import long_run, scaled
from harness.process import wait_until
from harness.zigbee_image import image
from harness.zigbee_site import HARDWARE, PATIENCE, ZigbeeSite

SPEED = 40 if long_run() else 20
NODES = 50 if long_run() else 8
DAY_S = 24 * 3600 if long_run() else 120
KILLS = scaled("KILLS", 2)
GATEWAY_EVERY = 10 if long_run() else 2  # it is killed too each time that the driver was killed so often
IMAGES = 20 if long_run() else 1  # one after the other, as soon as all nodes have the former and its hours have come
IMAGE_SIZE = 12000 if long_run() else 3000
SENSORS = ["temperature", "humidity", "battery"]
# Small blocks and a long think, so that there is often one under way when something is killed.
OTA = {"reboot_ms": 500, "query_ms": 600000 if long_run() else 60000, "block": 16}
PLUG = {"model": "sim.plug", "router": True, "sensors": ["temperature", "power", "energy"], "wander_ms": 60000,
        "think_ms": 50, "ota": OTA}
LEAF = {"model": "sim.leaf", "sleepy": True, "poll_ms": 5000, "fast_poll_ms": 250, "sensors": SENSORS,
        "wander_ms": 60000, "parent": 0, "ota": OTA}


@pytest.fixture
def site(tmp_path):
    nodes = [{**PLUG, "count": NODES - NODES // 2}, {**LEAF, "count": NODES // 2}]
    # Its pauses last as long as those of a day that takes a day.
    drivers = {"restart_after": "100 ms", "restart_most": "2 s"}
    site = ZigbeeSite(tmp_path, "znp", nodes, drivers=drivers, speed=SPEED, loss=20).wait_up()
    yield site
    site.stop()


class Day:
    """What happens in it, by the stick's clock, and what came of it."""

    def __init__(self, site, chance):
        self.site = site
        self.kills = sorted(chance.uniform(0, DAY_S) for _ in range(KILLS))
        self.killed = self.gateways_killed = self.amid_transfers = self.ordered = self.delivered = 0
        self.digest = None
        self.unheard = 0  # reports that the stick got while there was no driver
        self.first = site.stick.truth()
        self.readings_before = len(site.subscriber.upstream.numbers)

    def reports(self):
        return sum(node["reports_delivered"] for node in self.site.stick.truth()["nodes"])

    def kill(self):
        site, before = self.site, self.reports()
        former = wait_until("the driver has a process", site.driver_pid, PATIENCE)
        nodes = site.stick.truth()["nodes"]
        self.amid_transfers += any(0 < node["ota"]["offset"] < node["ota"]["size"] for node in nodes)
        os.kill(former, signal.SIGKILL)
        self.killed += 1
        if self.killed % GATEWAY_EVERY == 0:
            site.gateway.kill()
            site.gateway.start()
            self.gateways_killed += 1
        wait_until("another driver runs", lambda: site.driver_pid() not in (None, former), PATIENCE)
        site.wait_up()
        self.unheard += self.reports() - before

    def order(self):
        firmware = image(IMAGE_SIZE, version=0x20 + self.ordered)
        self.digest = hashlib.sha256(firmware).hexdigest()
        self.site.add_image(firmware, f"{self.ordered}.ota")
        self.site.gateway.order(self.digest, HARDWARE)
        self.ordered += 1

    def is_everywhere(self, truth):
        return all(node["ota"]["sha256"] == self.digest for node in truth["nodes"])

    def live(self):
        while True:
            truth = self.site.stick.truth()
            now_s = truth["now_s"] - self.first["now_s"]
            if self.digest and self.is_everywhere(truth):
                self.delivered, self.digest = self.delivered + NODES, None
            if not self.digest and self.ordered < IMAGES and now_s >= self.ordered * DAY_S / IMAGES:
                self.order()
            elif self.killed < KILLS and now_s >= self.kills[self.killed]:
                self.kill()
            elif now_s >= DAY_S and not self.digest and self.ordered == IMAGES:
                return
            assert now_s < 2 * DAY_S + 4 * PATIENCE * SPEED, f"image {self.ordered} is not everywhere: {truth}"
            time.sleep(0.1)

    def tell(self):
        """What is counted; reports that were sent, and those of them that are upstream."""
        last = self.site.stick.truth()
        grown = {name: sum(node[name] for node in last["nodes"]) - sum(node[name] for node in self.first["nodes"])
                 for name in ("reports_sent", "reports_delivered")}
        readings = len(self.site.subscriber.upstream.numbers) - self.readings_before
        print(f"{(last['now_s'] - self.first['now_s']) / 3600:.2f} simulated hours at speed {SPEED}, {NODES} nodes")
        print(f"{self.killed} kills of the driver, {self.amid_transfers} of them amid transfers, "
              f"{self.gateways_killed} of the gateway too")
        print(f"{grown['reports_sent']} reports sent, {grown['reports_delivered']} reached the stick, {self.unheard} of "
              f"them while no driver ran; {readings} readings upstream")
        print(f"{self.ordered} images ordered, {self.delivered} delivered;",
              ", ".join(f"{sum(node['ota'][name] for node in last['nodes'])} {name}"
                        for name in ("blocks", "repeats", "waits", "given_up")))
        print(f"{last['frames']} frames in the air, {last['lost']} lost, {last['refused']} refused; the stick was full "
              f"{last['stick_full']} times")
    def heard(self):
        """Whether what was lost was lost while no driver ran, or was in one that was killed: five reports each time, or
        a hundredth of all."""
        reports = self.reports() - sum(node["reports_delivered"] for node in self.first["nodes"])
        readings = len(self.site.subscriber.upstream.numbers) - self.readings_before
        return readings >= reports - self.unheard - max(5 * self.killed, reports // 100)


@pytest.mark.timeout(4 * 3600 if long_run() else 600)
def test_nodes_report_and_are_updated_whatever_is_killed(site):
    seed = scaled("SEED", 1)
    print(f"seed {seed}")

    def joined():
        site.permit()
        return site.interviewed(NODES)
    wait_until("all nodes are interviewed", joined, 3 * PATIENCE, step=2)
    day = Day(site, random.Random(seed))
    day.live()
    day.tell()
    assert (day.killed, day.delivered) == (KILLS, IMAGES * NODES)
    wait_until("what the driver heard is upstream", day.heard, PATIENCE, step=1)
    # None was lost, and what is measured still comes through.
    assert len(site.nodes()) == NODES
    for number in range(NODES):
        wait_until("it is confirmed", lambda: site.show(number).get("version") == f"0x{0x1f + IMAGES:08x}", 4 * PATIENCE)
        site.stick.do(f"node {number} report 0x402 0 {100 * (10 + number)}")
        wait_until("a report is upstream", lambda: 10 + number in site.taken(number, "temperature"), PATIENCE)
    wait_until("all numbers came", lambda: site.subscriber.upstream.missing() == 0, PATIENCE)
    faults = [fault for fault in site.subscriber.upstream.faults if not fault.startswith("under two numbers")]
    assert not faults

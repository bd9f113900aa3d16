"""Days of a Zigbee network, in time that runs faster: nodes that report and sleep, a gateway and its driver that are
killed amid them."""
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

SPEED = 20
NODES = 50 if long_run() else 8
MINUTES = 24 * 60 if long_run() else 2
KILLS = scaled("KILLS", 2)
SENSORS = ["temperature", "humidity", "battery"]
# Small blocks and a long think, so that there is always one under way when the gateway is killed.
OTA = {"reboot_ms": 500, "query_ms": 600000 if long_run() else 60000, "block": 16}
PLUG = {"model": "sim.plug", "router": True, "sensors": ["temperature", "power", "energy"], "wander_ms": 60000,
        "think_ms": 50, "ota": OTA}
LEAF = {"model": "sim.leaf", "sleepy": True, "poll_ms": 5000, "fast_poll_ms": 250, "sensors": SENSORS,
        "wander_ms": 60000, "parent": 0, "ota": OTA}


@pytest.fixture
def site(tmp_path):
    nodes = [{**PLUG, "count": NODES - NODES // 2}, {**LEAF, "count": NODES // 2}]
    site = ZigbeeSite(tmp_path, "znp", nodes, speed=SPEED, loss=20).wait_up()
    yield site
    site.stop()


def kill_gateway(site):
    site.gateway.kill()
    site.gateway.start()


def kill_driver(site):
    wait_until("the driver has a process", site.driver_pid, PATIENCE)
    os.kill(site.driver_pid(), signal.SIGKILL)


def test_nodes_report_and_are_updated_whatever_is_killed(site):
    seed = scaled("SEED", 1)
    chance = random.Random(seed)
    print(f"seed {seed}, {NODES} nodes, {MINUTES} min, {KILLS} kills")

    def joined():
        site.zigbee("permit", "180")
        return site.interviewed(NODES)
    wait_until("all nodes are interviewed", joined, 3 * PATIENCE, step=2)
    firmware = image(3000)
    site.add_image(firmware)
    site.gateway.order(hashlib.sha256(firmware).hexdigest(), HARDWARE)

    began = site.stick.truth()["now_s"]
    moments = sorted(chance.uniform(0, MINUTES * 60) for _ in range(KILLS))
    for number, moment in enumerate(moments):
        while site.stick.truth()["now_s"] - began < moment:
            time.sleep(0.1)
        kill_driver(site) if number % 2 else kill_gateway(site)
    site.wait_up()
    for number in range(NODES):
        node = site.stick.wait_for_node(number, lambda node: node["ota"]["sha256"], "is updated", 4 * PATIENCE)
        assert node["ota"]["sha256"] == hashlib.sha256(firmware).hexdigest()
    # None was lost, and what is measured still comes through.
    assert len(site.nodes()) == NODES
    for number in range(NODES):
        site.stick.do(f"node {number} report 0x402 0 {100 * (10 + number)}")
        wait_until("a report is upstream", lambda: 10 + number in site.taken(number, "temperature"), PATIENCE)

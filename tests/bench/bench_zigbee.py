#!/usr/bin/env python3
"""zigbee: firmware for nodes of one simulated stick, by the gateway, by zigbee-herdsman, and by what its air allows;
and what the driver weighs.

Times are those of the simulated air, from a node's first request to its last block. WAKEGATE_ZIGBEE_BYTES is the size
of the image, 277180 in the standard run; twenty nodes get a tenth of it each. Over EZSP, which is there to be compared
with the air alone, one node gets a quarter, twenty nodes a twentieth. The twenty are served with the settings that a
user meets, and report what they measure meanwhile.
"""
import hashlib
import os
import pathlib
import tempfile
import time

from harness.figure import figure
from harness.process import memory_mb, wait_until
from harness.simncp import SimNcp
from harness.zigbee_host import herdsman
from harness.zigbee_image import image
from harness.zigbee_site import HARDWARE, ZigbeeSite

BYTES = int(os.environ.get("WAKEGATE_ZIGBEE_BYTES", 277180))
SPEED = float(os.environ.get("WAKEGATE_ZIGBEE_SPEED", 1))
MANY = 20
CROWD = 200  # nodes of the network whose driver is weighed
LONG = 1800
OTA = {"verify_ms": 100, "reboot_ms": 500}
NODE = {"router": True, "sensors": ["temperature"]}
PAGE = {"page": 1024, "page_spacing_ms": 5}
REPORT_EVERY_S = 0.25  # all nodes together
IN_TIME_MS = 1000
BUSY = "verifying", "ending", "countdown", "restarting"  # nodes that are about to be off for a moment


def eui64(number):
    return f"0x{0x00124B0022000001 + number:016x}"


def group(count, **ota):
    return [{**NODE, "count": count, "ota": {**OTA, **ota}}]


class Reports:
    """What nodes report by turns, and when it is with the gateway: by the wall clock, which both of them share, so it
    is for an air that runs as fast as the machine's time."""

    def __init__(self, site):
        self.site = site
        self.sent = []  # (node, centidegrees, when in ms)

    def send(self, nodes):
        """One, of a node that is not about to restart; then a pause."""
        able = [node for node in nodes if node["ota"]["state"] not in BUSY]
        if able:
            node, centidegrees = able[len(self.sent) % len(able)], 1000 + len(self.sent)
            self.sent.append((node["eui64"], centidegrees, time.time() * 1000))
            self.site.stick.do(f"node {node['number']} report 0x402 0 {centidegrees}")
        time.sleep(REPORT_EVERY_S)

    def delays_ms(self):
        """Of those that arrived, from the node's sending to when the gateway had the reading."""
        taken = {(node, round(float(value) * 100)): at_ms
                 for node, at_ms, name, value in self.site.subscriber.upstream.numbers.values() if name == "temperature"}
        return [taken[node, value] - sent_ms for node, value, sent_ms in self.sent if (node, value) in taken]

    def in_time(self):
        """Percent of all that were sent."""
        deadline = time.monotonic() + 30  # for the last ones to come upstream; the lost ones do not
        while len(self.delays_ms()) < len(self.sent) and time.monotonic() < deadline:
            time.sleep(0.5)
        return 100 * sum(delay <= IN_TIME_MS for delay in self.delays_ms()) / len(self.sent)


def measured(stick, firmware, meanwhile=lambda nodes: time.sleep(0.05)):
    """Seconds of the air from the first node's first block to the last one's last, once all run the image."""
    digest = hashlib.sha256(firmware).hexdigest()
    deadline = time.monotonic() + LONG
    while True:
        nodes = stick.truth()["nodes"]
        if all(node["ota"]["sha256"] == digest for node in nodes):
            break
        assert time.monotonic() < deadline, f"not updated within {LONG} s: {nodes}"
        meanwhile(nodes)
    return max(node["ota"]["ended_s"] for node in nodes) - min(node["ota"]["began_s"] for node in nodes)


def by_the_air(folder, count, firmware, **ota):
    folder.mkdir()
    (folder / "image.ota").write_bytes(firmware)
    nodes = [{**entry, "joined": True} for entry in group(count, query_ms=1000, **ota)]
    stick = SimNcp(folder, nodes, "ideal", link=False, speed=20, image=folder / "image.ota").start()
    try:
        return measured(stick, firmware)
    finally:
        stick.kill()


def by_herdsman(folder, firmware, **ota):
    """Its best setting: no delay, and blocks as large as the node asks for."""
    folder.mkdir()
    (folder / "image.ota").write_bytes(firmware)
    stick = SimNcp(folder, group(1, **ota), "znp", speed=SPEED).start()
    host = herdsman(folder / "herdsman", stick.path, "znp", "64")
    try:
        host.start()
        host.ask("permit", seconds=250)
        host.wait("interviewed", 300)
        host.ask("update", LONG, eui64=eui64(0), file=str(folder / "image.ota"))
        return measured(stick, firmware)
    finally:
        host.kill()
        stick.kill()


def by_wakegate(folder, count, firmware, front="znp", **ota):
    """What measured() tells, and percent of reports that were in time."""
    folder.mkdir()
    site = ZigbeeSite(folder, front, group(count, **ota), speed=SPEED).wait_up()
    try:
        site.zigbee("permit", "180")
        wait_until("all nodes are interviewed", lambda: site.interviewed(count), LONG)
        site.zigbee("permit", "0")
        site.add_image(firmware)
        site.gateway.order(hashlib.sha256(firmware).hexdigest(), HARDWARE)
        if count == 1:
            return measured(site.stick, firmware), None
        reports = Reports(site)
        return measured(site.stick, firmware, reports.send), reports.in_time()
    finally:
        site.stop()


def megabytes_of_the_driver(folder):
    """Resident memory of the driver's own process, with a network of many nodes that it has asked all it wants."""
    folder.mkdir()
    site = ZigbeeSite(folder, "znp", group(CROWD), speed=20).wait_up()
    try:
        def joined():
            site.zigbee("permit", "180")
            return site.interviewed(CROWD)
        wait_until("all nodes are interviewed", joined, LONG, step=2)
        return memory_mb(site.driver_pid(), "VmRSS")
    finally:
        site.stop()


def one_node(folder):
    """By blocks and by pages, beside the same node served by herdsman and by nobody but the air."""
    firmware = image(BYTES)
    air = by_the_air(folder / "air", 1, firmware)
    peer = by_herdsman(folder / "peer", firmware)
    ours, _ = by_wakegate(folder / "ours", 1, firmware)
    paged_air = by_the_air(folder / "paged-air", 1, firmware, **PAGE)
    paged, _ = by_wakegate(folder / "paged", 1, firmware, **PAGE)
    figure("zigbee.air_one_node", BYTES / air, "B/s")
    figure("zigbee.herdsman_one_node", BYTES / peer, "B/s")
    figure("zigbee.wakegate_one_node", BYTES / ours, "B/s")
    figure("zigbee.one_node_of_herdsman", peer / ours, "x", ">=1")
    figure("zigbee.one_node_of_air", 100 * air / ours, "%", ">=90")
    figure("zigbee.air_pages", BYTES / paged_air, "B/s")
    figure("zigbee.wakegate_pages", BYTES / paged, "B/s")
    figure("zigbee.pages_of_herdsman_blocks", peer / paged, "x", ">=1.5")


def one_node_over_ezsp(folder):
    firmware = image(BYTES // 4)
    air = by_the_air(folder / "ezsp-air", 1, firmware)
    ours, _ = by_wakegate(folder / "ezsp", 1, firmware, "ezsp")
    figure("zigbee.ezsp_one_node_of_air", 100 * air / ours, "%", ">=90")


def many_nodes(folder, front, prefix, size):
    firmware, name = image(size), f"many-{front}"
    air = by_the_air(folder / f"{name}-air", MANY, firmware)
    took, in_time = by_wakegate(folder / name, MANY, firmware, front)
    figure(f"zigbee.{prefix}twenty_nodes_of_air", 100 * air / took, "%", ">=85")
    figure(f"zigbee.{prefix}reports_in_1_s_meanwhile", in_time, "%", ">=95")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        one_node(folder)
        many_nodes(folder, "znp", "", BYTES // 10)
        one_node_over_ezsp(folder)
        many_nodes(folder, "ezsp", "ezsp_", BYTES // 20)
        figure("zigbee.driver_process_with_200_nodes", megabytes_of_the_driver(folder / "crowd"), "MB", "<=6")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""zigbee: firmware for nodes of one simulated stick, by the gateway, by zigbee-herdsman, and by what its air allows;
and what the driver weighs.

Times are those of the simulated air, from a node's first request to its last block. WAKEGATE_ZIGBEE_BYTES is the size
of the image, 277180 in the standard run.
"""
import hashlib
import os
import pathlib
import tempfile

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
BYTES_OF_MANY = BYTES // 10


def eui64(number):
    return f"0x{0x00124B0022000001 + number:016x}"


def group(count, **ota):
    return [{**NODE, "count": count, "ota": {**OTA, **ota}}]


def measured(stick, count, firmware):
    """Seconds of the air from the first node's first block to the last one's last, once all run the image."""
    digest = hashlib.sha256(firmware).hexdigest()
    nodes = [stick.wait_for_node(number, lambda node: node["ota"]["sha256"] == digest, "is updated", LONG)["ota"]
             for number in range(count)]
    return max(node["ended_s"] for node in nodes) - min(node["began_s"] for node in nodes)


def by_the_air(folder, count, firmware, **ota):
    folder.mkdir()
    (folder / "image.ota").write_bytes(firmware)
    nodes = [{**entry, "joined": True} for entry in group(count, query_ms=1000, **ota)]
    stick = SimNcp(folder, nodes, "ideal", link=False, speed=20, image=folder / "image.ota").start()
    try:
        return measured(stick, count, firmware)
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
        return measured(stick, 1, firmware)
    finally:
        host.kill()
        stick.kill()


def by_wakegate(folder, count, firmware, **ota):
    folder.mkdir()
    site = ZigbeeSite(folder, "znp", group(count, **ota), speed=SPEED, zigbee={"transfers": count}).wait_up()
    try:
        site.zigbee("permit", "180")
        wait_until("all nodes are interviewed", lambda: site.interviewed(count), LONG)
        site.add_image(firmware)
        site.gateway.order(hashlib.sha256(firmware).hexdigest(), HARDWARE)
        return measured(site.stick, count, firmware)
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


def main():
    firmware, smaller = image(BYTES), image(BYTES_OF_MANY)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        air = by_the_air(folder / "air", 1, firmware)
        peer = by_herdsman(folder / "peer", firmware)
        ours = by_wakegate(folder / "ours", 1, firmware)
        paged_air = by_the_air(folder / "paged-air", 1, firmware, **PAGE)
        paged = by_wakegate(folder / "paged", 1, firmware, **PAGE)
        many_air = by_the_air(folder / "many-air", MANY, smaller)
        many = by_wakegate(folder / "many", MANY, smaller)
        weight = megabytes_of_the_driver(folder / "crowd")
    figure("zigbee.air_one_node", BYTES / air, "B/s")
    figure("zigbee.herdsman_one_node", BYTES / peer, "B/s")
    figure("zigbee.wakegate_one_node", BYTES / ours, "B/s")
    figure("zigbee.one_node_of_herdsman", peer / ours, "x", ">=1")
    figure("zigbee.one_node_of_air", 100 * air / ours, "%", ">=90")
    figure("zigbee.air_pages", BYTES / paged_air, "B/s")
    figure("zigbee.wakegate_pages", BYTES / paged, "B/s")
    figure("zigbee.pages_of_herdsman_blocks", peer / paged, "x", ">=1.5")
    figure("zigbee.twenty_nodes_of_air", 100 * many_air / many, "%", ">=85")
    figure("zigbee.driver_process_with_200_nodes", weight, "MB", "<=6")


if __name__ == "__main__":
    main()

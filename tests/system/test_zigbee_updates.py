"""Zigbee updates: clients with the oddities of real ones, too many at a time, and a gateway that is killed amid them."""
import hashlib
import json

from harness.hours import ALWAYS, change_hours, far_off, write_hours
from harness.process import wait_until
from harness.zigbee_image import image
from harness.zigbee_site import PLUG, SLEEPER, ZigbeeSite

USUAL, LEGRAND, TELINK = 0x1286, 0x1021, 0x1141
SIZE = 4000
PATIENCE = 240
PATIENT = {"tries": 100000}  # however long the gateway takes
# Each asks by itself twice a second of the air's time, so that they meet.
ODD = [PLUG | {"manufacturer": manufacturer, "ota": ota | PATIENT | {"query_ms": 500}} for manufacturer, ota in [
    (USUAL, {"page": 500, "page_spacing_ms": 5}),
    (USUAL, {"omits_period": True}),
    (USUAL, {"sends_period": True, "counts_seconds": True}),
    (USUAL, {"sends_eui64": True}),
    (USUAL, {"knows_no_wait": True}),
    (LEGRAND, {"own_block": True, "block": 62}),
    (TELINK, {"needs_sixteenths": True, "block": 63}),
]] + [PLUG | {"parent": 0, "ota": PATIENT | {"page": SIZE, "page_spacing_ms": 5, "query_ms": 500}},
      SLEEPER | {"ota": PATIENT}]


def start(folder, nodes, **zigbee):
    # The gateway holds the port itself, so that it is free as soon as the gateway is killed.
    site = ZigbeeSite(folder, "znp", nodes, zigbee={"process": False} | zigbee).wait_up()
    site.let_in(len(nodes))
    return site


def order(site, manufacturers, size=SIZE):
    """Orders an image for each; manufacturer -> the image's SHA-256."""
    digests = {}
    for manufacturer in manufacturers:
        firmware = image(size, manufacturer=manufacturer)
        site.add_image(firmware, f"{manufacturer:x}.ota")
        digests[manufacturer] = hashlib.sha256(firmware).hexdigest()
    for manufacturer, digest in digests.items():
        site.gateway.order(digest, f"{manufacturer:04x}-0203")
    return digests


def wait_for_update(site, number, digest):
    node = site.stick.wait_for_node(number, lambda node: node["ota"]["sha256"] == digest, "is updated", PATIENCE)
    wait_until("it is confirmed", lambda: site.show(number).get("version") == "0x00000020", PATIENCE)
    return node["ota"]


def test_odd_clients_get_their_images_though_they_come_at_once(tmp_path):
    site = start(tmp_path, ODD, transfers=1)
    try:
        digests = order(site, {USUAL, LEGRAND, TELINK})
        ends = [wait_for_update(site, number, digests[node.get("manufacturer", USUAL)]) for number, node in enumerate(ODD)]
        assert sum(end["waits"] for end in ends) > 0
        assert ends[0]["pages"] > 0 and ends[-2]["pages"] > 0
    finally:
        site.stop()


def test_a_killed_gateway_costs_the_blocks_under_way(tmp_path):
    site = start(tmp_path, [PLUG | {"ota": PATIENT}, SLEEPER | {"ota": PATIENT}])
    try:
        size = 12000
        digests = order(site, {USUAL}, size)
        for part in range(1, 4):
            site.stick.wait_for_node(0, lambda node: node["ota"]["offset"] >= part * size // 5 or node["ota"]["sha256"],
                                     f"has {part} fifths", PATIENCE)
            site.gateway.kill()
            site.gateway.start()
        for number in range(2):
            end = wait_for_update(site, number, digests[USUAL])
            # Nothing is fetched twice but what was under way: a block for each kill, or two.
            assert size // 64 <= end["blocks"] <= size // 64 + 1 + 3 * 2, json.dumps(end)
    finally:
        site.stop()


def test_an_image_is_held_until_its_window_and_then_released(tmp_path):
    write_hours(tmp_path, ALWAYS, apply_window=far_off())
    nodes = [PLUG | {"ota": PATIENT}, SLEEPER | {"ota": PATIENT}]
    site = start(tmp_path, nodes)
    try:
        digests = order(site, {USUAL})
        for number in range(len(nodes)):
            # "Holding" is what 0xffffffff leads to, and nothing else.
            site.stick.wait_for_node(number, lambda node: node["ota"]["state"] == "holding", "holds it", PATIENCE)
        wait_until("all have it", lambda: [update["state"] for update in site.gateway.ask(
            "update", "list")["updates"]] == ["downloaded"] * len(nodes), PATIENCE)
        ends = [site.stick.node(number)["ota"]["ends"] for number in range(len(nodes))]
        change_hours(site.gateway, ALWAYS)

        def is_updated():
            site.stick.do(f"node {number} report 0x402 0 2150")  # a sleeper is told when it is heard
            return site.stick.node(number)["ota"]["sha256"] == digests[USUAL]
        for number in range(len(nodes)):
            wait_until("it is released", is_updated, PATIENCE, step=1)
            # It did not ask: the word came unasked.
            assert wait_for_update(site, number, digests[USUAL])["ends"] == ends[number]
    finally:
        site.stop()

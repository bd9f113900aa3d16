"""A Zigbee network as a whole: the gateway on a simulated stick that other hosts accept as one, form to firmware."""
import hashlib

import pytest

from harness.process import wait_until
from harness.zigbee_image import image
from harness.zigbee_site import HARDWARE, PATIENCE, PLUG, SLEEPER, ZigbeeSite, eui64

# The driver runs apart, as is usual, and inside the gateway.
STICKS = {"znp": ("znp", {}), "ezsp": ("ezsp", {"zigbee": {"process": False}})}
LONG = 240


@pytest.fixture(params=STICKS)
def site(request, tmp_path):
    front, options = STICKS[request.param]
    site = ZigbeeSite(tmp_path, front, [PLUG, SLEEPER], **options).wait_up()
    site.let_in(2)
    yield site
    site.stop()


def test_nodes_join_report_and_are_updated(site):
    nodes = site.nodes()
    assert {(node["model"], node["kind"]) for node in nodes.values()} == {("sim.plug", "router"), ("sim.leaf", "sleeper")}
    assert {"temperature", "power", "energy"} <= set(nodes[eui64(0)]["measures"])

    # A report that the node makes by itself, and one through its parent.
    for number in range(2):
        site.stick.do(f"node {number} report 0x402 0 2150")
        wait_until("21.50 °C is upstream", lambda: 21.5 in site.taken(number, "temperature"), PATIENCE)

    firmware = image(2000)
    site.add_image(firmware)
    site.gateway.order(hashlib.sha256(firmware).hexdigest(), HARDWARE)
    for number in range(2):
        node = site.stick.wait_for_node(number, lambda node: node["ota"]["sha256"], "is updated", LONG)
        assert node["ota"]["sha256"] == hashlib.sha256(firmware).hexdigest()
        wait_until("it is confirmed", lambda: site.show(number).get("version") == "0x00000020", LONG)


def test_a_transfer_goes_on_after_a_kill_and_without_the_stick_for_a_while(tmp_path):
    firmware = image(30000)
    site = ZigbeeSite(tmp_path, "znp", [PLUG], speed=3).wait_up()
    site.let_in(1)
    site.add_image(firmware)
    site.gateway.order(hashlib.sha256(firmware).hexdigest(), HARDWARE)
    site.stick.wait_for_node(0, lambda node: node["ota"]["offset"] > 3000, "has a part", LONG)
    site.gateway.kill()
    had = site.stick.node(0)["ota"]["offset"]
    site.gateway.start()
    site.wait_up()
    # It is known without an interview, and goes on where it was.
    assert site.interviewed(1)
    site.stick.wait_for_node(0, lambda node: node["ota"]["offset"] > had + 3000, "goes on", LONG)
    site.stick.do("unplug")
    wait_until("that is told", lambda: site.zigbee("status")["state"] == "waiting", PATIENCE)
    site.stick.say("plug")
    site.stick.wait("ready")
    site.wait_up()
    node = site.stick.wait_for_node(0, lambda node: node["ota"]["sha256"], "is updated", LONG)
    assert node["ota"]["sha256"] == hashlib.sha256(firmware).hexdigest()
    assert node["ota"]["queries"] <= 3
    site.stick.do("node 0 report 0x402 0 2150")
    wait_until("21.50 °C is upstream", lambda: 21.5 in site.taken(0, "temperature"), PATIENCE)
    site.stop()

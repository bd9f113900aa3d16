"""A Zigbee network as a whole: the gateway on a simulated stick that other hosts accept as one, form to firmware."""
import hashlib
import json
import os
import signal
import time

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


@pytest.fixture(params=["znp", "ezsp-13", "ezsp-16"])
def lone_plug(request, tmp_path):
    front, _, protocol = request.param.partition("-")
    # A node that gave up its transfer asks again after a while, as real ones do.
    site = ZigbeeSite(tmp_path, front, [PLUG | {"ota": {"query_ms": 20000}}], speed=3, protocol=protocol or 0).wait_up()
    yield site
    site.stop()


def has(offset):
    """Of a node: it has so much of its image, or all of it."""
    return lambda node: node["ota"]["offset"] > offset or node["ota"]["sha256"]


def kill_gateway(site):
    site.gateway.kill()
    site.gateway.start()


def kill_driver(site):
    former = site.driver_pid()
    os.kill(former, signal.SIGKILL)
    wait_until("another driver runs", lambda: site.driver_pid() not in (None, former), PATIENCE)


@pytest.mark.parametrize("lone_plug, kill", [
    ("znp", kill_gateway), ("znp", kill_driver), ("ezsp-13", kill_gateway), ("ezsp-16", kill_driver)],
    indirect=["lone_plug"])
def test_a_transfer_goes_on_after_a_kill_and_without_the_stick_for_a_while(lone_plug, kill):
    firmware, site = image(20000), lone_plug
    site.let_in(1)
    site.add_image(firmware)
    site.gateway.order(hashlib.sha256(firmware).hexdigest(), HARDWARE)
    site.stick.wait_for_node(0, has(3000), "has a part", LONG)
    kill(site)
    had = site.stick.node(0)["ota"]["offset"]
    site.wait_up()
    assert site.interviewed(1)  # it is known without another interview
    site.stick.wait_for_node(0, has(had + 3000), "goes on", LONG)
    site.stick.do("unplug")
    wait_until("that is told", lambda: site.zigbee("status")["state"] == "waiting", PATIENCE)
    site.stick.say("plug")
    site.stick.wait("ready")
    site.wait_up()
    node = site.stick.wait_for_node(0, lambda node: node["ota"]["sha256"], "is updated", LONG)
    assert node["ota"]["sha256"] == hashlib.sha256(firmware).hexdigest()
    site.stick.do("node 0 report 0x402 0 2150")
    wait_until("21.50 °C is upstream", lambda: 21.5 in site.taken(0, "temperature"), PATIENCE)


def counter(site, name):
    drivers = site.gateway.ask("driver", "list")["drivers"]
    return next(driver["counters"].get(name, 0) for driver in drivers if driver["driver"] == "zigbee")


def alerts(site):
    return {alert["kind"]: alert["text"] for alert in site.gateway.ask("alerts")["alerts"]}


@pytest.mark.parametrize("lone_plug", ["znp", "ezsp-13"], indirect=True)
def test_what_status_says_of_a_stick_is_true(lone_plug):
    site = lone_plug
    site.let_in(1)
    site.permit()
    assert site.stick.truth()["permits"] > 0
    site.stick.do("unplug")
    wait_until("that is told", lambda: site.zigbee("status")["state"] == "waiting", PATIENCE)
    status = site.zigbee("status")
    assert (status["permit_s"], status["nodes"], status["nodes_up"], status["falls"]) == (0, 1, 0, 1)
    assert "is gone" in status["fall"] or "there is no" in status["fall"]
    assert site.nodes()[eui64(0)]["state"] == "unheard"
    refused = site.gateway.cli("zigbee", "permit", "60", check=False)
    assert refused.returncode != 0 and "may join" not in refused.stdout
    site.stick.say("plug")
    site.stick.wait("ready")
    site.wait_up()
    # What was ordered holds again, as the stick says too.
    wait_until("nodes may join again", lambda: site.zigbee("status")["permit_s"] > 0, PATIENCE)
    assert site.stick.truth()["permits"] > 0


@pytest.mark.parametrize("lone_plug", ["znp", "ezsp-13"], indirect=True)
def test_a_stick_that_resets_again_and_again_is_told_of(lone_plug):
    site = lone_plug
    site.stick.do("misbehave restless 1000000")
    site.stick.do("misbehave reset 1")
    wait_until("an alert says so", lambda: "again and again" in alerts(site).get("driver.failing", ""), PATIENCE)
    assert site.zigbee("status")["falls"] >= 3
    site.stick.do("misbehave restless 0")
    site.wait_up()


def test_a_stick_that_does_not_answer_lets_nobody_join(tmp_path):
    site = ZigbeeSite(tmp_path, "znp", [PLUG]).wait_up()
    try:
        site.stick.do("misbehave mute 1")
        refused = site.gateway.cli("zigbee", "permit", "60", check=False)
        assert refused.returncode != 0
        assert "the stick was asked to let nodes join, but it did not answer" in refused.stderr
        assert site.zigbee("status")["permit_s"] == 0
    finally:
        site.stop()


@pytest.mark.parametrize("front", ["znp", "ezsp"])
def test_the_kind_of_stick_is_found(tmp_path, front):
    site = ZigbeeSite(tmp_path, front, [PLUG], zigbee={"stick": "auto"}).wait_up()
    try:
        assert site.zigbee("status")["stick"] == front
        site.let_in(1)
    finally:
        site.stop()


def test_a_backup_is_what_zigpy_reads_and_brings_the_network_to_another_stick(lone_plug, tmp_path):
    backups = pytest.importorskip("zigpy.backups")
    site, file = lone_plug, tmp_path / "backup.json"
    site.let_in(1)
    site.zigbee("backup", file)
    assert file.stat().st_mode & 0o777 == 0o600
    backup = backups.NetworkBackup.from_dict(json.loads(file.read_text()))
    status = site.zigbee("status")
    assert backup.is_complete()
    assert backup.network_info.channel == status["channel"]
    assert backup.network_info.pan_id == int(status["pan"], 16)
    assert {f"0x{int.from_bytes(ieee.serialize(), 'little'):016x}": nwk
            for ieee, nwk in backup.network_info.nwk_addresses.items()} == {
                node["node"]: int(node["nwk"], 16) for node in site.nodes().values()}

    # As zigpy writes it, put onto the stick after a new network took its place.
    again = tmp_path / "zigpy.json"
    again.write_text(json.dumps(backup.as_open_coordinator_json()))
    site.zigbee("form", "--yes")
    assert site.zigbee("status")["extended_pan"] != status["extended_pan"]
    restored = site.zigbee("restore", again, "--yes")
    same = ("extended_pan", "pan", "channel")
    assert [restored[name] for name in same] == [status[name] for name in same]
    assert set(site.nodes()) == {eui64(0)}


@pytest.mark.parametrize("front", ["znp", "ezsp"])
def test_a_report_that_its_node_repeats_is_taken_once(tmp_path, front):
    """No acknowledgement reaches the sleeper, so that it says all that it measures again, later than the stick knows it."""
    measured = {"temperature": (0x402, 1950, 19.5), "humidity": (0x405, 4321, 43.21), "pressure": (0x403, 1001, 100100),
                "occupancy": (0x406, 1, True), "battery": (0x001, 150, 75)}
    site = ZigbeeSite(tmp_path, front, [SLEEPER | {"sensors": list(measured), "parent": -1, "acks": True}]).wait_up()
    try:
        site.let_in(1)
        site.stick.do("fault acks 1000")
        for cluster, value, _ in measured.values():
            attribute = 0x21 if cluster == 0x001 else 0
            site.stick.do(f"node 0 report {cluster} {attribute} {value}")
        wait_until("all came again", lambda: counter(site, "repeated") >= len(measured), PATIENCE)
        site.stick.do("fault acks 0")
        # What was said last is upstream, and so is all that was said before it.
        site.stick.do("node 0 report 0x402 0 2250")
        wait_until("22.50 °C is upstream", lambda: 22.5 in site.taken(0, "temperature"), PATIENCE)
        for name, (_, _, told) in measured.items():
            assert [float(value) for value in site.taken(0, name)].count(told) == 1, name
    finally:
        site.stop()


@pytest.mark.parametrize("front, channel", [("znp", 11), ("ezsp", 15)])  # as simncp's energies are
def test_a_new_network_is_on_the_quietest_channel(tmp_path, front, channel):
    site = ZigbeeSite(tmp_path, front, [PLUG], zigbee={"channel": "scan"}).wait_up()
    try:
        assert site.zigbee("status")["channel"] == channel
        site.let_in(1)
    finally:
        site.stop()


@pytest.mark.parametrize("front", ["znp", "ezsp"])
def test_a_sleeper_that_only_polls_leaves(tmp_path, front):
    """It reports nothing, and does not hear the first word."""
    site = ZigbeeSite(tmp_path, front, [PLUG, SLEEPER | {"sensors": []}]).wait_up()
    try:
        site.let_in(2)
        site.stick.do("node 1 loss 1000")
        assert site.zigbee("remove", eui64(1), "--yes")["state"] == "leaving"
        before = site.stick.node(1)
        time.sleep(2)  # its parent holds the word for 7.68 s, of which five are one here
        site.stick.do("node 1 loss 0")
        wait_until("it has left", lambda: list(site.nodes()) == [eui64(0)], PATIENCE)
        node = site.stick.wait_for_node(1, lambda node: not node["member"], "is in the network no more")
        assert node["reports_sent"] == before["reports_sent"]
    finally:
        site.stop()


@pytest.mark.parametrize("front", ["znp", "ezsp"])
def test_a_sleeper_leaves_at_its_next_contact(tmp_path, front):
    """It is away while it is told, and the gateway is started anew before it is heard again."""
    site = ZigbeeSite(tmp_path, front, [PLUG, SLEEPER]).wait_up()
    try:
        site.let_in(2)
        site.permit(0)
        site.stick.do("node 1 off")
        assert site.zigbee("remove", eui64(1), "--yes")["state"] == "leaving"
        site.gateway.stop()
        site.gateway.start()
        site.wait_up()
        assert site.zigbee("status")["leaving"] == 1
        assert site.nodes()[eui64(1)]["state"] == "leaving"
        site.stick.do("node 1 on")
        wait_until("it has left", lambda: list(site.nodes()) == [eui64(0)], PATIENCE)
        site.stick.wait_for_node(1, lambda node: not node["member"], "is in the network no more")
    finally:
        site.stop()

"""The simulated Zigbee stick and its nodes, driven by zigbee-herdsman, unmodified: what it accepts is a stick."""
import hashlib
import subprocess

import pytest

from harness.find import peer
from harness.simncp import SimNcp
from harness.zigbee_host import herdsman
from harness.zigbee_image import image

PLUG = {"model": "sim.plug", "router": True, "sensors": ["temperature", "power", "energy"]}
SLEEPER = {"model": "sim.leaf", "sleepy": True, "poll_ms": 1000, "sensors": ["temperature", "battery"], "parent": 0}
STICKS = {"znp": ("znp", {}), "ezsp-13": ("ezsp", {"protocol": 13}), "ezsp-16": ("ezsp", {"protocol": 16})}


def eui64(number):
    return f"0x{0x00124B0022000001 + number:016x}"


@pytest.fixture(params=STICKS)
def site(request, tmp_path):
    """A stick with a router and a sleeper behind it, and herdsman as its host."""
    front, options = STICKS[request.param]
    sim = SimNcp(tmp_path, [PLUG, SLEEPER], front, speed=5, memory=tmp_path / "memory.json",
                 pcap=tmp_path / "air.pcap", **options).start()
    host = herdsman(tmp_path / "herdsman", sim.path, front)
    yield sim, host
    for program in (host, sim):
        if program.child and program.child.poll() is None:
            program.kill()


def shown(capture, what, *fields):
    """The fields of those frames of a capture that the filter `what` lets through, as tshark decodes them."""
    command = [peer("tshark"), "-r", str(capture), "-Y", what, "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    return [line.split("\t") for line in found.splitlines()]


def image_on_the_air(capture, nwk):
    """What the Image Block Responses to that node say when put together."""
    blocks = shown(capture, f"zbee_zcl_general.ota.cmd.srv_tx.id == 5 && zbee_nwk.dst == {nwk}",
                   "zbee_zcl_general.ota.file.offset", "zbee_zcl_general.ota.image.data")
    data = {int(offset, 0): bytes.fromhex(text.replace(":", "")) for offset, text in blocks}
    return b"".join(data[offset] for offset in sorted(data))


def test_herdsman_forms_interviews_hears_and_updates(site, tmp_path):
    sim, host = site
    firmware = image(2000)
    (tmp_path / "image.ota").write_bytes(firmware)
    host.start()
    host.ask("permit", seconds=250)
    found = [host.wait("interviewed") for _ in range(2)]
    assert {(line["eui64"], line["ok"], line["model"]) for line in found} == {
        (eui64(0), True, "sim.plug"), (eui64(1), True, "sim.leaf")}

    sim.do("node 1 report 0x402 0 2150")
    report = host.wait("report", eui64=eui64(1))
    assert report["data"] == {"measuredValue": 2150}

    for number in range(2):
        done = host.ask("update", eui64=eui64(number), file=str(tmp_path / "image.ota"))
        assert done["version"] == 0x20
        node = sim.wait_for_node(number, lambda node: node["ota"]["sha256"], "is updated")
        assert node["ota"]["sha256"] == hashlib.sha256(firmware).hexdigest()
    host.stop()

    # Its network is still there, and so are its nodes.
    host.start()
    assert host.ask("network")["panID"] == 0x1A62
    values = host.ask("read", eui64=eui64(0), cluster="genBasic", attributes=["modelId"])["values"]
    assert values == {"modelId": "sim.plug"}
    host.stop()
    nodes = [sim.node(number)["nwk"] for number in range(2)]
    sim.stop()

    # The air was Zigbee.
    capture = tmp_path / "air.pcap"
    assert shown(capture, "_ws.malformed", "frame.number") == []
    for nwk in nodes:
        assert image_on_the_air(capture, nwk) == firmware


def test_herdsman_bears_a_bad_line_and_notices_a_reset(tmp_path):
    """What goes wrong on the line is what ASH is for: neither end may lose or repeat anything. Only towards the host:
    herdsman 10.9.5 does not repeat a frame of its own that is lost (bellows does)."""
    sim = SimNcp(tmp_path, [PLUG], "ezsp", speed=5).start()
    host = herdsman(tmp_path / "herdsman", sim.path, "ezsp")
    for fault in ("garble 20", "lose 20", "duplicate 20"):
        sim.do(f"fault {fault}")
    try:
        host.start()
        host.ask("permit", seconds=250)
        assert host.wait("interviewed", eui64=eui64(0))["ok"]
        for value in range(2000, 2020):
            sim.do(f"node 0 report 0x402 0 {value}")
        for value in range(2000, 2020):
            assert host.wait("report")["data"] == {"measuredValue": value}
        sim.do("misbehave reset 1")
        host.wait("disconnected")
    finally:
        host.kill()
        sim.kill()

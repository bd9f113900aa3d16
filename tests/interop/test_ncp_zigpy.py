"""The simulated Zigbee stick and its nodes, driven by zigpy with zigpy-znp and with bellows, unmodified."""
import json

import pytest

from harness.simncp import SimNcp
from harness.stick import FORM, Stick, node_key
from harness.zigbee_host import zigpy

PLUG = {"model": "sim.plug", "router": True, "sensors": ["temperature", "power", "energy"]}
SLEEPER = {"model": "sim.leaf", "sleepy": True, "poll_ms": 1000, "sensors": ["temperature", "battery"], "parent": 0}
STICKS = {"znp": ("znp", {}), "znp-3.0.x": ("znp", {"no_tables": True}), "ezsp-8": ("ezsp", {"protocol": 8}), "ezsp-14": ("ezsp", {"protocol": 14})}
EUI64S = ["00:12:4b:00:22:00:00:01", "00:12:4b:00:22:00:00:02"]


@pytest.fixture(params=STICKS)
def site(request, tmp_path):
    """A stick with a router and a sleeper behind it, and zigpy as its host."""
    front, options = STICKS[request.param]
    sim = SimNcp(tmp_path, [PLUG, SLEEPER], front, speed=5, memory=tmp_path / "memory.json", **options).start()
    host = zigpy(tmp_path / "zigpy", sim.path, front)
    yield sim, host
    for program in (host, sim):
        if program.child and program.child.poll() is None:
            program.kill()


def test_zigpy_forms_interviews_and_hears(site):
    sim, host = site
    host.start()
    host.ask("permit", seconds=250)
    for eui64, model in zip(EUI64S, ("sim.plug", "sim.leaf")):
        assert host.wait("interviewed", eui64=eui64)["model"] == model

    sim.do("node 1 report 0x402 0 2150")
    assert host.wait("report", eui64=EUI64S[1], cluster=0x402, attribute=0)["value"] == 2150
    host.ask("reporting", eui64=EUI64S[0], cluster=0x402, attribute=0, least=0, most=600, change=10)
    sim.do("node 0 set 0x402 0 2075")
    assert host.wait("report", eui64=EUI64S[0], cluster=0x402, value=2075)
    network = host.ask("network")
    host.stop()

    # Its network is still there.
    host.start()
    assert host.ask("network") == network
    assert sim.truth()["pan"] == network["pan"] == 0x1234
    host.stop()
    sim.stop()


@pytest.mark.parametrize("options", [{}, {"no_tables": True}], ids=["3.x.0", "3.0.x"])
def test_zigpy_reads_the_keys_that_we_restore_and_we_read_its(tmp_path, options):
    """Those that come from the stick's seed, and those of install codes and other hosts, in both generations."""
    sim = SimNcp(tmp_path, [PLUG], "znp", speed=5, memory=tmp_path / "memory.json", **options).start()
    stick, host = Stick("znp", sim.path).start(), zigpy(tmp_path / "zigpy", sim.path, "znp")
    try:
        stick.until("empty")
        stick.ask(FORM)
        network = stick.until("up")["network"]
        keys = [node_key(network["link_key"], number, 100 * number) for number in range(3)]
        keys += [{"eui64": f"00124b00330000{number:02x}", "key": f"a0b1c2d3e4f5061728394a5b6c7d8e{number:02x}",
                  "tx": 900, "rx": 7} for number in (8, 9)]
        (tmp_path / "backup.json").write_text(json.dumps({"network": network, "keys": keys}))
        stick.ask(f"restore {tmp_path / 'backup.json'}")
        stick.until("up")
        stick.stop()

        host.start()
        found = host.ask("keys")["keys"]
        # What the old stick sent since its backup must not look like a replay.
        assert sorted(found, key=lambda key: key["eui64"]) == [key | {"tx": key["tx"] + 2500} for key in keys]
        host.ask("put_keys", keys=keys[1:4])
        host.stop()

        stick.start()
        stick.until("up")
        assert stick.backup()[1] == keys[1:4]
        stick.stop()
    finally:
        for program in (stick, host, sim):
            if program.child and program.child.poll() is None:
                program.kill()

"""Sticks, through the contract that the Zigbee driver has with them, against the simulated stick of both families."""
import asyncio
import json
import queue
import time

import pytest

from harness.simncp import SimNcp
from harness.stick import FORM, Stick, node_key

PLUG = {"model": "sim.plug", "router": True, "sensors": ["temperature"]}
LEAF = {"model": "sim.leaf", "sleepy": True, "poll_ms": 1000, "sensors": ["temperature"], "parent": 0}
STICKS = {"znp": ("znp", {}), "znp-3.0.x": ("znp", {"no_tables": True}), "ezsp-8": ("ezsp", {"protocol": 8}),
          "ezsp-13": ("ezsp", {"protocol": 13}), "ezsp-14": ("ezsp", {"protocol": 14}), "ezsp-16": ("ezsp", {"protocol": 16})}


class Site:
    def __init__(self, folder, stick, **options):
        front, more = STICKS[stick]
        self.folder, self.front = folder, front
        self.sim = SimNcp(folder, [PLUG, LEAF], front, speed=5, **more, **options).start()
        self.stick = Stick(front, self.sim.path).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for program in (self.stick, self.sim):
            if program.child.poll() is None:
                program.kill()

    def form(self):
        self.stick.until("empty")
        self.stick.ask(FORM)
        return self.stick.until("up")["network"]

    def join(self):
        """Network addresses of the nodes, as the stick told them."""
        self.stick.ask("permit 250")
        assert self.stick.wait("permitted")["failed"] == ""
        found = {}
        while len(found) < 2:
            line = self.stick.wait("joined")
            found[line["eui64"]] = line["nwk"]
        return [found[eui64] for eui64 in sorted(found)]

    def hears_reports(self, value):
        """From the sleeper, through its parent; it says it again until it is heard."""
        payload = value.to_bytes(2, "little", signed=True).hex()
        for _ in range(12):
            self.sim.do(f"node 1 report 0x402 0 {value}")
            try:
                while True:
                    line = self.stick.wait("received", 10)
                    if line["cluster"] == 0x402 and line["payload"].endswith("000029" + payload):
                        return
            except queue.Empty:
                pass
        raise AssertionError("no report was heard")


@pytest.mark.parametrize("stick", STICKS)
def test_a_stick_forms_lets_join_hears_and_sends(tmp_path, stick):
    with Site(tmp_path, stick) as site:
        network = site.form()
        assert (network["pan"], network["channel"], network["epan"]) == (0x1A62, 15, "0102030405060708")
        assert network["key"] == "00112233445566778899aabbccddeeff"
        nodes = site.join()
        site.hears_reports(2150)
        for nwk in nodes:
            # Read Basic, model identifier; the node answers.
            assert site.stick.send(f"send {nwk:x} 1 0104 0000 0007000500 ack") == "sent"
            answer = site.stick.wait("received")
            assert (answer["peer"], answer["payload"][2:6]) == (nwk, "0701")
        assert site.stick.send(f"send {nodes[0]:x} 0 0000 0002 05{nodes[0].to_bytes(2, 'little').hex()}") == "sent"
        assert site.stick.wait("received")["payload"].startswith("0500")
        site.sim.do("node 0 off")
        assert site.stick.send(f"send {nodes[0]:x} 1 0104 0000 0008000500 ack") in ("no_ack", "no_route")
        site.stick.say("scan")
        channels = [site.stick.wait("scanned")["channel"] for _ in range(17)]
        assert channels == [*range(11, 27), 0]
        assert site.sim.truth()["not_understood"] == 0
        site.stick.stop()


@pytest.mark.parametrize("stick", ["znp", "ezsp-13", "ezsp-16"])
def test_what_was_unplugged_or_reset_comes_back_with_its_network(tmp_path, stick):
    with Site(tmp_path, stick, memory=tmp_path / "memory.json") as site:
        site.form()
        site.join()
        site.sim.do("unplug")
        site.stick.until("down")
        site.sim.say("plug")
        assert site.stick.until("up")["network"]["pan"] == 0x1A62
        site.sim.do("misbehave reset 1")
        site.stick.until("opening")
        assert site.stick.until("up")["network"]["pan"] == 0x1A62
        site.hears_reports(1999)
        # Another program of ours takes it over.
        site.stick.stop()
        site.stick.start()
        assert site.stick.until("up")["network"]["epan"] == "0102030405060708"
        site.stick.stop()


@pytest.mark.parametrize("stick", ["znp", "ezsp-13"])
def test_a_stick_that_resets_soon_after_each_start_gets_pauses(tmp_path, stick):
    with Site(tmp_path, stick, memory=tmp_path / "memory.json") as site:
        site.form()
        site.sim.do("misbehave restless 1000000")
        site.sim.do("misbehave reset 1")
        assert "again and again soon after its start" in site.stick.until("down")["why"]
        site.stick.until("down")
        site.sim.do("misbehave restless 0")
        assert site.stick.until("up")["network"]["pan"] == 0x1A62
        site.stick.stop()


@pytest.mark.parametrize("stick", ["znp", "znp-3.0.x", "ezsp-8", "ezsp-13", "ezsp-16"])
def test_a_stick_takes_the_place_of_another(tmp_path, stick):
    with Site(tmp_path / "old", stick) as old:
        old.form()
        old.stick.ask("backup")
        kept = old.stick.until("up")["network"]
        old.stick.wait("keys_end")
        old.stick.stop()
    keys = [node_key(kept["link_key"], number, 100 * number) for number in range(3)]
    # One that does not come from the seed, as of a node that was joined by another host or with an install code.
    keys.append({"eui64": "00124b0033000009", "key": "a0b1c2d3e4f5061728394a5b6c7d8e9f", "tx": 900, "rx": 7})
    (tmp_path / "backup.json").write_text(json.dumps({"network": kept, "keys": keys}))
    with Site(tmp_path / "new", stick, eui64=0x00124B00AABBCCDD) as new:
        new.stick.until("empty")
        new.stick.ask(f"restore {tmp_path / 'backup.json'}")
        taken = new.stick.until("up")["network"]
        # Only version 8 keeps the address that it was made with.
        for field in ("pan", "epan", "channel", "key", "sequence", "link_key", "eui64")[:6 if stick == "ezsp-8" else 7]:
            assert taken[field] == kept[field], field
        assert taken["counter"] >= kept["counter"]
        new.stick.ask("backup")
        for key in keys:
            found = new.stick.wait("key")
            assert (found["eui64"], found["key"]) == (key["eui64"], key["key"])
            if new.front == "znp":  # EmberZNet begins to count anew
                assert (found["tx"], found["rx"]) == (key["tx"] + 2500, key["rx"])
        new.stick.wait("keys_end")
        new.join()
        new.hears_reports(777)
        assert new.sim.truth()["not_understood"] == (1 if stick == "ezsp-8" else 0)
        new.stick.stop()


@pytest.mark.parametrize("stick", ["znp", "ezsp-13"])
def test_a_line_that_loses_and_garbles_costs_time_and_nothing_else(tmp_path, stick):
    with Site(tmp_path, stick) as site:
        site.form()
        nodes = site.join()
        site.sim.do("fault piece 1")
        if stick.startswith("ezsp"):
            # ASH repeats; ZNP has nothing to repeat with, but finds the next frame.
            site.sim.do("fault garble 30")
            site.sim.do("fault lose 30")
        outcomes = [site.stick.send(f"send {nodes[0]:x} 1 0104 0000 00{count:02x}000500 ack") for count in range(20)]
        assert outcomes.count("sent") >= 15
        site.stick.stop()


@pytest.mark.parametrize("stick, options, words", [
    ("znp", {"old": True}, "firmware is too old"), ("ezsp-13", {"old": True}, "firmware is too old"),
    ("znp", {"bootloader": True, "stays_in_bootloader": True}, "bootloader"),
    ("ezsp-13", {"bootloader": True, "stays_in_bootloader": True}, "bootloader")])
def test_what_is_wrong_with_a_stick_is_said_in_words(tmp_path, stick, options, words):
    with Site(tmp_path, stick, **options) as site:
        while True:
            line = site.stick.wait("state")
            if line["state"] in ("refused", "down"):
                break
        assert words in line["why"]
        site.stick.stop()


@pytest.mark.parametrize("stick", ["znp", "ezsp-13"])
def test_a_stick_in_its_bootloader_is_told_to_run(tmp_path, stick):
    with Site(tmp_path, stick, bootloader=True) as site:
        site.form()
        site.stick.stop()


def test_keys_that_were_restored_are_those_that_zigpy_znp_reads(tmp_path):
    """Also of its own seed: those that come from it stand in one table, others in another one."""
    application = pytest.importorskip("zigpy_znp.zigbee.application")

    async def read(path):
        host = application.ControllerApplication({"device": {"path": path}, "database_path": None})
        await host.connect()
        try:
            await host.load_network_info(load_devices=True)
            return [(str(key.partner_ieee), bytes(key.key.serialize()).hex(), key.tx_counter, key.rx_counter)
                    for key in host.state.network_info.key_table]
        finally:
            await host.disconnect()

    with Site(tmp_path, "znp", memory=tmp_path / "memory.json") as site:
        kept = site.form()
        keys = [node_key(kept["link_key"], number, 100 * number) for number in range(2)]
        keys += [{"eui64": f"00124b003300000{8 + number}", "key": f"{number}0b1c2d3e4f5061728394a5b6c7d8e9f", "tx": 900,
                  "rx": 7} for number in range(2)]
        (tmp_path / "backup.json").write_text(json.dumps({"network": kept, "keys": keys}))
        site.stick.ask(f"restore {tmp_path / 'backup.json'}")
        site.stick.until("up")
        site.stick.stop()
        found = asyncio.run(asyncio.wait_for(read(site.sim.path), 120))
        assert sorted(found) == sorted(
            (":".join(key["eui64"][i:i + 2] for i in range(0, 16, 2)), key["key"], key["tx"] + 2500, 7) for key in keys)

"""Nodes behind a local broker update themselves: docs/examples/mqtt_node.py, an independent program, plays the node."""
import hashlib
import json
import os
import sys

import paho.mqtt.client as mqtt
import pytest

from harness.find import ROOT
from harness.gateway import Wakegate
from harness.mqtt_site import PATIENCE, Site
from harness.process import Process, wait_until

NODE = ROOT / "docs" / "examples" / "mqtt_node.py"
HARDWARE = "sim-m4"
LONG = 240


class UpdatingNode:
    def __init__(self, folder, port, identity, *options):
        self.identity, self.flash = identity, folder / identity
        self.command = [sys.executable, NODE, "--broker", f"127.0.0.1:{port}", "--hardware", HARDWARE, "--flash",
                        self.flash, "--patience", "2", *options, identity]
        self.log, self.process = folder / f"{identity}.log", None

    def start(self, *options):
        self.process = Process([*self.command, *options], self.log)
        return self

    def kill(self):
        self.process.kill()

    @property
    def next(self):
        return self.flash / "next.bin"

    def fetched(self):
        return self.next.stat().st_size if self.next.exists() else 0

    def running(self):
        file = self.flash / "running.bin"
        return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None


class Spy:
    """Hears all that is said at a broker."""

    def __init__(self, port):
        self.messages = []
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_message = lambda client, _, message: self.messages.append(message)
        self.client.on_subscribe = lambda *_: setattr(self, "ready", True)
        self.ready = False
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        wait_until("the spy listens", lambda: self.ready, PATIENCE)

    def heard(self, topic):
        return [message.payload for message in self.messages if message.topic == topic]

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


class Nodes:
    """A site with nodes that can be updated, and what goes with them."""

    def __init__(self, folder):
        self.folder = folder
        self.site = Site(folder, update={"retry_after": "1 s", "retry_most": "1 s"})
        self.gateway = self.site.gateway
        self.spy = Spy(self.site.local.port)
        self.updating = []

    def start(self, identity, *options):
        node = UpdatingNode(self.folder, self.site.local.port, identity, *options).start()
        self.updating.append(node)
        wait_until(f"{identity} is known", lambda: self.site.show(identity).get("hardware"), PATIENCE)
        return node

    def update(self, identity):
        return self.site.show(identity).get("update", {})

    def wait_for(self, node, digest):
        wait_until(f"{node.identity} runs it", lambda: node.running() == digest, LONG)
        wait_until("it is confirmed", lambda: self.update(node.identity)["state"] == "confirmed", PATIENCE)

    def events(self, identity):
        entries = self.gateway.ask("journal", identity)["journal"]
        return [entry["event"].removeprefix("update.") for entry in reversed(entries)]

    def details(self, identity):
        return [entry.get("detail", "") for entry in self.gateway.ask("journal", identity)["journal"]]

    def retained(self, topic):
        """What somebody who comes now is told."""
        spy = Spy(self.site.local.port)
        # Retained messages come in their order behind the SUBACK, and what is published after them comes later.
        spy.client.publish("marker", b"", qos=1)
        wait_until("the marker is here", lambda: spy.heard("marker"), PATIENCE)
        spy.stop()
        return spy.heard(topic)

    def stop(self):
        for node in self.updating:
            node.kill()
        self.spy.stop()
        self.site.stop()


@pytest.fixture
def nodes(tmp_path):
    nodes = Nodes(tmp_path)
    yield nodes
    nodes.stop()


def test_nodes_update_themselves_side_by_side(nodes):
    digest = nodes.gateway.add_image(os.urandom(150_000), hardware=HARDWARE)
    group = [nodes.start(f"node-{i}", "--block", size) for i, size in enumerate(("100", "1024", "60000", "262144"))]
    nodes.gateway.order(digest, HARDWARE)
    for node in group:
        nodes.wait_for(node, digest)
        events = nodes.events(node.identity)
        order = [events.index(event) for event in ("offered", "downloading", "downloaded", "rebooting", "confirmed")]
        assert order == sorted(order)
        wait_until("the manifest is taken back", lambda: not nodes.retained(f"ota/{node.identity}"), PATIENCE)
    manifest = json.loads(nodes.spy.heard("ota/node-0")[0])
    assert (manifest["sha256"], manifest["hardware"], manifest["uri"]) == (digest, HARDWARE, "mqtt:")
    assert nodes.site.counter("offers_now") == 0
    shown = nodes.site.show("node-1")
    assert shown["bytes_out"] >= 150_000


def test_a_download_goes_on_after_kills_of_gateway_node_and_broker(nodes):
    digest = nodes.gateway.add_image(os.urandom(400_000), hardware=HARDWARE)
    node, witness = nodes.start("node-7", "--pause", "0.1"), nodes.folder / "witness"
    nodes.gateway.order(digest, HARDWARE)
    for at, (kill, start) in enumerate((
            (nodes.gateway.kill, nodes.gateway.start),
            (node.kill, node.start),
            (nodes.site.local.kill, nodes.site.local.start))):
        wait_until("a part is fetched", lambda: node.fetched() > (at + 1) * 80_000 or node.running(), LONG)
        kill()
        if at == 0:
            os.link(node.next if node.next.exists() else node.flash / "running.bin", witness)
        start()
    nodes.wait_for(node, digest)
    # The file was only ever appended to: had it been begun anew, it would be another.
    assert os.path.samefile(witness, node.flash / "running.bin")
    assert nodes.update("node-7")["attempts"] <= 1


def test_an_image_that_is_not_what_it_should_be_is_refused_and_told(nodes):
    digest = nodes.gateway.add_image(os.urandom(200_000), hardware=HARDWARE)
    node = nodes.start("node-7", "--pause", "1")
    nodes.gateway.order(digest, HARDWARE)
    wait_until("a part is fetched", lambda: node.fetched() > 10_000, LONG)
    node.kill()
    part = bytearray(node.next.read_bytes())
    part[1000] ^= 1
    node.next.write_bytes(part)
    node.start("--pause", "0")
    wait_until("it is told", lambda: any(
        json.loads(status).get("code") == 5 for status in nodes.spy.heard("status/node-7") if status), LONG)
    wait_until("it is noted", lambda: any(
        "integrity check failed" in detail for detail in nodes.details("node-7")), PATIENCE)
    assert node.running() is None
    nodes.wait_for(node, digest)
    assert nodes.update("node-7")["attempts"] >= 2


def test_a_cancelled_update_takes_the_manifest_back(nodes):
    digest = nodes.gateway.add_image(os.urandom(5_000), hardware=HARDWARE)
    node = nodes.site.node("node-7")
    node.publish("status", {"state": "online", "hardware": HARDWARE}, retain=True)
    wait_until("it is known", lambda: nodes.site.show("node-7").get("hardware"), PATIENCE)
    nodes.gateway.order(digest, HARDWARE)
    wait_until("the manifest waits for it", lambda: nodes.retained("ota/node-7"), PATIENCE)
    nodes.gateway.cli("update", "cancel", "--yes", "node-7")
    wait_until("it is taken back", lambda: not nodes.retained("ota/node-7"), PATIENCE)
    wait_until("the node is told", lambda: nodes.spy.heard("ota/node-7")[-1] == b"", PATIENCE)
    assert nodes.update("node-7")["state"] == "failed"


def test_a_manifest_that_was_forgotten_is_taken_back_when_it_is_asked_for(nodes):
    """As after a gateway that was killed between a cancel and the broker's word that it has heard of it."""
    nodes.spy.client.publish("ota/node-7", json.dumps({"sha256": "ab" * 32, "size": 9999, "hardware": HARDWARE,
                                                       "version": "1", "uri": "mqtt:"}), qos=1, retain=True)
    nodes.start("node-7")
    wait_until("it is taken back", lambda: not nodes.retained("ota/node-7"), PATIENCE)
    wait_until("it is told so", lambda: b"" in nodes.spy.heard("ota/node-7/block/abababababababab/0"), PATIENCE)


def test_another_gateway_can_be_the_node(nodes, tmp_path):
    digest = nodes.gateway.add_image(os.urandom(300_000), hardware=HARDWARE)
    (tmp_path / "below").mkdir()
    key = str(nodes.gateway.key.with_suffix(".pem"))
    below = Wakegate(tmp_path / "below", nodes.site.local.port, gateway={"id": "below"},
                     images={"trusted_keys": [key]}).start()
    wait_until("it is a node", lambda: nodes.site.show("below"), PATIENCE)
    nodes.gateway.cli("update", "--yes", "below", digest[:16])
    wait_until("it has the image", lambda: any(
        image.get("complete") and image["sha256"] == digest for image in below.ask("image", "list")["images"]), LONG)
    below.stop()

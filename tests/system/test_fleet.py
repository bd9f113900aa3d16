"""One retained document is followed by gateways that do not know of each other, and what becomes of it is told."""
import contextlib
import hashlib
import json
import random

import paho.mqtt.client as mqtt
import pytest

from harness.broker import Broker
from harness.coap import coap_client
from harness.coap_node import CoapNode
from harness.gateway import Wakegate
from harness.process import wait_until

PATIENCE = 120
HARDWARE = "m4"
GATEWAYS, NODES_EACH = 5, 6
BEGUN = ("rolling", "soaking")  # a wave of a fleet may hold no node of this gateway


class Cloud:
    """Retains documents, and hears what gateways tell of them."""

    def __init__(self, port):
        self.told, self.alerts = {}, []
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe([("status/+/rollout/+", 1), ("alert/+", 1)])
        self.client.on_message = self.on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def on_message(self, client, context, message):
        if message.topic.startswith("alert/"):
            self.alerts.append(json.loads(message.payload))
        else:
            _, gateway, _, rollout = message.topic.split("/")
            self.told[gateway, rollout] = json.loads(message.payload) if message.payload else None

    def retain(self, rollout, document):
        payload = json.dumps(document) if document else b""
        self.client.publish(f"rollout/fleet/{rollout}", payload, qos=1, retain=True).wait_for_publish(PATIENCE)

    def state(self, gateway, rollout="spring"):
        return (self.told.get((gateway, rollout)) or {}).get("state")

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def site(tmp_path):
    broker = Broker(tmp_path, keeps=True).start()
    gateways = []
    for name in ("east", "west"):
        (tmp_path / name).mkdir()
        gateways.append(Wakegate(tmp_path / name, broker.port, gateway={"id": name}, schedule={"interval": "1 h"},
                                 images={"unsigned_hardware": [HARDWARE]}).start())
    cloud = Cloud(broker.port)
    yield gateways, cloud
    for part in gateways + [cloud, broker]:
        part.stop()


def join(gateway, count):
    for number in range(count):
        node = f"{gateway.folder.name}-{number}"
        wait_until(f"{node} is known", lambda: call(gateway, node), PATIENCE)


def call(gateway, node):
    coap_client("notls", "-m", "post", "-t", "50", "-B", "30", "-e", json.dumps({"hw": HARDWARE, "version": "1.0"}),
                f"coap://{gateway.coap}/c?ep={node}")
    return gateway.cli("node", "show", node, check=False).returncode == 0


def test_a_document_is_followed_by_all_and_its_changes_too(site, tmp_path):
    (east, west), cloud = site
    for gateway in (east, west):
        join(gateway, 3)
    payload = random.Random(1).randbytes(2000)
    digest = east.add_image(payload, hardware=HARDWARE)
    document = {"image": digest, "waves": "50 100", "soak_ms": 3600000}
    cloud.retain("spring", document)
    wait_until("east has begun", lambda: cloud.state("east") in BEGUN, PATIENCE)
    wait_until("west waits for the image", lambda: cloud.state("west") == "pending", PATIENCE)
    west.cli("image", "add", east.folder / "app-2.0.0.bin", "--hardware", HARDWARE, "--version", "2.0.0")
    wait_until("west has begun", lambda: cloud.state("west") in BEGUN, PATIENCE)
    west.kill()
    cloud.retain("spring", document | {"state": "pause"})
    wait_until("east pauses", lambda: cloud.state("east") == "paused", PATIENCE)
    west.start()
    wait_until("west pauses when it is back", lambda: cloud.state("west") == "paused", PATIENCE)
    assert len(west.ask("rollout", "list")["rollouts"]) == 1
    cloud.retain("spring", None)
    wait_until("it is over", lambda: all(cloud.told[name, "spring"] is None for name in ("east", "west")), PATIENCE)
    assert [east.ask("rollout", "show", "spring")["state"], west.ask("rollout", "show", "spring")["state"]] == \
        ["aborted", "aborted"]
    commands = [action["command"] for action in east.ask("audit")["audit"] if action["asker"] == "fleet"]
    assert commands == ["rollout.abort", "rollout.pause", "rollout.create"]


def test_many_gateways_run_one_canary_without_a_word_between_them(tmp_path):
    """The first wave is of all nodes of all gateways: which ones anybody can compute, and no gateway rounds up."""
    broker = Broker(tmp_path, keeps=True).start()
    cloud = Cloud(broker.port)
    payload, share = random.Random(7).randbytes(2000), 30
    with contextlib.ExitStack() as stack:
        stack.callback(broker.stop)
        stack.callback(cloud.stop)
        gateways, nodes = [], []
        for index in range(GATEWAYS):
            (tmp_path / f"gw{index}").mkdir()
            gateway = Wakegate(tmp_path / f"gw{index}", broker.port, gateway={"id": f"gw{index}"},
                               images={"unsigned_hardware": [HARDWARE]}).start()
            stack.callback(gateway.stop)
            gateways.append(gateway)
            nodes += [stack.enter_context(CoapNode(gateway, f"gw{index}-{i}", HARDWARE)) for i in range(NODES_EACH)]
        for node in nodes:
            node.check_in()
        path = tmp_path / "app.bin"
        path.write_bytes(payload)
        digest = hashlib.sha256(payload).hexdigest()
        cloud.retain("spring", {"image": digest, "hardware": HARDWARE, "waves": f"{share} 100", "soak_ms": 86400000,
                                "deadline_wakes": 100000})
        for gateway in gateways:
            gateway.cli("image", "add", path, "--hardware", HARDWARE, "--version", "2.0.0")
        for gateway in gateways:
            wait_until("it has begun", lambda gateway=gateway: cloud.state(
                gateway.folder.name) in BEGUN, PATIENCE)
        offered = {node.name for node in nodes if node.offered()}
        assert offered == {node.name for node in nodes if place("spring", node.name) < share / 100}
        assert 0 < len(offered) < len(nodes)


def place(rollout, node):
    """As docs/rollouts.md has it."""
    return int.from_bytes(hashlib.sha256(f"{rollout}\0{node}".encode()).digest()[:8], "big") / 2 ** 64


def test_a_document_that_makes_no_sense_is_an_alert(site):
    (east, _), cloud = site
    cloud.retain("autumn", {"image": "1" * 64, "state": "someday"})
    wait_until("it is refused", lambda: cloud.state("east", "autumn") == "refused", PATIENCE)
    wait_until("and an alert", lambda: ("rollout.refused", "autumn") in
               [(alert["kind"], alert.get("subject")) for alert in cloud.alerts], PATIENCE)
    assert "someday" not in json.dumps(east.ask("rollout", "list"))

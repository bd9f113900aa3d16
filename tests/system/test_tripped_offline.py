"""A gate trips while the broker is away: the gateway decides alone, and says so when the broker is back."""
import json

import aiocoap

from harness.alert_listener import AlertListener
from harness.broker import Broker
from harness.coap_node import HARDWARE, CoapNode
from harness.gateway import Wakegate
from harness.process import wait_until

PATIENCE = 120
NODES = 8
SETTINGS = {"update": {"attempts": 1}, "alerts": {"uplink_after": "1 s", "hold": "0 s"}}


def kinds(gateway):
    return [alert["kind"] for alert in gateway.ask("alerts")["alerts"]]


def show(gateway):
    return gateway.ask("rollout", "show", "spring")


def begin(gateway, digest):
    """The first wave has some nodes, and more are left: which is the hash's to say, so it is asked for the share."""
    options = ["spring", digest, "--soak", "1 h", "--deadline", "100000", "--yes"]
    for percent in range(40, 100, 5):
        plan = gateway.ask("rollout", "create", *options, "--waves", f"{percent} 100", "--dry-run")
        if 4 <= plan["waves"][0] < NODES:
            break
    wave = [line["node"] for line in plan["list"] if line.get("wave") == 1]
    gateway.ask("rollout", "create", *options, "--waves", f"{percent} 100")
    return wave


def test_a_bad_release_stops_without_an_uplink_and_the_verdict_follows_later(tmp_path):
    broker = Broker(tmp_path).start()
    gateway = Wakegate(tmp_path, broker.port, **SETTINGS).start()
    nodes = {f"n{i}": CoapNode(gateway, f"n{i}", HARDWARE) for i in range(NODES)}
    for node in nodes.values():
        node.check_in()
    digest = gateway.add_image(bytes(range(256)) * 100, hardware=HARDWARE)
    broker.stop()
    wait_until("the uplink is down", lambda: "uplink.down" in kinds(gateway), PATIENCE)

    wave = [nodes[name] for name in begin(gateway, digest)]
    wait_until("its first wave has begun", lambda: show(gateway)["state"] == "rolling", PATIENCE)
    offers = {node.name: node.check_in() for node in wave}
    assert all(offer["update"]["uri"].endswith(digest[:16]) for offer in offers.values())
    fetching, waiting, bad, *_ = wave
    assert fetching.block(offers[fetching.name], 0) == aiocoap.CONTENT
    bad.tell("failed", 6)
    wait_until("the gate has tripped", lambda: show(gateway)["state"] == "tripped", PATIENCE)
    assert "uplink.down" in kinds(gateway)

    # One contact of each is enough, whatever it was about to do.
    assert fetching.block(offers[fetching.name], 1) == aiocoap.NOT_FOUND
    assert waiting.block(offers[waiting.name], 0) == aiocoap.NOT_FOUND
    assert [name for name, node in nodes.items() if node.offered()] == []
    reason = show(gateway)["reason"]
    assert reason == f"1 of {len(wave)} nodes failed and 0 fell silent, 0 allowed"
    wait_until("it is raised here", lambda: "gate.tripped" in kinds(gateway), PATIENCE)

    broker.start()
    listener = AlertListener(broker.port)
    wait_until("the alert came", lambda: "raised" in listener.heard("gate.tripped")
               or listener.stands("gate.tripped"), PATIENCE)
    wait_until("it stands in the retained list", lambda: listener.stands("gate.tripped"), PATIENCE)
    told, = [alert for alert in listener.standing["alerts"] if alert["kind"] == "gate.tripped"]
    assert told["subject"] == "spring" and reason in told["text"], json.dumps(told)
    listener.stop()
    for node in nodes.values():
        node.close()
    gateway.stop()
    broker.stop()

"""Alerts reach whoever should know: the operator, the broker, a program, and the journal."""
import json
import stat

import pytest

from harness.alert_listener import AlertListener
from harness.broker import Broker
from harness.coap import coap_client
from harness.gateway import Wakegate
from harness.process import wait_until

PATIENCE = 120
SETTINGS = {"uplink_after": "1 s", "uplink_critical_after": "30 d", "silent_wakes": 2, "hold": "0 s"}


@pytest.fixture
def hook(tmp_path):
    """A program that appends what it reads to a file of a name that the environment says."""
    program = tmp_path / "hook"
    program.write_text('#!/bin/sh\ncat >> "$1/$WAKEGATE_ALERT_KIND"\necho >> "$1/$WAKEGATE_ALERT_KIND"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def gateway(tmp_path, hook):
    broker = Broker(tmp_path).start()
    gateway = Wakegate(tmp_path, broker.port, alerts=SETTINGS | {"hook": [str(hook), str(tmp_path)]}).start()
    gateway.broker = broker
    yield gateway
    gateway.stop()
    broker.stop()


def kinds(gateway, *words):
    return [alert["kind"] for alert in gateway.ask("alerts", *words)["alerts"]]


def call(gateway, node):
    """The node checks in."""
    coap_client("notls", "-m", "post", "-t", "50", "-e", json.dumps({"hw": "m4", "version": "1"}), "-B", "30",
                f"coap://{gateway.coap}/c?ep={node}")
    return gateway.cli("node", "show", node, check=False).returncode == 0


def test_an_outage_is_told_after_it_and_the_hook_hears_of_it_at_once(gateway, tmp_path):
    gateway.broker.stop()
    wait_until("it is raised", lambda: "uplink.down" in kinds(gateway), PATIENCE)
    told = tmp_path / "uplink.down"
    wait_until("the program ran", lambda: told.exists() and told.read_text().endswith("\n"), PATIENCE)
    first = json.loads(told.read_text().splitlines()[0])
    assert (first["state"], first["gateway"], first["severity"]) == ("raised", "test", "warning")
    wait_until("it is on the disk", lambda: gateway.ask("journal", "test")["journal"], PATIENCE)
    gateway.kill()
    gateway.start()
    shown, = [alert for alert in gateway.ask("alerts")["alerts"] if alert["kind"] == "uplink.down"]
    assert (shown["raised_ms"], shown["times"]) == (first["raised_ms"], 1)
    gateway.broker.start()
    listener = AlertListener(gateway.broker.port)
    wait_until("it is cleared", lambda: "uplink.down" not in kinds(gateway), PATIENCE)
    wait_until("that was told", lambda: listener.heard("uplink.down")[-1:] == ["cleared"], PATIENCE)
    wait_until("the list says so", lambda: not listener.stands("uplink.down"), PATIENCE)
    assert "uplink.down" in kinds(gateway, "--all")
    events = [entry["event"] for entry in gateway.ask("journal", "test")["journal"]]
    assert [event for event in events if event.startswith("alert.")] == ["alert.cleared", "alert.raised"]
    listener.stop()


def test_a_silent_node_is_told_to_who_listens_and_to_who_comes_later(gateway):
    listener = AlertListener(gateway.broker.port)
    wait_until("the node is known", lambda: call(gateway, "n1"), PATIENCE)
    wait_until("it is raised", lambda: "raised" in listener.heard("node.silent"), PATIENCE)
    newcomer = AlertListener(gateway.broker.port)
    wait_until("a newcomer knows", lambda: newcomer.stands("node.silent"), PATIENCE)
    gateway.cli("node", "remove", "n1", "--yes")
    wait_until("it is cleared", lambda: "cleared" in listener.heard("node.silent"), PATIENCE)
    wait_until("the list is empty", lambda: newcomer.standing["standing"] == 0, PATIENCE)
    text = gateway.cli("metrics").stdout
    assert 'wakegate_alerts{severity="warning"} 0' in text
    listener.stop()
    newcomer.stop()

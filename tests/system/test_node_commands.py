"""Commands reach nodes of every network, and what they reply reaches whoever asked, at the gateway or upstream."""
import json
import subprocess
import sys

import paho.mqtt.client as mqtt
import pytest

from harness.coap import coap_client
from harness.find import ROOT, ours
from harness.gateway import Wakegate
from harness.mqtt_site import PATIENCE, Site
from harness.process import Process, wait_until


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.stop()


@pytest.fixture
def updating_node(site):
    """docs/examples/mqtt_node.py, which does what it is told."""
    process = Process([sys.executable, ROOT / "docs/examples/mqtt_node.py", "--broker", f"127.0.0.1:{site.local.port}",
                       "--flash", site.folder / "flash", "node-7"], site.folder / "node.log")
    wait_until("it is known", lambda: site.show("node-7").get("hardware"), PATIENCE)
    yield "node-7"
    process.kill()


def listen(port, *topics):
    """A client that hears these topics, and what it has heard."""
    heard, ready = [], []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.on_message = lambda client, _, message: heard.append((message.topic, json.loads(message.payload)))
    client.on_subscribe = lambda *_: ready.append(True)
    client.connect("127.0.0.1", port)
    client.subscribe([(topic, 1) for topic in topics])
    client.loop_start()
    wait_until("it listens", lambda: ready, PATIENCE)
    return client, heard


def start_command(site, *words):
    """The command line, waiting for the reply."""
    return subprocess.Popen([ours("wakegate"), "--socket", str(site.gateway.socket), "node", "command", *words],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_node_behind_the_broker_replies(site, updating_node):
    done = site.gateway.cli("node", "command", updating_node, "blink", "twice")
    assert done.stdout == "blink twice: done\n"
    events = [entry["event"] for entry in site.gateway.ask("journal", updating_node)["journal"]]
    assert events[:2] == ["node.replied", "node.command"]


def test_a_reply_reaches_the_cloud(site, updating_node):
    cloud, heard = listen(site.above.port, "cmd/test/reply")
    cloud.publish("cmd/test", json.dumps({"command": "node.command", "id": "c1", "node": updating_node,
                                          "text": "blink"}), qos=1)
    wait_until("the reply is here", lambda: heard, PATIENCE)
    assert heard == [("cmd/test/reply", {"id": "c1", "ok": True, "result": {
        "node": updating_node, "ok": True, "result": "blink: done"}})]
    cloud.disconnect()
    cloud.loop_stop()


def test_a_refusal_and_a_silence_are_told(site):
    node = site.node("node-8")
    node.publish("status", {"state": "online", "hardware": "m4"})
    wait_until("it is known", lambda: site.show("node-8").get("hardware"), PATIENCE)
    peer, heard = listen(site.local.port, "cmd/node-8")
    asking = start_command(site, "--timeout", "3600", "node-8", "open")
    wait_until("it is told", lambda: heard, PATIENCE)
    (topic, command), = heard
    assert (topic, command["command"]) == ("cmd/node-8", "open")
    peer.publish("cmd/node-8/reply", json.dumps({"id": command["id"], "ok": False, "error": {"code": 7}}), qos=1)
    out, why = asking.communicate(timeout=PATIENCE)
    assert asking.returncode == 1 and not out and '"code": 7' in why
    done = site.gateway.cli("node", "command", "--timeout", "1", "node-8", "open", check=False)
    assert done.returncode == 1 and "did not reply within 1 s" in done.stderr
    peer.disconnect()
    peer.loop_stop()


def test_a_node_that_sleeps_is_told_at_its_next_contact(site):
    def ask(path, document):
        out, why = coap_client("notls", "-m", "post", "-t", "50", "-B", "60", "-e", json.dumps(document),
                               f"coap://{site.gateway.coap}/{path}?ep=node-9")
        assert "4." not in why and "5." not in why, why
        return json.loads(out) if out.strip() else {}

    assert "command" not in ask("c", {"hw": "m4"})
    asking = start_command(site, "--timeout", "3600", "node-9", "measure", "now")
    command = wait_until("it is told", lambda: ask("c", {}).get("command"), PATIENCE)
    assert command["command"] == "measure now"
    assert ask("c", {})["command"] == command  # until it replies
    ask("r", {"id": command["id"], "ok": True, "result": "21.5"})
    out, why = asking.communicate(timeout=PATIENCE)
    assert (asking.returncode, out, why) == (0, "21.5\n", "")
    assert "command" not in ask("c", {})


def test_another_gateway_answers_like_a_node(site, tmp_path):
    (tmp_path / "below").mkdir()
    below = Wakegate(tmp_path / "below", site.local.port, gateway={"id": "below"}).start()
    wait_until("it is a node", lambda: site.show("below"), PATIENCE)
    answer = site.gateway.ask("node", "command", "below", "status")
    assert answer["ok"] and answer["result"]["gateway"] == "below"
    below.stop()

"""What operators do at the terminal and from the cloud is written down, with what the kernel knows of who it was."""
import json
import os

import paho.mqtt.client as mqtt
import pytest

from harness.broker import Broker
from harness.gateway import Wakegate
from harness.process import wait_until

PATIENCE = 120


@pytest.fixture
def gateway(tmp_path):
    broker = Broker(tmp_path).start()
    gateway = Wakegate(tmp_path, broker.port, upstream={"remote_commands": ["status", "node.add"]}).start()
    gateway.broker = broker
    yield gateway
    gateway.stop()
    broker.stop()


def publish(gateway, command):
    wait_until("the uplink is there", lambda: gateway.ask("status")["uplink"]["connected"], PATIENCE)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", gateway.broker.port)
    client.loop_start()
    client.publish("cmd/test", json.dumps(command), qos=1).wait_for_publish(PATIENCE)
    client.disconnect()
    client.loop_stop()


def trail(gateway, *words):
    return gateway.ask("audit", *words)["audit"]


def test_the_terminal_and_the_cloud_leave_traces_that_outlive_a_kill(gateway):
    gateway.cli("node", "add", "n1")
    gateway.cli("node", "remove", "n2", "--yes", check=False)
    publish(gateway, {"command": "node.add", "node": "n3", "driver": "coap", "by": "alice"})
    wait_until("it is written down", lambda: trail(gateway)[0]["asker"] == "cloud", PATIENCE)
    publish(gateway, {"command": "node.remove", "node": "n1"})
    wait_until("so is this", lambda: trail(gateway)[0]["command"] == "node.remove", PATIENCE)
    gateway.kill()
    gateway.start()
    refused, added, missing, first = [action for action in trail(gateway) if action["command"].startswith("node.")]
    assert (first["asker"], first["uid"], first["outcome"]) == ("operator", os.getuid(), "ok")
    assert first["arguments"] == {"node": "n1", "driver": "coap"}
    assert missing["outcome"] == "not_found"
    assert (added["by"], added["outcome"]) == ("alice", "ok") and "uid" not in added
    assert (refused["asker"], refused["outcome"]) == ("cloud", "forbidden")
    assert trail(gateway, "--since", "2099-01-01") == []
    assert len(trail(gateway, "--since", "1 d", "-n", "2")) == 2
    assert "node.add" in gateway.cli("audit").stdout
    assert gateway.cli("audit", "--since", "yesterday", check=False).returncode == 2

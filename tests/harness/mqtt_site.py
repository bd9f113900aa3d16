"""mqtt_site: a local broker with nodes, the gateway, and a broker above with somebody who listens there."""
import json

import paho.mqtt.client as mqtt

from .broker import Broker
from .gateway import Wakegate
from .process import wait_until
from .subscriber import Subscriber

PATIENCE = 90


class Node:
    """A node as its maker would write it: MQTT 3.1.1, a will, everything at QoS 1."""

    def __init__(self, port, identity):
        self.identity = identity
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, identity, protocol=mqtt.MQTTv311)
        self.client.will_set(f"status/{identity}", json.dumps({"state": "offline"}), qos=1, retain=True)
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        wait_until(f"{identity} is connected", self.client.is_connected, PATIENCE)

    def publish(self, topic, document, qos=1, retain=False):
        payload = document if isinstance(document, bytes) else json.dumps(document)
        return self.client.publish(f"{topic}/{self.identity}", payload, qos=qos, retain=retain)

    def measure(self, data, timestamp=None, qos=1):
        message = {"device_id": self.identity, "data": data}
        return self.publish("telemetry", message | ({"timestamp": timestamp} if timestamp else {}), qos)

    def crash(self):
        """Its connection breaks without a word."""
        self.client.loop_stop()
        self.client.socket().close()

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


class Site:
    """Two brokers, the gateway between them, and whoever listens upstream."""

    def __init__(self, folder, **groups):
        self.folder = folder
        (folder / "local").mkdir()
        self.local = Broker(folder / "local", keeps=True).start()
        self.above = Broker(folder).start()
        self.subscriber = Subscriber(self.above.port)
        self.upstream = self.subscriber.upstream
        settings = {"port": self.local.port, "accept": "open", "backoff_min": "100 ms", "backoff_max": "500 ms"}
        groups.setdefault("telemetry", {"batch_age": "100 ms", "commit_delay": "50 ms"})
        groups["mqtt_nodes"] = settings | groups.get("mqtt_nodes", {})
        self.gateway = Wakegate(folder, self.above.port, **groups).start()
        wait_until("the gateway is at the local broker", lambda: self.counter("connected_now"), PATIENCE)
        self.nodes = []

    def counter(self, name):
        return self.gateway.ask("status")["drivers"]["mqtt"][name]

    def node(self, identity):
        self.nodes.append(Node(self.local.port, identity))
        return self.nodes[-1]

    def show(self, identity):
        done = self.gateway.cli("node", "show", identity, "--json", check=False)
        return json.loads(done.stdout)["node"] if done.returncode == 0 else {}

    def taken(self, identity):
        """What came upstream of a node: (name, value) in the order of sequence numbers."""
        found = sorted(item for item in list(self.upstream.numbers.items()) if item[1][0] == identity)
        return [(name, value) for _, (_, _, name, value) in found]

    def stop(self):
        for node in self.nodes:
            node.stop()
        self.gateway.stop()
        self.subscriber.stop()
        self.local.stop()
        self.above.stop()

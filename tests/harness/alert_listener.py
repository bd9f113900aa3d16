"""alert_listener: a paho client that hears what a gateway says of its alerts."""
import json

import paho.mqtt.client as mqtt

from .process import wait_until

PATIENCE = 120


class AlertListener:
    """Hears the alerts of the gateway "test": the changes, and the latest list that is retained."""

    def __init__(self, port):
        self.changes, self.standing, self.ready = [], None, False
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_message = self.on_message
        self.client.on_subscribe = self.on_subscribe
        self.client.connect("127.0.0.1", port)
        self.client.subscribe([("alert/test", 1), ("alert/test/standing", 1)])
        self.client.loop_start()
        wait_until("it listens", lambda: self.ready, PATIENCE)

    def on_subscribe(self, *_):
        self.ready = True

    def on_message(self, client, context, message):
        found = json.loads(message.payload)
        if message.topic == "alert/test/standing":
            self.standing = found
        else:
            assert not message.retain
            self.changes.append(found)

    def heard(self, kind):
        return [change["state"] for change in self.changes if change["kind"] == kind]

    def stands(self, kind):
        return self.standing is not None and kind in [alert["kind"] for alert in self.standing["alerts"]]

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()

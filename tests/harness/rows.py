"""rows: docs/examples/consumer.py at a broker, within the test, and what it has seen of the sequence numbers."""
import importlib.util
import threading

import paho.mqtt.client as mqtt

from .find import ROOT
from .process import wait_until


def reference_consumer():
    spec = importlib.util.spec_from_file_location("consumer", ROOT / "docs" / "examples" / "consumer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Rows:
    """Subscribes at the broker, which keeps what comes while it is away, and feeds `row` with each row once."""

    def __init__(self, port, row, topic="telemetry/test", protocol=mqtt.MQTTv311):
        self.gaps, self.faults, self.messages = [], [], 0
        self.consumer = reference_consumer().Consumer(row, self.gaps.append)
        self.topic, self.subscribed = topic, threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "rows", protocol=protocol, clean_session=False)
        self.client.on_connect = lambda client, *_: client.subscribe(self.topic, qos=1)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self.on_message
        self.client.reconnect_delay_set(1, 1)
        self.client.connect_async("127.0.0.1", port)
        self.client.loop_start()
        assert self.subscribed.wait(120)

    def on_message(self, client, context, message):
        self.messages += 1
        try:
            self.consumer.take(message.payload)
        except Exception as fault:  # it would end the thread of the client
            self.faults.append(f"{message.topic}: {fault!r}")

    def unaccounted(self):
        """Ranges of sequence numbers below the newest that neither came nor were told as lost."""
        told = [(int(gap["first"]), int(gap["last"])) for gap in self.gaps]
        end, holes = 0, []
        for first, last in sorted(self.consumer.state().get("test", []) + told):
            if first > end + 1:
                holes.append((end + 1, first - 1))
            end = max(end, last)
        return holes

    def wait_complete(self, is_complete, quiet_s=90):
        """Until all is there and every number accounted for; gives up when nothing new comes for so long."""
        while not (is_complete() and not self.unaccounted()):
            before = self.messages
            try:
                wait_until("news", lambda: self.messages > before or (is_complete() and not self.unaccounted()),
                           quiet_s, 0.2)
            except AssertionError:
                return  # whoever compares will say what is missing

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()

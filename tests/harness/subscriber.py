"""subscriber: a paho client at the broker that outlives the broker's restarts and feeds an Upstream."""
import threading

import paho.mqtt.client as mqtt
import zstandard

from .upstream import Upstream


class Subscriber:
    def __init__(self, port, topic="telemetry/#"):
        self.upstream, self.topic = Upstream(), topic
        self.subscribed = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "subscriber", protocol=mqtt.MQTTv5)
        self.client.on_connect = self.on_connect
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self.on_message
        self.client.reconnect_delay_set(1, 1)
        options = mqtt.Properties(mqtt.PacketTypes.CONNECT)
        options.SessionExpiryInterval = 3600  # the broker keeps what comes while we are away
        self.client.connect("127.0.0.1", port, clean_start=False, properties=options)
        self.client.loop_start()
        assert self.subscribed.wait(60)

    def on_connect(self, client, *_):
        client.subscribe(self.topic, qos=1)

    def on_message(self, client, context, message):
        content = getattr(message.properties, "ContentType", "application/senml+json")
        payload = message.payload
        if "encoding=zstd" in content:
            payload = zstandard.ZstdDecompressor().decompress(payload)
        try:
            self.upstream.take(payload, "senml+cbor" in content)
        except Exception as fault:
            self.upstream.faults.append(f"{message.topic}: {fault!r}: {payload[:200]!r}")

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()

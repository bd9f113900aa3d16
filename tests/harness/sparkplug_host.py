"""sparkplug_host: a Sparkplug host application over paho that checks the order of what comes, as the specification says.

Payloads are decoded by the sparkplug-payload package of npm.
"""
import json
import os
import re
import subprocess
import threading
import time

import paho.mqtt.client as mqtt

from .find import ROOT, javascript_peers, peer

BODY = re.compile(r"boot=(\d+) first=(\d+) last=(\d+)")
REBIRTH = bytes.fromhex("12180a144e6f646520436f6e74726f6c2f52656269727468") + b"\x70\x01"


class Decoder:
    """The other software, as a child process."""

    def __init__(self):
        self.process = subprocess.Popen(
            [peer("node"), ROOT / "tests" / "peers" / "sparkplug_decode.js"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=os.environ | {"NODE_PATH": javascript_peers()})

    def decode(self, payload):
        self.process.stdin.write(payload.hex() + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class SparkplugHost:
    """Subscribes to everything; keeps `messages` as (kind, device, payload, how) and what is wrong with them in
    `faults`. `name`: it says its STATE. It outlives the broker's restarts."""

    def __init__(self, port, name=None):
        self.messages, self.faults = [], []
        self.rows = {}  # sequence number -> (device, metric, ms, value)
        self.repeated = 0
        self.bd_seq = None  # of the birth that stands
        self.next_seq = None
        self.metrics = {}  # alias -> (device, name), of births that stand
        self.alive = set()  # devices
        self.decoder = Decoder()
        self.name = name
        self.subscribed = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "host", clean_session=False)
        self.client.on_connect = lambda client, *_: client.subscribe("spBv1.0/#", qos=1)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self.on_message
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.subscribed.wait(60)

    def say(self, online):
        """Its STATE, retained."""
        state = json.dumps({"online": online, "timestamp": int(time.time() * 1000)})
        self.client.publish(f"spBv1.0/STATE/{self.name}", state, qos=1, retain=True).wait_for_publish(60)

    def ask_rebirth(self, group="wakegate", edge="test"):
        self.client.publish(f"spBv1.0/{group}/NCMD/{edge}", REBIRTH, qos=0).wait_for_publish(60)

    def on_message(self, client, context, message):
        _, *rest = message.topic.split("/")
        if rest[0] == "STATE" or rest[1] == "NCMD":
            return
        kind, device = rest[1], rest[3] if len(rest) > 3 else None
        try:
            payload = self.decoder.decode(message.payload)
            self.messages.append((kind, device, payload, message))
            getattr(self, "on_" + kind.lower())(device, payload)
        except Exception as fault:  # pylint: disable=broad-except
            self.faults.append(f"{message.topic}: {fault!r}: {message.payload.hex()}")

    def fault(self, text):
        self.faults.append(f"message {len(self.messages)}: {text}")

    def count(self, payload):
        if payload["seq"] != self.next_seq:
            self.fault(f"seq {payload['seq']} instead of {self.next_seq}")
        self.next_seq = (payload["seq"] + 1) % 256

    def on_nbirth(self, _, payload):
        values = {metric["name"]: metric["value"] for metric in payload["metrics"]}
        if payload["seq"] != 0 or values["Node Control/Rebirth"] is not False:
            self.fault(f"a bad birth: {payload}")
        self.bd_seq, self.next_seq = values["bdSeq"], 1
        self.alive, self.metrics = set(), {}

    def on_ndeath(self, _, payload):
        (metric,) = payload["metrics"]
        if "seq" in payload or metric["name"] != "bdSeq":
            self.fault(f"a bad death: {payload}")
        if metric["value"] == self.bd_seq:
            self.bd_seq, self.next_seq, self.alive = None, None, set()

    def on_dbirth(self, device, payload):
        self.count(payload)
        self.alive.add(device)
        for metric in payload["metrics"]:
            if "alias" in metric and self.metrics.get(metric["alias"], (device, metric["name"])) != (device, metric["name"]):
                self.fault(f"alias {metric['alias']} is {self.metrics[metric['alias']]} and {device}")
            self.metrics[metric.get("alias", (device, metric["name"]))] = (device, metric["name"])

    def on_ddeath(self, device, payload):
        self.count(payload)
        self.alive.discard(device)

    def on_ddata(self, device, payload):
        self.count(payload)
        if device not in self.alive:
            self.fault(f"data of {device}, which is not born")
        _, first, last = map(int, BODY.fullmatch(bytes.fromhex(payload["body"]).decode()).groups())
        if last - first + 1 != len(payload["metrics"]):
            self.fault(f"{len(payload['metrics'])} metrics for {first} to {last}")
        for number, metric in enumerate(payload["metrics"], first):
            known = self.metrics[metric.get("alias", (device, metric.get("name")))]
            row = (*known, metric["timestamp"], metric["value"])
            if known[0] != device:
                self.fault(f"an alias of {known} in data of {device}")
            self.repeated += number in self.rows
            if self.rows.setdefault(number, row) != row:
                self.fault(f"number {number} is {self.rows[number]} and {row}")

    def kinds(self):
        return [message[0] for message in self.messages]

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()
        self.decoder.stop()

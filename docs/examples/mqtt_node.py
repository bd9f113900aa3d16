#!/usr/bin/env python3
"""mqtt_node: a node behind a local broker as docs/mqtt-nodes.md describes it: it measures, updates itself and obeys.

Its flash is a folder: running.bin is what it runs, next.bin what it has of the next image. It may be killed at any
moment and goes on where it was. Needs paho-mqtt 2.

    mqtt_node.py --broker localhost:1883 --hardware sensor-a --flash /var/tmp/node-7 node-7
"""
import argparse
import hashlib
import json
import pathlib
import queue
import time

import paho.mqtt.client as mqtt

INTEGRITY_FAILED = 5  # as in LwM2M's firmware update object


class Flash:
    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.running, self.next, self.wanted = folder / "running.bin", folder / "next.bin", folder / "next.sha256"

    @property
    def image(self):
        return hashlib.sha256(self.running.read_bytes()).hexdigest() if self.running.exists() else None

    def resume(self, sha256):
        """What is there of this image: of another, nothing."""
        if not self.wanted.exists() or self.wanted.read_text() != sha256:
            self.forget()
            self.wanted.write_text(sha256)
        return self.next.stat().st_size if self.next.exists() else 0

    def append(self, block):
        with open(self.next, "ab") as file:
            file.write(block)

    def is_good(self):
        return hashlib.sha256(self.next.read_bytes()).hexdigest() == self.wanted.read_text()

    def forget(self):
        self.next.unlink(missing_ok=True)
        self.wanted.unlink(missing_ok=True)

    def swap(self):
        self.next.replace(self.running)
        self.wanted.unlink()


class Node:
    def __init__(self, options):
        self.options, self.identity = options, options.node
        self.flash = Flash(options.flash)
        self.manifest = None  # of the update under way
        self.is_fetched = False
        self.asked = {}  # by offset: when
        self.blocks = {}  # by offset: those that wait for others before them
        self.events = queue.Queue()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, self.identity, protocol=mqtt.MQTTv311)
        self.client.will_set(f"status/{self.identity}", json.dumps({"state": "offline"}), qos=1, retain=True)
        self.client.on_connect = self.on_connect
        self.client.on_message = lambda client, _, message: self.events.put(message)
        self.client.reconnect_delay_set(1, 2)

    def on_connect(self, client, *_):
        topic = f"ota/{self.identity}"
        client.subscribe([(topic, 1), (f"{topic}/block/+/+", 0), (f"cmd/{self.identity}", 1)])
        self.events.put(None)

    def publish(self, topic, document, retain=False):
        self.client.publish(f"{topic}/{self.identity}", json.dumps(document), qos=1, retain=retain)

    def report(self):
        """What it runs. This is what confirms an update."""
        status = {"state": "online", "hardware": self.options.hardware, "battery": 87}
        if self.flash.image:
            status["image"] = self.flash.image[:16]
        self.publish("status", status, retain=True)

    def on_event(self, message):
        if message is None:
            self.report()
            self.asked.clear()
        elif message.topic == f"ota/{self.identity}":
            self.on_manifest(message.payload)
        elif message.topic == f"cmd/{self.identity}":
            self.on_command(json.loads(message.payload))
        else:
            *_, head, offset = message.topic.split("/")
            self.on_block(head, int(offset), message.payload)

    def on_manifest(self, payload):
        """Retained: it comes again at each connect. Nothing: there is no update (any more)."""
        manifest = json.loads(payload) if payload else None
        if manifest and self.manifest and manifest["sha256"] == self.manifest["sha256"]:
            self.manifest = manifest  # perhaps with other times
            return
        self.manifest, self.is_fetched, self.asked, self.blocks = None, False, {}, {}
        if not manifest:
            self.flash.forget()
        elif manifest["sha256"] != self.flash.image and manifest["hardware"] == self.options.hardware:
            self.manifest, self.offset = manifest, self.flash.resume(manifest["sha256"])
            self.publish("status", {"state": "downloading", "offset": self.offset})
            self.finish_if_complete()

    def ask(self):
        """A few blocks at once; one that does not come is asked for again."""
        if time.time() < self.manifest.get("fetch_at", 0):
            return
        now, size = time.monotonic(), self.manifest["size"]
        ends = range(self.offset, min(size, self.offset + self.options.window * self.options.block), self.options.block)
        for offset in ends:
            if offset in self.blocks or now - self.asked.get(offset, -1e9) < self.options.patience:
                continue
            self.asked[offset] = now
            request = {"sha256": self.manifest["sha256"], "offset": offset,
                       "size": min(self.options.block, size - offset)}
            self.client.publish(f"ota/{self.identity}/get", json.dumps(request), qos=0)

    def on_block(self, head, offset, block):
        if not self.manifest or not self.manifest["sha256"].startswith(head) or offset < self.offset:
            return
        if not block:  # the gateway does not offer this image any more
            self.manifest = None
            return
        self.blocks[offset] = block
        while self.offset in self.blocks:
            block = self.blocks.pop(self.offset)
            self.flash.append(block)
            self.asked.pop(self.offset, None)
            self.offset += len(block)
            time.sleep(self.options.pause)
        self.finish_if_complete()

    def finish_if_complete(self):
        if self.offset < self.manifest["size"]:
            return
        if not self.flash.is_good():
            self.manifest = None
            self.flash.forget()
            self.publish("status", {"state": "failed", "code": INTEGRITY_FAILED})
            return
        self.publish("status", {"state": "downloaded"})
        self.is_fetched = True
        self.apply_if_it_is_time()

    def apply_if_it_is_time(self):
        if not self.manifest.get("apply_at", 0) <= time.time() < self.manifest.get("apply_until", 1e12):
            return
        self.manifest = None
        self.publish("status", {"state": "applying"})
        self.flash.swap()  # and here a real node restarts
        self.report()

    def on_command(self, command):
        answer = {"id": command["id"], "ok": True, "result": f"{command['command']}: done"}
        self.client.publish(f"cmd/{self.identity}/reply", json.dumps(answer), qos=1)

    def run(self):
        host, _, port = self.options.broker.partition(":")
        self.client.connect_async(host, int(port or 1883))
        self.client.loop_start()
        while True:
            try:
                self.on_event(self.events.get(timeout=0.2))
            except queue.Empty:
                pass
            if self.manifest and self.is_fetched:
                self.apply_if_it_is_time()
            elif self.manifest:
                self.ask()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("node", help="its identity")
    parser.add_argument("--broker", default="localhost:1883", metavar="HOST[:PORT]")
    parser.add_argument("--hardware", default="sensor-a")
    parser.add_argument("--flash", type=pathlib.Path, required=True, help="a folder of its own")
    parser.add_argument("--block", type=int, default=4096, help="bytes asked for at once")
    parser.add_argument("--window", type=int, default=4, help="requests under way at once")
    parser.add_argument("--patience", type=float, default=5, help="seconds until a request is made again")
    parser.add_argument("--pause", type=float, default=0, help="seconds that writing a block takes")
    return parser.parse_args()


if __name__ == "__main__":
    Node(parse_arguments()).run()

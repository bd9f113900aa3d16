#!/usr/bin/env python3
"""driver: a whole driver of wakegate: one node that checks in, reports a temperature and takes the image it is offered.

    drivers: { others = ( { name = "barn"; program = "/usr/local/lib/wakegate/driver.py"; } ); };

The gateway starts it as "driver.py ENDPOINT NAME [FOLDER]"; images go to FOLDER. See docs/driver-protocol.md.
"""
import hashlib
import json
import pathlib
import sys
import time

import zmq


class Driver:
    def __init__(self, endpoint, name, folder="."):
        self.folder = pathlib.Path(folder)
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 1000
        self.socket.connect(endpoint)
        self.running = hashlib.sha256(b"as it came from the factory").hexdigest()
        self.offer, self.image, self.number, self.next_contact = None, b"", 0, None
        self.say("hello", protocol=1, driver=name)

    def say(self, kind, data=None, **members):
        head = json.dumps({"type": kind} | members).encode()
        self.socket.send_multipart([head] + ([data] if data else []))

    def check_in(self):
        self.next_contact, self.number = None, self.number + 1
        self.say("contact", id=self.number, node="barn-1", reports=True, hardware="barn", sha256=self.running)
        reading = b'[{"n": "temperature", "u": "Cel", "v": 21.5}]'
        self.say("report", reading, id=self.number, node="barn-1", format="json")

    def fetch(self):
        size = min(16384, self.offer["size"] - len(self.image))
        self.say("read", name=self.offer["name"], offset=len(self.image), size=size)

    def on_offer(self, message, data):
        if message["sha256"] != self.running:
            self.offer, self.image = message, b""
            self.fetch()

    def on_withdraw(self, message, data):
        self.offer = None

    def on_bytes(self, message, data):
        if not self.offer or message["name"] != self.offer["name"] or message["offset"] != len(self.image):
            return
        self.image += data
        self.say("progress", node="barn-1", state="downloading", offset=len(self.image))
        if message["result"] == "ok" and len(self.image) < self.offer["size"]:
            self.fetch()
        else:
            self.take_image()

    def take_image(self):
        digest = hashlib.sha256(self.image).hexdigest()
        is_good = digest == self.offer["sha256"]
        self.say("progress", node="barn-1", state="applying" if is_good else "failed", said=True)
        self.offer = None
        if is_good:
            (self.folder / f"{digest}.bin").write_bytes(self.image)
            self.running = digest  # the next check-in says so, and only that confirms the update
            self.next_contact = time.monotonic()

    def on_contact_answer(self, message, data):
        self.next_contact = time.monotonic() + message["next_s"]

    def on_start(self, message, data):
        self.say("ready")
        self.next_contact = time.monotonic()

    def on_beat(self, message, data):
        self.say("beat", id=message["id"])

    def on_stop(self, message, data):
        self.say("bye")
        sys.exit()

    def run(self):
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        poller.register(sys.stdin.fileno(), zmq.POLLIN)  # it ends when the gateway is gone
        while True:
            ready = dict(poller.poll(100))
            if sys.stdin.fileno() in ready and not sys.stdin.buffer.read1():
                sys.exit("the gateway is gone")
            if self.socket in ready:
                head, *data = self.socket.recv_multipart()
                message = json.loads(head)
                getattr(self, "on_" + message["type"], lambda *_: None)(message, data[0] if data else b"")
            if self.next_contact is not None and time.monotonic() >= self.next_contact:
                self.check_in()


if __name__ == "__main__":
    Driver(*sys.argv[1:]).run()

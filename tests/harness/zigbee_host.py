"""zigbee_host: software that nobody here wrote, as the host of a Zigbee stick; see tests/peers."""
import importlib.util
import json
import os
import pathlib
import queue
import sys
import time

import pytest

from .find import javascript_peers, peer
from .line_host import LineHost

PEERS = pathlib.Path(__file__).resolve().parents[1] / "peers"


class ZigbeeHost(LineHost):
    """Commands are lines of JSON: {"command": NAME, …}; the answer's "what" is that name, or "failed"."""

    def __init__(self, command, log, **environment):
        super().__init__(command[1])
        self.words = [str(word) for word in command]
        self.log = pathlib.Path(log)
        self.environment = {**os.environ, **environment}

    def command(self):
        return self.words

    def start(self):
        self.passed = []
        with open(self.log, "ab") as log:
            super().start(stderr=log, env=self.environment)
        self.wait("started")
        return self

    def wait(self, what, patience_s=60, **wanted):
        """The next line of that kind whose members are as `wanted`; the others are there for later waits."""
        def suits(line):
            return line["what"] == what and all(line.get(name) == value for name, value in wanted.items())

        deadline = time.monotonic() + patience_s
        for line in filter(suits, self.passed):
            self.passed.remove(line)
            return line
        while True:
            try:
                line = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {what} within {patience_s} s\n{self.log.read_text()[-4000:]}") from None
            if suits(line):
                return line
            assert line["what"] not in ("ended", "failed"), f"{what}: {line}\n{self.log.read_text()[-4000:]}"
            self.passed.append(line)

    def ask(self, command, patience_s=60, **more):
        self.say(json.dumps({"command": command, **more}))
        return self.wait(command, patience_s)

    def stop(self):
        self.ask("quit")
        self.child.wait(60)


def herdsman(folder, path, front, *block_bytes):
    """zigbee-herdsman, which keeps its files in `folder`; bytes of a block of firmware at most (50)."""
    peers = javascript_peers()
    folder.mkdir(parents=True, exist_ok=True)
    command = [peer("node"), PEERS / "herdsman_host.js", folder, path, {"znp": "zstack", "ezsp": "ember"}[front],
               *block_bytes]
    return ZigbeeHost(command, folder / "herdsman.log", NODE_PATH=peers)


def zigpy(folder, path, front):
    """zigpy with zigpy-znp or bellows, which keeps its files in `folder`."""
    radio = {"znp": "zigpy_znp", "ezsp": "bellows"}[front]
    if not importlib.util.find_spec(radio):
        pytest.skip(f"{radio} is not installed (tests/peers/requirements.txt)")
    folder.mkdir(parents=True, exist_ok=True)
    return ZigbeeHost([sys.executable, PEERS / "zigpy_host.py", folder, path, front], folder / "zigpy.log")

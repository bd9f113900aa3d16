"""stick: a stick through the contract that the Zigbee driver has with it (stick_host), driven by lines."""
import time

from .line_host import LineHost

FORM = "form 1a62 15 0102030405060708 00112233445566778899aabbccddeeff 0f0e0d0c0b0a09080706050403020100"


class Stick(LineHost):
    """stick_host, and the state that it said last."""

    def __init__(self, front, path):
        super().__init__("stick_host", front, path)

    def until(self, state):
        while True:
            line = self.wait("state")
            if line["state"] == state:
                return line

    def ask(self, command):
        self.say(command)
        result = self.wait(command.split()[0])["result"]
        assert result == "ok", f"{command}: {result}"

    def send(self, command):
        """Also over a stick that is just brought up again, as a slow machine may make it."""
        while True:
            self.say(command)
            if self.wait("send")["result"] == "ok":
                return self.wait("sent")["outcome"]
            time.sleep(0.2)

    def backup(self):
        """Its network, and the keys of nodes."""
        self.ask("backup")
        network, keys = self.until("up")["network"], []
        while True:
            line = self.lines.get(timeout=60)
            if line["what"] == "keys_end":
                return network, keys
            if line["what"] == "key":
                keys.append({name: line[name] for name in ("eui64", "key", "tx", "rx")})


def node_key(seed, number, counter):
    """As Z-Stack derives it: the seed, rotated, and the node's address twice."""
    eui64 = 0x00124B0033000001 + number
    seed, address = bytes.fromhex(seed), eui64.to_bytes(8, "little") * 2
    rotated = seed[number:] + seed[:number]
    return {"eui64": f"{eui64:016x}", "key": bytes(a ^ b for a, b in zip(rotated, address)).hex(), "tx": counter,
            "rx": 7}

"""What a link carries: so many transfers at a time, in all and through a parent of the mesh; the others are told when to come."""
import json
import os
import socket

import pytest

from harness.coap_load import GET, POST, request
from harness.find import free_port
from harness.gateway import Wakegate
from harness.process import wait_until

MAX_AGE = 14
HARDWARE = "sim-m4"


class Node:
    """A node that speaks when the test says so, from an address of its own."""

    def __init__(self, gateway, name, parent=None):
        self.name, self.parent, self.identity = name, parent, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", gateway.coap_port))
        self.socket.settimeout(2)

    def ask(self, code, path, body=None, block=None):
        """The answer's code and its Max-Age; asked again until there is one."""
        self.identity += 1
        datagram = request(code, path, self.identity, f"ep={self.name}", 50 if body else None, block,
                           json.dumps(body).encode() if body else b"")
        for _ in range(30):
            self.socket.send(datagram)
            try:
                answer = self.socket.recv(2048)
            except TimeoutError:
                continue
            if answer[4:8] == datagram[4:8]:
                return f"{answer[1] >> 5}.{answer[1] & 31:02}", max_age_of(answer)
        raise AssertionError("no answer")

    def check_in(self):
        parent = {"parent": self.parent} if self.parent else {}
        return self.ask(POST, "c", {"hw": HARDWARE, "version": "1.0.0", "image": "00" * 8} | parent)

    def fetch(self, name):
        return self.ask(GET, f"fw/{name}", block=(0, 6))


def max_age_of(message):
    """The value of Max-Age (RFC 7252 section 5.10.5), or None."""
    at, number = 4 + (message[0] & 15), 0
    while at < len(message) and message[at] != 0xFF:
        fields = []
        head, at = message[at], at + 1
        for part in (head >> 4, head & 15):
            extra = {13: 1, 14: 2}.get(part, 0)
            fields.append(part if not extra else int.from_bytes(message[at:at + extra], "big") + (13, 269)[extra - 1])
            at += extra
        number += fields[0]
        if number == MAX_AGE:
            return int.from_bytes(message[at:at + fields[1]], "big")
        at += fields[1]
    return None


@pytest.fixture
def site(tmp_path):
    gateways = []

    def start(parents, **links):
        gateway = Wakegate(tmp_path, free_port(), links=links).start()
        gateways.append(gateway)
        nodes = [Node(gateway, f"node-{i}", parent) for i, parent in enumerate(parents)]
        for node in nodes:
            assert node.check_in()[0] == "2.04"
        digest = gateway.add_image(os.urandom(20_000), hardware=HARDWARE)
        gateway.order(digest, HARDWARE)
        for node in nodes:
            assert node.check_in()[0] == "2.04"
        return gateway, nodes, digest[:16]
    yield start
    for gateway in gateways:
        gateway.stop()


def test_so_many_transfers_at_a_time_and_the_next_one_when_one_is_over(site):
    gateway, (first, second, third), image = site([None] * 3, transfers=1)
    assert first.fetch(image) == ("2.05", None)
    code, wait = second.fetch(image)
    assert code == "5.03" and wait > 0
    code, longer = third.fetch(image)
    assert code == "5.03" and longer > wait
    assert first.fetch(image)[0] == "2.05"
    counters = gateway.ask("status")["drivers"]["coap"]
    assert (counters["transfers_now"], counters["transfers_waiting_now"]) == (1, 2)
    assert counters["fetches_without_place"] >= 2  # more if a datagram was sent again
    metrics = gateway.cli("metrics").stdout
    assert "wakegate_coap_fetches_without_place_total" in metrics
    assert "# TYPE wakegate_coap_transfers_now gauge\nwakegate_coap_transfers_now 1\n" in metrics
    assert first.ask(POST, "s", {"state": "downloaded"})[0] == "2.04"
    assert third.fetch(image)[0] == "5.03"
    assert second.fetch(image)[0] == "2.05"


def test_nodes_of_the_same_parent_share_its_places(site):
    _, (first, sibling, other), image = site(["router-1", "router-1", "router-2"], per_parent=1)
    assert first.fetch(image)[0] == "2.05"
    assert sibling.fetch(image)[0] == "5.03"
    assert other.fetch(image)[0] == "2.05"


def test_firmware_waits_for_its_bytes_and_telemetry_does_not(site):
    gateway, (node, ), image = site([None], rate="20 B")
    codes = []
    wait_until("the link's bytes are used up", lambda: codes.append(node.fetch(image)) or codes[-1][0] == "5.03", 60, 0)
    assert codes[-1][1] > 0
    assert node.check_in()[0] == "2.04"
    assert gateway.ask("status")["drivers"]["coap"]["fetches_over_rate"] > 0

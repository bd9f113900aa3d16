"""All nodes of a site boot at once and call: those that find no room are told when to come, and everyone is served."""
import time

import cbor2

from harness.coap_load import POST, Load, request
from harness.find import free_port
from harness.gateway import Wakegate
from harness.nodes import SimulatedNodes
from harness.process import wait_until

NODES = 20


def test_nodes_that_come_at_once_are_served_one_after_another(tmp_path):
    # One at a time, for 100 ms: 20 nodes that boot within a second cannot but meet.
    gateway = Wakegate(tmp_path, free_port(),
                       schedule={"interval": "6 s", "contact": "100 ms", "concurrent": 1}).start()
    nodes = SimulatedNodes(tmp_path, gateway.coap, nodes=NODES, interval=6, run_for=600)

    def all_have_reported():
        shown = gateway.ask("node", "list")["nodes"]
        return len(shown) == NODES and all(node["contacts"] > 0 and node["readings"] > 0 for node in shown)

    try:
        wait_until("every node has reported", all_have_reported, 180, 0.5)
        nodes.stop()
        status = gateway.ask("status")
        assert status["slots"]["refused"] > 0
        assert status["slots"]["visits"] >= NODES
        # What a node was told is durable is, though it was sent away before.
        assert len(nodes.ledger().kept) > 0
        assert status["telemetry"]["readings"] >= len(nodes.ledger().kept)
    finally:
        nodes.stop()
        gateway.stop()


def test_what_was_taken_is_acknowledged_again_in_the_middle_of_a_crowd(tmp_path):
    # Whoever has called is there for 10 minutes, and one at a time may be; after a second it is another visit.
    gateway = Wakegate(tmp_path, free_port(),
                       schedule={"interval": "4 s", "contact": "10 min", "concurrent": 1}).start()
    report = cbor2.dumps([{0: "t", 2: 21.5, 6: int(time.time()) - 60}])
    news = cbor2.dumps([{0: "t", 2: 22.5, 6: int(time.time()) - 30}])

    def post(identity, name, payload):
        load = Load(gateway.coap_port)
        load.run([request(POST, "t", identity, f"ep={name}", 112, payload=payload)])
        return load.answers[identity]

    try:
        assert post(1, "first", report) == "2.04"
        assert post(2, "second", news) == "5.03"
        time.sleep(1.5)
        assert post(3, "first", report) == "2.04"  # its answer was lost
        time.sleep(1.5)
        assert post(4, "first", news) == "5.03"
        assert post(4, "first", news) == "5.03"  # the same bytes again: nothing was taken
        assert gateway.ask("status")["telemetry"]["readings"] == 1
    finally:
        gateway.stop()

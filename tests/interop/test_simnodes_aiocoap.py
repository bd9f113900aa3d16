"""The simulated nodes against a gateway made of aiocoap, json and cbor2, so that they do not certify themselves."""
import hashlib

import pytest

from harness.aiocoap_gateway import Gateway
from harness.find import free_udp_port, scaled
from harness.nodes import SimulatedNodes, mcuboot_image

FAST = {"interval": 0.3, "boot": 50, "ack_timeout": 60, "timeout": 90}
IMAGE = mcuboot_image(20_000)
WANTED = hashlib.sha256(IMAGE).hexdigest()


@pytest.fixture
def gateway(request):
    started = Gateway(free_udp_port(), **getattr(request, "param", {})).start()
    yield started
    started.stop()
    assert started.faults == []


def run(tmp_path, gateway, **options):
    nodes = SimulatedNodes(tmp_path, f"127.0.0.1:{gateway.port}", seed=scaled("SEED", 1), **(FAST | options))
    try:
        status = nodes.wait(120)
    finally:
        nodes.stop()
    return status, nodes


def flashed(nodes):
    return {file.parent.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in nodes.folder.glob("*/running.bin")}


@pytest.mark.parametrize("gateway", [{"image": IMAGE}], indirect=True)
def test_all_nodes_update_in_spite_of_loss_and_restarts(tmp_path, gateway):
    status, nodes = run(tmp_path, gateway, nodes=12, loss=10, restarts=10, until=WANTED)
    result = nodes.result()
    assert status == 0 and result["complete"]
    assert set(flashed(nodes).values()) == {WANTED}
    assert result["datagrams_lost"] > 0 and result["restarts"] > 12
    assert sum(node["resumes"] for node in result["nodes"]) > 0
    assert all(node["odd_answers"] == 0 and node["refusals"] == 0 for node in result["nodes"])
    assert {name for name, found in gateway.checkins if found["image"] == WANTED[:16]} == set(flashed(nodes))
    assert {found["version"] for _, found in gateway.checkins} == {"1.0.0", "2.0.0"}


@pytest.mark.parametrize("gateway", [{"refuse_reports": 5}], indirect=True)
def test_every_reading_arrives_as_it_was_made(tmp_path, gateway):
    status, nodes = run(tmp_path, gateway, nodes=12, loss=20, restarts=30, run_for=5)
    ledger = nodes.ledger()
    assert status == 0
    assert len(ledger.made) > 100
    assert ledger.kept == set(ledger.made)
    assert gateway.readings == ledger.made


@pytest.mark.parametrize("gateway", [{"image": IMAGE}], indirect=True)
def test_nodes_that_revert_brick_or_corrupt_say_what_is_true(tmp_path, gateway):
    status, nodes = run(tmp_path, gateway, nodes=5, revert=1, brick=1, corrupt=1, until=WANTED)
    states = {}
    for name, found in gateway.statuses:
        states.setdefault(name, []).append((found["state"], found.get("code", 0)))
    running = flashed(nodes)
    assert status == 0
    assert states["node-001"][-1] == ("reverted", 0) and running["node-001"] != WANTED
    assert states["node-002"][-1] == ("applying", 0)
    assert states["node-003"][0] == ("failed", 5) and running["node-003"] == WANTED
    for name in ("node-004", "node-005"):
        assert [state for state, _ in states[name]] == ["downloaded", "applying", "confirmed"]

"""The nodes of the simulated Zigbee stick, updated by a server inside it: what they bear, and what is odd about them."""
import hashlib

import pytest

from harness.simncp import SimNcp
from harness.zigbee_image import image

FIRMWARE = image(6000)
NODE = {"joined": True, "router": True}


@pytest.fixture
def start(tmp_path):
    """Starts a stick that serves the image itself, with these nodes, which ask for it by themselves."""
    started = []
    (tmp_path / "image.ota").write_bytes(FIRMWARE)

    def run(*groups, speed=50, **options):
        nodes = [{**NODE, **group, "ota": {"query_ms": 500, "verify_ms": 100, **group.get("ota", {})}}
                 for group in groups]
        started.append(SimNcp(tmp_path, nodes, "ideal", link=False, speed=speed, image=tmp_path / "image.ota",
                              **options).start())
        return started[-1]

    yield run
    for sim in started:
        sim.kill()


def updated(sim, number=0):
    node = sim.wait_for_node(number, lambda node: node["ota"]["sha256"], "is updated")
    assert node["ota"]["sha256"] == hashlib.sha256(FIRMWARE).hexdigest()
    return node["ota"]


def test_blocks_and_pages_over_a_lossy_air(start):
    sim = start({}, {"ota": {"page": 1024, "page_spacing_ms": 10}}, {"sleepy": True, "poll_ms": 1000, "parent": 0},
                loss=150, seed=3)
    blocks, pages, sleeper = (updated(sim, number) for number in range(3))
    assert blocks["pages"] == 0 and blocks["requests"] >= len(FIRMWARE) // 64
    assert pages["pages"] >= len(FIRMWARE) // 1024 and pages["requests"] < blocks["requests"]
    assert sleeper["blocks"] >= len(FIRMWARE) // 64


@pytest.mark.parametrize("forgets", [False, True])
def test_a_node_goes_on_after_a_power_cut_unless_it_forgets(start, forgets):
    counts = updated(start({"ota": {"forgets": forgets, "cut_at": 3000}}))
    whole, before = -(-len(FIRMWARE) // 64), -(-3000 // 64)
    # A machine that is slow makes the stick's answer late: the node asks again, and may be answered twice.
    assert counts["repeats"] < before, "too slow a machine to tell"
    assert 0 <= counts["blocks"] - whole - (before if forgets else 0) <= counts["repeats"]


def test_one_that_wants_its_own_block_size_loops_where_the_way_is_long(start):
    """With a relay, and the relays in each message, no block of 64 bytes fits."""
    sim = start({}, {"parent": 0, "ota": {"own_block": True}}, source_routes=True)
    node = sim.wait_for_node(1, lambda node: node["ota"]["requests"] > 20, "asks over and over")
    assert node["ota"]["offset"] == 0 and node["ota"]["sha256"] == ""
    assert updated(sim, 0)


def test_one_that_finds_the_image_bad_says_so_and_keeps_what_it_runs(start):
    sim = start({"ota": {"finds_bad": True}}, {"ota": {"needs_sixteenths": True, "block": 50}})
    for number in range(2):
        node = sim.wait_for_node(number, lambda node: node["ota"]["ends"] > 0, "ends")
        assert node["ota"]["sha256"] == "" and node["ota"]["version"] == 0x10

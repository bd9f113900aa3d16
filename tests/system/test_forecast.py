"""A forecast takes what the gateway knows of its nodes, begins nothing, and is the same for the same seed."""
import json
import random
import xml.etree.ElementTree as tree

import pytest

from harness.broker import Broker
from harness.coap_load import POST, Load, request
from harness.gateway import Wakegate

NODES = 300
HARDWARE = "m4"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forecast")
    broker = Broker(folder).start()
    gateway = Wakegate(folder, broker.port, gateway={"log_level": "warning"}, schedule={"interval": "15 min"}).start()
    body = json.dumps({"hw": HARDWARE, "version": "1.0"}).encode()
    Load(gateway.coap_port).run(request(POST, "/c", number + 1, f"ep=n{number:04}", 50, payload=body)
                                for number in range(NODES))
    gateway.add_image(random.Random(1).randbytes(30_000), hardware=HARDWARE)
    yield gateway
    gateway.stop()
    broker.stop()


def forecast(gateway, *words):
    return gateway.ask("rollout", "forecast", "spring", f"{HARDWARE}@2.0.0", "--runs", "50", *words)


def test_it_begins_nothing_and_is_complete(gateway):
    found = forecast(gateway, "--seed", "1")
    assert gateway.ask("rollout", "list")["rollouts"] == []
    assert (found["nodes"], found["stopped"], found["failed"]) == (NODES, 0, 0)
    # Three soaks of a day, and some calls of a quarter of an hour for each wave; a gate may want to see a soak longer.
    day = 24 * 3600 * 1000
    assert 3 * day < found["complete_ms"][0] < 3.5 * day and found["complete_ms"][4] < 12 * day
    shares = [point["shares"] for point in found["curve"]]
    assert shares[0] == [0] * 5 and shares[-1] == [1] * 5
    assert all(share == sorted(share) for share in shares)


def test_a_seed_fixes_it(gateway):
    one, two, other = [forecast(gateway, "--seed", seed) for seed in ("7", "7", "8")]
    for found in (one, two, other):
        # The nodes' next calls come closer while one asks.
        found.pop("complete_ms"), found.pop("wave_ms"), found.pop("curve")
    assert one == two
    assert one != other


def test_what_costs_more_takes_longer(gateway):
    base = forecast(gateway, "--soak", "1 h", "--rate", "1 KB")
    slow = forecast(gateway, "--soak", "1 h", "--rate", "1 KB", "--at-once", "2")
    bytes_once = NODES * 30_000 * 1.15
    assert bytes_once < base["bytes"] < bytes_once * 1.2
    assert slow["complete_ms"][2] > base["complete_ms"][2]
    closed = forecast(gateway, "--soak", "1 h", "--window", "Mon 03:00-04:00 UTC")
    assert closed["complete_ms"][2] == -1 or closed["complete_ms"][2] > base["complete_ms"][2]
    late = forecast(gateway, "--soak", "1 h", "--apply-window", "Mon 03:00-04:00 UTC")
    assert late["stopped"] == 0 and late["complete_ms"][2] > base["complete_ms"][2]


def test_it_is_drawn(gateway, tmp_path):
    picture = tmp_path / "spring.svg"
    text = gateway.cli("rollout", "forecast", "spring", f"{HARDWARE}@2.0.0", "--svg", picture).stdout
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "100 % |" in text and "assumed" in text
    root = tree.parse(picture).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall("{http://www.w3.org/2000/svg}polygon")) == 2
    refused = gateway.cli("rollout", "forecast", "spring", f"{HARDWARE}@2.0.0", "--only", "none-*", check=False)
    assert refused.returncode == 4

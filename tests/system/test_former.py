"""Databases of former versions: all that they hold is found, and reaches the broker once. A newer one is refused."""
import json
import sqlite3
import tarfile

import pytest

from harness.broker import Broker
from harness.find import ROOT
from harness.gateway import Wakegate
from harness.ledger import Ledger
from harness.process import wait_until
from harness.subscriber import Subscriber

FORMER = ROOT / "tests" / "golden" / "former"
FILES = ("gateway.db", "images.db", "telemetry.db")
FED = "meter"  # whose readings went into a window


@pytest.fixture
def site(tmp_path):
    """A gateway that is not started, with the databases of a former version, and a subscriber at its broker."""
    running = []

    def unpack(name):
        broker = Broker(tmp_path, keeps=True).start()
        running.append(broker)
        subscriber = Subscriber(broker.port)
        running.append(subscriber)
        gateway = Wakegate(tmp_path, broker.port)
        running.append(gateway)
        with tarfile.open(FORMER / f"{name}.tar.xz") as archive:
            for member in archive:
                (gateway.data / member.name).write_bytes(archive.extractfile(member).read())
        for file in ("nodes.ledger", "facts.json"):
            (gateway.data / file).rename(tmp_path / file)
        return gateway, subscriber.upstream, json.loads((tmp_path / "facts.json").read_text())

    yield unpack
    for each in reversed(running):
        each.stop()


def received(upstream):
    """(of the nodes: (node, time in ms) -> (name, value), of the window: name -> value)."""
    nodes = {key: reading for key, reading in upstream.readings.items() if key[0] != FED}
    window = {name: int(value) for node, _, name, value in upstream.numbers.values() if node == FED}
    return nodes, window


@pytest.mark.parametrize("name", ["rows", "columns", "feeds"])
def test_all_that_a_former_version_kept_goes_up_once(site, tmp_path, name):
    gateway, upstream, facts = site(name)
    ledger = Ledger(tmp_path / "nodes.ledger")
    windows = 4 if facts["fed"] else 0  # min, mean, max and count: its rule is gone
    gateway.start()
    wait_until("all is upstream", lambda: len(upstream.numbers) >= len(ledger.kept) + windows and
               gateway.ask("status")["telemetry"]["waiting"] == 0, 120)
    nodes, window = received(upstream)
    assert (set(nodes), upstream.gaps) == (ledger.kept, [])
    assert all(ledger.made[key] == reading for key, reading in nodes.items())
    assert window.get("fed/count", 0) == len(facts["fed"])
    assert len(gateway.ask("node", "list", "--hardware", "sim-m4")["nodes"]) == facts["nodes"]
    assert [image["sha256"] for image in gateway.ask("image", "list")["images"]] == [facts["image"]]
    # What migrated is as good as new: it stays so, and takes more.
    assert gateway.stop() == 0
    gateway.start()
    gateway.add_image(b"another one" * 100, hardware="sim-m4")
    assert len(gateway.ask("image", "list")["images"]) == 2
    assert gateway.stop() == 0
    assert list(gateway.data.glob("*.corrupt-*")) == []
    assert len(upstream.numbers) == len(ledger.kept) + windows


def set_version(gateway, name, version):
    database = sqlite3.connect(gateway.data / name)
    database.execute(f"PRAGMA user_version = {version}")
    database.close()


@pytest.mark.parametrize("name", FILES)
def test_a_newer_file_is_refused_and_left_alone(site, name):
    gateway, _, _ = site("feeds")
    set_version(gateway, name, 99)
    before = (gateway.data / name).read_bytes()
    with pytest.raises(AssertionError, match="daemon.failed"):
        gateway.start()
    said = gateway.process.output()
    assert f"cannot use {gateway.data / name}: it has version 99 and this wakegate knows up to" in said
    assert "run the newer wakegate" in said
    assert (gateway.data / name).read_bytes() == before
    assert list(gateway.data.glob("*.corrupt-*")) == []


def test_a_corrupt_file_is_set_aside_and_told(site):
    gateway, upstream, facts = site("feeds")
    (gateway.data / "telemetry.db").write_bytes(b"no database any more" * 1000)
    gateway.start()
    wait_until("the gap is told", lambda: upstream.gaps, 60)
    assert "reason=database_lost" in upstream.gaps[0]
    assert len(list(gateway.data.glob("telemetry.db.corrupt-*"))) >= 1
    assert len(gateway.ask("node", "list", "--hardware", "sim-m4")["nodes"]) == facts["nodes"]
    assert [image["sha256"] for image in gateway.ask("image", "list")["images"]] == [facts["image"]]

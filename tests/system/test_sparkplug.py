"""Sparkplug B at a real broker, read by Eclipse Tahu's decoder: births before data, no hole in seq, rebirth, deaths."""
import pytest

from harness.broker import Broker
from harness.gateway import Wakegate
from harness.ledger import comparable
from harness.nodes import SimulatedNodes
from harness.process import wait_until
from harness.sparkplug_host import SparkplugHost

TELEMETRY = {"format": "sparkplug", "batch_age": "100 ms", "commit_delay": "50 ms", "window": 200}


class Site:
    """A broker, a host, a gateway; `with` ends them."""

    def __init__(self, folder, host=None, **sparkplug):
        self.folder = folder
        self.broker = Broker(folder, keeps=True).start()
        self.host = SparkplugHost(self.broker.port, host)
        self.gateway = Wakegate(folder, self.broker.port, telemetry=TELEMETRY, sparkplug=sparkplug).start()
        self.nodes = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in (self.nodes, self.gateway, self.host, self.broker):
            if part:
                part.stop()

    def run_nodes(self):
        self.nodes = SimulatedNodes(self.folder, self.gateway.coap, nodes=5, loss=10, interval=0.2, ack_timeout=100)

    def wait_rows(self, count):
        wait_until("data", lambda: len(self.host.rows) >= count, 120)

    def wait_all(self):
        """Ends the measuring; until all readings made are at the host: each once, as it was made."""
        self.nodes.process.signal(15)
        assert self.nodes.wait(120) == 0
        made = self.nodes.ledger().made
        wait_until("all readings", lambda: len(self.host.rows) >= len(made), 120)
        assert self.host.faults == []
        found = {(device, time): (name, comparable(value)) for device, name, time, value in self.host.rows.values()}
        assert len(found) == len(self.host.rows)
        assert found == made


@pytest.mark.parametrize("settings", [{}, {"aliases": False}, {"quality": 0, "group": "plant 7", "edge_node": "gw"}])
def test_births_come_before_data_and_no_seq_is_missing(tmp_path, settings):
    with Site(tmp_path, **settings) as site:
        site.run_nodes()
        site.wait_rows(300)
        site.wait_all()
        quality = settings.get("quality", 1)
        assert {message.qos for *_, message in site.host.messages} == {quality}
        assert not any(message.retain for *_, message in site.host.messages)
        if settings.get("aliases", True):
            assert not any("name" in metric for kind, _, payload, _ in site.host.messages if kind == "DDATA"
                           for metric in payload["metrics"])
        site.gateway.stop()
        wait_until("a goodbye", lambda: site.host.kinds()[-1] == "NDEATH", 60)
        assert site.host.bd_seq is None and site.host.faults == []


def test_a_rebirth_that_is_asked_for_tells_everything_anew(tmp_path):
    with Site(tmp_path) as site:
        site.run_nodes()
        wait_until("all nodes are born", lambda: len(site.host.alive) == 5, 120)
        born = site.host.bd_seq
        for _ in range(3):
            before = site.host.kinds().count("NBIRTH")
            site.host.ask_rebirth()
            wait_until("a rebirth", lambda: site.host.kinds().count("NBIRTH") > before, 60)
        wait_until("all nodes are born again", lambda: len(site.host.alive) == 5, 60)
        assert site.host.bd_seq == born
        site.wait_all()


def test_a_killed_gateway_dies_and_comes_back_with_its_backlog(tmp_path):
    with Site(tmp_path) as site:
        site.run_nodes()
        site.wait_rows(10)
        numbers = [site.host.bd_seq]
        for _ in range(3):
            site.gateway.kill()
            wait_until("the last will", lambda: site.host.bd_seq is None, 60)
            site.gateway.start()
            wait_until("a birth", lambda: site.host.bd_seq is not None, 60)
            numbers.append(site.host.bd_seq)
        assert len(set(numbers)) == 4
        site.wait_all()


def test_readings_wait_for_the_primary_host(tmp_path):
    with Site(tmp_path, host="scada", primary_host="scada") as site:
        site.host.say(True)
        site.run_nodes()
        site.wait_rows(5)
        site.host.say(False)
        wait_until("a death", lambda: site.host.kinds()[-1] == "NDEATH", 60)
        site.gateway.kill()
        site.gateway.start()
        wait_until("readings wait", lambda: site.gateway.ask("status")["telemetry"]["waiting"] > 0, 120)
        assert site.host.kinds()[-1] == "NDEATH"
        assert site.gateway.ask("status")["sparkplug"] == {
            "edge_node": "test", "born": False, "devices": 0, "primary_host": "scada", "host_online": False}
        assert "host scada offline: readings wait for it" in site.gateway.cli("status").stdout
        before = len(site.host.messages)
        site.host.say(True)
        site.wait_all()
        told = site.gateway.ask("status")["sparkplug"]
        # A node whose readings had all gone up before is born again with its next one.
        assert 1 <= told.pop("devices") <= 5
        assert told == {"edge_node": "test", "born": True, "primary_host": "scada", "host_online": True}
        assert "wakegate_sparkplug_host_online 1" in site.gateway.cli("metrics").stdout
        late = [metric for kind, _, payload, _ in site.host.messages[before:] if kind == "DDATA"
                for metric in payload["metrics"]]
        assert late and late[0]["isHistorical"]


def test_a_node_that_is_not_heard_of_dies_and_comes_to_life_again(tmp_path):
    with Site(tmp_path) as site:
        site.run_nodes()
        site.wait_rows(20)
        site.wait_all()
        wait_until("all nodes are silent", lambda: site.host.kinds().count("DDEATH") == 5, 120)
        assert site.host.alive == set() and site.host.bd_seq is not None
        assert site.host.faults == []

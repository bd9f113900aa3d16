"""A backlog drained to a NATS JetStream cluster whose leader is killed meanwhile, counted end to end."""
import pytest

from harness.find import free_port, peer, scaled
from harness.gateway import Wakegate
from harness.nats_cluster import NatsCluster
from harness.process import wait_until
from harness.proxy import Proxy
from harness.report_load import PER_REPORT, Received, ReportLoad
from harness.rows import Rows

REPORTS_PER_KILL = 10_000
TELEMETRY = {"commit_delay": "50 ms", "quota": "4 GB", "batch_count": 100, "backlog_rate": 2000}


@pytest.fixture
def cluster(tmp_path):
    peer("nats-server")
    running = NatsCluster(tmp_path)
    yield running.start()
    running.stop()


def fill(folder):
    """A gateway without a broker takes the reports; what its nodes made and have acknowledged."""
    gateway = configure(folder, [f"tcp://127.0.0.1:{free_port()}"]).start()
    load = ReportLoad(folder, gateway.coap_port, nodes=100, reports=REPORTS_PER_KILL * leaders_to_kill())
    assert load.process.wait(400) == 0
    assert gateway.stop() == 0
    return load


def leaders_to_kill():
    return max(1, scaled("KILLS", 10) // 10)


def configure(folder, brokers):
    return Wakegate(folder, 0, gateway={"log_level": "info"}, mqtt={"brokers": brokers}, telemetry=TELEMETRY)


def kill_leader(cluster, received, total, way):
    """In the middle of the drain; the one killed comes back when the others have gone on. What had come by then. `way`
    is the consumer's to the cluster; it never leads to a server that is killed."""
    wanted = min(received.count + 2000, total)
    wait_until("the drain is under way", lambda: received.count >= wanted, 300)
    leader = cluster.wait_leader()
    way.to_port = next(server.mqtt for server in cluster.servers if server is not leader)
    leader.process.kill()
    killed_at = received.count
    wait_until("another server leads", lambda: cluster.leader() not in (None, leader), 180, 0.2)
    elected_at = received.count
    wait_until("the drain goes on", lambda: received.count > elected_at or received.count == total, 300)
    cluster.start_server(leader)
    cluster.wait_copies()
    return killed_at


@pytest.mark.timeout(24 * 3600)
def test_a_leader_killed_in_the_middle_of_the_drain_loses_nothing(tmp_path, cluster):
    load = fill(tmp_path)
    ledger, received = load.ledger(), Received(load.epoch_ms)
    total = PER_REPORT * sum(acknowledged for _, acknowledged in ledger)
    way = Proxy(cluster.servers[0].mqtt).start()
    rows = Rows(way.port, received.take)
    brokers = sorted(cluster.servers, key=lambda server: server is not cluster.wait_leader())
    gateway = configure(tmp_path, [f"tcp://127.0.0.1:{server.mqtt}" for server in brokers]).start()
    try:
        killed_at = [kill_leader(cluster, received, total, way) for _ in range(leaders_to_kill())]
        print(f"leaders killed after {killed_at} readings")
        assert received.finish(ledger, rows, 300) == []
    finally:
        rows.stop()
        way.stop()
        gateway.stop()

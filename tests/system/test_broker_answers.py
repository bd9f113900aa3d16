"""A broker that refuses connections or batches, allows few at once or answers late: no reading is lost or counted twice."""
import pytest

from harness.gateway import Wakegate
from harness.nodes import SimulatedNodes
from harness.process import wait_until
from harness.strict_broker import SUCCESS, StrictBroker

UNSPECIFIED, IMPLEMENTATION, NOT_AUTHORISED, UNAVAILABLE, BUSY, TOO_LARGE, QUOTA, RATE = (
    0x80, 0x83, 0x87, 0x88, 0x89, 0x95, 0x97, 0x9F)
NO_SUBSCRIBERS = 0x10
TELEMETRY = {"commit_delay": "20 ms", "batch_age": "20 ms", "batch_count": 20, "backlog_rate": 0}


class Site:
    """A gateway at a broker, and nodes that measure until finish()."""

    def __init__(self, folder, broker, **telemetry):
        self.broker = broker.start()
        self.gateway = Wakegate(folder, broker.port, mqtt={"protocol": "5", "keepalive": "60 s"},
                                telemetry=TELEMETRY | telemetry).start()
        self.nodes = SimulatedNodes(folder, self.gateway.coap, nodes=10, interval=0.1, ack_timeout=100, loss=5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in (self.nodes, self.gateway, self.broker):
            part.stop()

    @property
    def received(self):
        return len(self.broker.upstream.readings)

    def wait_received(self, count):
        wait_until(f"{count} readings", lambda: self.received >= count, 180)

    def finish(self):
        """What is wrong, once all that was measured has come."""
        self.nodes.process.signal(15)
        assert self.nodes.wait(120) == 0
        ledger = self.nodes.ledger()
        assert ledger.kept == set(ledger.made)
        wait_until("all readings", lambda: self.received >= len(ledger.made), 180)
        return self.broker.upstream.compare(ledger)


def test_a_broker_that_refuses_connections_is_asked_until_it_lets_in(tmp_path):
    reasons = [UNAVAILABLE, BUSY, NOT_AUTHORISED, QUOTA, RATE, UNSPECIFIED]
    broker = StrictBroker(greet=lambda n: reasons[n] if n < len(reasons) else SUCCESS)
    with Site(tmp_path, broker) as site:
        site.wait_received(50)
        assert broker.connections > len(reasons)
        assert site.finish() == []
        assert broker.upstream.repeated == 0


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_no_more_is_owed_than_the_receive_maximum(tmp_path, most):
    broker = StrictBroker(receive_maximum=most, judge=lambda payload: (SUCCESS, 0.05))
    with Site(tmp_path, broker) as site:
        site.wait_received(100)
        assert site.finish() == []
        assert 1 <= broker.most_owed <= most
        assert broker.upstream.repeated == 0


def test_a_batch_that_is_refused_comes_again(tmp_path):
    reasons = [QUOTA, NOT_AUTHORISED, UNSPECIFIED, IMPLEMENTATION]
    broker = StrictBroker()
    broker.judge = lambda payload: (reasons[len(broker.refused)] if len(broker.refused) < len(reasons) else SUCCESS, 0)
    with Site(tmp_path, broker, window=1) as site:
        wait_until("all refusals", lambda: broker.refused == reasons, 180)
        site.wait_received(50)
        assert broker.connections == 1
        assert site.finish() == []
        assert site.gateway.ask("status")["telemetry"]["lost"] == 0
        assert site.gateway.process.output().count("telemetry.refused") == len(reasons)


def test_batches_are_halved_until_the_broker_takes_them(tmp_path):
    most = 700
    broker = StrictBroker(judge=lambda payload: (SUCCESS if len(payload) <= most else TOO_LARGE, 0))
    with Site(tmp_path, broker, commit_delay="500 ms", batch_age="500 ms", batch_count=1000) as site:
        site.wait_received(100)
        assert site.finish() == []
        assert broker.refused and set(broker.refused) == {TOO_LARGE}
        assert broker.connections == 1


def test_that_nobody_subscribes_is_no_refusal(tmp_path):
    broker = StrictBroker(judge=lambda payload: (NO_SUBSCRIBERS, 0))
    with Site(tmp_path, broker) as site:
        site.wait_received(50)
        assert site.finish() == []
        assert "telemetry.refused" not in site.gateway.process.output()


def test_late_answers_are_waited_for(tmp_path):
    broker = StrictBroker(judge=lambda payload: (SUCCESS, 3.0))
    with Site(tmp_path, broker, window=2) as site:
        site.wait_received(60)
        assert site.finish() == []
        assert broker.connections == 1
        assert broker.upstream.repeated == 0

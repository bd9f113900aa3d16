"""A broker that vanishes, stalls, answers slowly or cuts connections, under load: all readings arrive, each once."""
import random
import time

import pytest

from harness.broker import Broker
from harness.find import scaled
from harness.gateway import Wakegate
from harness.process import wait_until
from harness.proxy import Proxy
from harness.report_load import Received, ReportLoad
from harness.rows import Rows

NODES = 50
TELEMETRY = {"commit_delay": "50 ms", "batch_age": "50 ms", "batch_count": 100, "backlog_rate": 0}


class Trouble:
    """Nodes that report all the time, and a gateway whose way to the broker is a proxy."""

    def __init__(self, folder):
        seed = scaled("SEED", random.randrange(1 << 30))
        print(f"\nseed {seed} (replay with: tests/run system --seed {seed})")
        self.random = random.Random(seed)
        self.broker = Broker(folder, keeps=True).start()
        self.proxy = Proxy(self.broker.port).start()
        self.gateway = Wakegate(folder, self.proxy.port, gateway={"log_level": "info"}, mqtt={"keepalive": "5 s"},
                                telemetry=TELEMETRY).start()
        self.load = ReportLoad(folder, self.gateway.coap_port, nodes=NODES)
        self.received = Received(self.load.epoch_ms)
        self.rows = Rows(self.broker.port, self.received.take)

    def stop(self):
        for part in (self.load.process, self.gateway, self.proxy, self.rows, self.broker):
            part.stop()

    def wait_flow(self):
        before = self.received.count
        wait_until("readings arrive", lambda: self.received.count > before + 500, 120)

    def wait_waiting(self, readings):
        wait_until(f"{readings} readings wait", lambda: self.status()["waiting"] > readings, 120)

    def status(self):
        return self.gateway.ask("status")["telemetry"]

    def finish(self):
        assert self.load.stop() == 0
        return self.received.finish(self.load.ledger(), self.rows)


@pytest.fixture
def trouble(tmp_path):
    running = Trouble(tmp_path)
    running.wait_flow()
    yield running
    running.stop()


def test_a_broker_that_vanishes_with_a_window_open_gets_it_again(trouble):
    for _ in range(3):
        trouble.proxy.stall()  # what is sent and acknowledged from here on gets lost
        trouble.wait_waiting(5000)
        trouble.proxy.cut()
        trouble.proxy.stall(False)
        trouble.wait_flow()
    assert trouble.finish() == []
    assert trouble.proxy.connections >= 4


def test_connections_that_are_cut_again_and_again_lose_nothing(trouble):
    for _ in range(20):
        time.sleep(trouble.random.uniform(0, 0.5))
        trouble.proxy.cut()
    trouble.wait_flow()
    assert trouble.finish() == []


def test_a_broker_that_says_nothing_is_given_up_by_keepalive(trouble):
    before = trouble.proxy.connections
    trouble.proxy.stall()
    wait_until("another attempt", lambda: trouble.proxy.connections > before, 180, 0.2)
    trouble.proxy.cut()
    trouble.proxy.stall(False)
    trouble.wait_flow()
    assert trouble.finish() == []


def test_a_broker_that_stalls_leaves_the_acknowledging_to_the_disk(trouble):
    wait_until("the broker acknowledges", lambda: trouble.status()["never_stored"] > 0, 180)
    trouble.proxy.stall()
    before = trouble.status()
    wait_until("the disk does", lambda: trouble.status()["by_disk"] > before["by_disk"] + 1000, 180)
    trouble.proxy.stall(False)
    before = trouble.status()
    wait_until("the broker does again", lambda: trouble.status()["never_stored"] > before["never_stored"], 180)
    assert trouble.finish() == []


def test_a_broker_that_is_slower_than_the_nodes_leaves_a_backlog_that_drains(trouble):
    trouble.proxy.rate, trouble.proxy.delay_s = 10_000, 0.3
    trouble.wait_waiting(5000)
    trouble.proxy.rate, trouble.proxy.delay_s = None, 0
    assert trouble.finish() == []
    wait_until("nothing waits", lambda: trouble.status()["waiting"] == 0, 60)

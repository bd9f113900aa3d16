"""Readings that the broker acknowledges before the disk has them: kill -9 at any moment loses and repeats nothing."""
import random
import time

import pytest

from harness.broker import Broker
from harness.find import scaled
from harness.gateway import Wakegate
from harness.process import wait_until
from harness.report_load import Received, ReportLoad
from harness.rows import Rows

NODES = 200
TELEMETRY = {"commit_delay": "50 ms", "backlog_rate": 0}


@pytest.fixture
def running(tmp_path):
    broker = Broker(tmp_path, keeps=True).start()
    gateway = Wakegate(tmp_path, broker.port, gateway={"log_level": "notice"}, telemetry=TELEMETRY).start()
    load = ReportLoad(tmp_path, gateway.coap_port, nodes=NODES, rate=1000)
    received = Received(load.epoch_ms)
    rows = Rows(broker.port, received.take)
    yield gateway, load, received, rows
    for part in (load.process, gateway, rows, broker):
        part.stop()


def never_stored(gateway):
    return gateway.ask("status")["telemetry"]["never_stored"]


def test_kill_9_loses_and_repeats_nothing_that_never_was_on_the_disk(running):
    gateway, load, received, rows = running
    seed = scaled("SEED", random.randrange(1 << 30))
    print(f"\nseed {seed} (replay with: tests/run system --seed {seed})")
    chance, elided = random.Random(seed), 0
    for _ in range(scaled("KILLS", 8)):
        wait_until("readings pass the disk by", lambda: never_stored(gateway) > 0, 180, 0.02)
        time.sleep(chance.uniform(0, 1))
        elided += never_stored(gateway)
        gateway.kill()
        gateway.start()
    wait_until("readings pass the disk by", lambda: never_stored(gateway) > 0, 180)
    assert load.stop() == 0, load.process.output()
    print(f"{elided} readings never stored")
    assert received.finish(load.ledger(), rows) == []
    assert rows.gaps == []  # a kill, unlike a power cut, leaves nothing unknown
    assert elided > 0

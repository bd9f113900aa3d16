"""kill -9 at random moments under full load: each acknowledged report reaches the consumer, each reading once."""
import random
import time

import pytest

from harness.broker import Broker
from harness.find import ours, scaled
from harness.gateway import Wakegate
from harness.process import Process
from harness.report_load import Received, ReportLoad
from harness.rows import Rows

NODES = 1000
TELEMETRY = {"commit_delay": "100 ms", "batch_age": "100 ms", "quota": "4 GB", "backlog_rate": 0,
             "compression": "zstd"}


def choose_seed():
    seed = scaled("SEED", random.randrange(1 << 30))
    print(f"\nseed {seed} (replay with: tests/run system --seed {seed})")
    return random.Random(seed)


def kill_often(gateway, chance, kills):
    """Also while it starts: every fourth time nobody waits until it has."""
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 1))
        gateway.kill()
        time.sleep(chance.uniform(0, 0.1))
        if chance.randrange(4):
            gateway.start()
        else:
            gateway.process = Process([ours("wakegated"), "--config", gateway.config], gateway.folder / "wakegated.log")


@pytest.mark.timeout(24 * 3600)
@pytest.mark.parametrize("online", [True, False], ids=["with_broker", "without_broker"])
def test_kill_9_under_full_load_loses_nothing_and_repeats_nothing(tmp_path, online):
    kills, chance = scaled("KILLS", 5), choose_seed()
    broker = Broker(tmp_path, keeps=True)
    gateway = Wakegate(tmp_path, broker.port, gateway={"log_level": "notice"}, nodes={"most": NODES + 100},
                       telemetry=TELEMETRY).start()
    load = ReportLoad(tmp_path, gateway.coap_port, nodes=NODES)
    received = Received(load.epoch_ms)
    rows = None
    try:
        if online:
            rows = Rows(broker.start().port, received.take)
        kill_often(gateway, chance, kills)
        assert load.stop() == 0, load.process.output()
        if not online:
            gateway.kill()
            rows = Rows(broker.start().port, received.take)
            gateway.start()
        print(f"{kills} kills")
        assert received.finish(load.ledger(), rows) == []
    finally:
        for part in (load.process, gateway, rows, broker):
            if part:
                part.stop()
    assert {gap["reason"] for gap in rows.gaps} <= {"unused"}
    assert not list(gateway.data.glob("*.corrupt-*"))

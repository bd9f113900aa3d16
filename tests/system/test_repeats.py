"""Reports that a node sends again because it heard no answer: kept once, also when the daemon died in between."""
import time
from decimal import Decimal

import cbor2
import pytest

from harness.broker import Broker
from harness.coap_load import POST, Load, request
from harness.gateway import Wakegate
from harness.process import wait_until
from harness.subscriber import Subscriber


@pytest.fixture
def parts(tmp_path):
    broker = Broker(tmp_path).start()
    subscriber = Subscriber(broker.port)
    gateway = Wakegate(tmp_path, broker.port, telemetry={"batch_age": "100 ms", "commit_delay": "20 ms"}).start()
    yield gateway, subscriber.upstream
    gateway.stop()
    subscriber.stop()
    broker.stop()


def post(gateway, identity, record):
    load = Load(gateway.coap_port)
    load.run([request(POST, "t", identity, "ep=repeater", 112, payload=cbor2.dumps([record]))])
    assert load.answers[identity] == "2.04"


DATED = {0: "t", 2: 21.5, 6: int(time.time()) - 60}
UNDATED = {0: "t", 2: 21.5}


def test_a_dated_report_in_a_new_message_is_the_same_report(parts):
    gateway, upstream = parts
    post(gateway, 1, DATED)
    post(gateway, 2, DATED)
    gateway.kill()
    gateway.start()
    post(gateway, 3, DATED)
    post(gateway, 4, DATED | {2: 22.5})
    wait_until("both readings arrive", lambda: len(upstream.numbers) >= 2)
    time.sleep(0.5)
    assert [value for _, _, _, value in upstream.numbers.values()] == [Decimal("21.5"), Decimal("22.5")]


def test_an_undated_report_is_the_same_only_in_the_same_message(parts):
    gateway, upstream = parts
    post(gateway, 1, UNDATED)
    gateway.kill()
    gateway.start()
    post(gateway, 1, UNDATED)
    post(gateway, 2, UNDATED)
    wait_until("both readings arrive", lambda: len(upstream.numbers) >= 2)
    time.sleep(0.5)
    assert len(upstream.numbers) == 2

"""docs/examples/consumer.py at a real broker: rows from every format, over both versions of MQTT, each reading once."""
import json
import struct
import subprocess
import sys

import pytest

from harness.broker import Broker
from harness.find import ROOT
from harness.gateway import Wakegate
from harness.ledger import comparable
from harness.nodes import SimulatedNodes
from harness.process import Process, wait_until

CONSUMER = ROOT / "docs" / "examples" / "consumer.py"
VARIANTS = [("json", "none", "5"), ("json", "zstd", "3.1.1"), ("cbor", "none", "3.1.1"), ("cbor", "zstd", "5"),
            ("columnar", "none", "5"), ("columnar", "zstd", "3.1.1"), ("sparkplug", "none", "5")]


class Consumer:
    """The reference consumer; what it printed is in `rows()`, also from before a restart."""

    def __init__(self, folder, port):
        self.log = folder / "rows"
        self.command = [sys.executable, CONSUMER, "--broker", f"127.0.0.1:{port}", "--state", folder / "seen.json",
                        "--topic", "telemetry/+", "--topic", "spBv1.0/#"]
        self.start()

    def start(self):
        self.process = Process(self.command, self.log)

    def wait_subscribed(self, broker):
        wait_until("the consumer subscribes", lambda: "SUBACK to wakegate-consumer" in broker.process.output(), 60)

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def rows(self):
        return [line for line in self.lines() if "gap" not in line]


def run_nodes(folder, gateway):
    nodes = SimulatedNodes(folder, gateway.coap, nodes=5, loss=10, interval=0.3, ack_timeout=100, run_for=4)
    assert nodes.wait(60) == 0
    return nodes.ledger()


@pytest.mark.parametrize("form, compression, protocol", VARIANTS)
def test_the_reference_consumer_sees_each_reading_once(tmp_path, form, compression, protocol):
    broker = Broker(tmp_path, keeps=True).start()
    gateway = Wakegate(tmp_path, broker.port, mqtt={"protocol": protocol}, telemetry={
        "format": form, "compression": compression, "batch_age": "100 ms", "commit_delay": "50 ms"}).start()
    consumer = Consumer(tmp_path, broker.port)
    try:
        consumer.wait_subscribed(broker)
        ledger = run_nodes(tmp_path, gateway)
        wait_until("some rows", lambda: len(consumer.rows()) > 10, 60)
        consumer.process.kill()
        gateway.kill()  # what it had not heard of as delivered comes again
        gateway.start()
        consumer.start()
        wait_until("all rows", lambda: len(consumer.rows()) >= len(ledger.made), 60)
    finally:
        for part in (consumer.process, gateway, broker):
            part.stop()
    rows = consumer.rows()
    assert [row["gateway"] for row in rows] == ["test"] * len(rows)
    assert len({row["sequence"] for row in rows}) == len({(row["node"], row["time"]) for row in rows})
    found = {(row["node"], round(float(row["time"]) * 1000)): (row["name"], row["value"]) for row in rows}
    made = {key: (name, value) for key, (name, value) in ledger.made.items()}
    assert {key: (name, comparable(number(value))) for key, (name, value) in found.items()} == made


def field(number, value):
    """A field of a protobuf message: an integer below 128, a double or bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    if isinstance(value, float):
        return bytes([number << 3 | 1]) + struct.pack("<d", value)
    return bytes([number << 3 | 2, len(value)]) + value


def test_a_consumer_that_missed_the_births_asks_for_them_once():
    sys.path.insert(0, str(CONSUMER.parent))
    from consumer import Consumer as Rows
    rows, asked = [], []
    consumer = Rows(rows.append, rows.append)
    consumer.ask = lambda topic, payload: asked.append(topic)
    metric = field(2, 5) + field(3, 9) + field(13, 22.5)

    def take_data(number):
        body = f"boot=1 first={number} last={number}".encode()
        consumer.take(field(2, metric) + field(3, 1) + field(5, body), "spBv1.0/g/DDATA/gw/a%2B1")

    take_data(1)
    take_data(2)
    assert asked == ["spBv1.0/g/NCMD/gw"]
    consumer.take(field(3, 0), "spBv1.0/g/NBIRTH/gw")
    consumer.take(field(2, field(1, b"t") + field(2, 5)) + field(3, 1), "spBv1.0/g/DBIRTH/gw/a%2B1")
    take_data(2)
    take_data(3)
    assert [row.get("alias") for row in rows] == [5, 5, None]
    assert (rows[2]["node"], rows[2]["name"], rows[2]["value"], rows[2]["sequence"]) == ("a+1", "t", 22.5, 3)


def number(value):
    """The consumer prints decimals as texts, to keep their digits."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def test_the_consumer_explains_itself():
    done = subprocess.run([sys.executable, CONSUMER, "--help"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "--state" in done.stdout

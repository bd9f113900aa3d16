"""`wakegate metrics`, read by Prometheus' own client library."""
import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.broker import Broker
from harness.coap import coap_client
from harness.gateway import Wakegate
from harness.process import wait_until

PATIENCE = 120
NODES = {"n1": ("m4", "1.0"), "n2": ("m4", "1.0"), "n3": ("m4", "2.0"), "n4": ('we"ird\\', "né")}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics")
    broker = Broker(folder).start()
    gateway = Wakegate(folder, broker.port).start()
    for node, (hardware, version) in NODES.items():
        wait_until(f"{node} is known", lambda: call(gateway, node, hardware, version), PATIENCE)
    wait_until("the uplink is there", lambda: gateway.ask("status")["uplink"]["connected"], PATIENCE)
    yield gateway.cli("metrics").stdout
    gateway.stop()
    broker.stop()


def call(gateway, node, hardware, version):
    coap_client("notls", "-m", "post", "-t", "50", "-B", "30", "-e",
                json.dumps({"hw": hardware, "version": version, "battery": 50}), f"coap://{gateway.coap}/c?ep={node}")
    return gateway.cli("node", "show", node, check=False).returncode == 0


def test_the_parser_finds_every_line(text):
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = sum(len(family.samples) for family in families.values())
    assert samples == sum(1 for line in text.splitlines() if line and not line.startswith("#"))
    assert all(family.documentation for family in families.values())
    assert families["wakegate_uplink_connected"].samples[0].value == 1


def test_nodes_are_told_apart_by_what_they_run(text):
    families = {family.name: family for family in text_string_to_metric_families(text)}
    nodes = {(sample.labels["hardware"], sample.labels["version"]): sample.value
             for sample in families["wakegate_firmware_nodes"].samples}
    assert nodes[("m4", "1.0")] == 2
    assert nodes[("m4", "2.0")] == 1
    assert sum(nodes.values()) == len(NODES)
    contacts = families["wakegate_firmware_contacts"]
    assert contacts.type == "counter"
    assert sum(sample.value for sample in contacts.samples) >= len(NODES)
    battery, = [sample.value for sample in families["wakegate_firmware_battery_percent"].samples
                if sample.labels == {"hardware": "m4", "version": "2.0"}]
    assert battery == 50


def test_no_two_lines_are_the_same_series(text):
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if line and not line.startswith("#")]
    assert len(series) == len(set(series))

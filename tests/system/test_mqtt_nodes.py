"""Nodes behind a local broker, played by paho: their readings go upstream once, whoever is killed in between."""
import json
import random
import time

import pytest

from harness.broker import Broker
from harness.find import scaled
from harness.gateway import Wakegate
from harness.mqtt_site import PATIENCE, Node, Site
from harness.process import wait_until
from harness.subscriber import Subscriber


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.stop()


def test_readings_go_upstream_as_they_were_sent(site):
    node = site.node("node-7")
    node.publish("telemetry", b'{"device_id":"node-7","timestamp":"2023-11-14T22:13:20.250Z","data":{"t":22.50}}')
    node.publish("telemetry", b'[{"bn":"","n":"pack","v":1,"t":1700000001}]')
    wait_until("both are here", lambda: len(site.taken("node-7")) == 2, PATIENCE)
    assert ("node-7", 1700000000250) in site.upstream.readings
    assert ("node-7", 1700000001000) in site.upstream.readings
    shown = site.show("node-7")
    assert shown["driver"] == "mqtt" and shown["readings"] == 2


def test_what_is_wrong_is_refused_counted_and_not_sent_again_for_ever(site):
    node = site.node("node-7")
    node.publish("telemetry", {"device_id": "node-8", "data": {"t": 1}})
    node.publish("telemetry", b"{")
    node.publish("telemetry", b"x" * 100000)
    node.client.publish("telemetry/not an identity", b"{}", qos=1)
    node.measure({"t": 2})
    wait_until("the good one is here", lambda: site.taken("node-7") == [("t", 2)], PATIENCE)
    names = ("identities_refused", "messages_malformed", "messages_oversized", "topics_unknown")
    assert [site.counter(name) for name in names] == [1, 1, 1, 1]
    site.gateway.kill()
    site.gateway.start()
    node.measure({"t": 3})
    wait_until("the next one is here", lambda: site.taken("node-7") == [("t", 2), ("t", 3)], PATIENCE)
    assert site.counter("messages") == 1


def test_equal_readings_without_a_date_are_all_kept(site):
    node = site.node("node-7")
    for _ in range(30):
        node.measure({"door": True})
    wait_until("all are here", lambda: len(site.taken("node-7")) == 30, PATIENCE)


def test_kills_of_the_gateway_and_restarts_of_the_broker_lose_nothing_and_repeat_nothing(site):
    seed = scaled("SEED", random.randrange(1 << 30))
    print("seed", seed)
    chance, began = random.Random(seed), time.time()
    nodes = [site.node(f"node-{i}") for i in range(5)]
    made, number = {}, 0
    for round in range(scaled("KILLS", 6)):
        for _ in range(40):
            node, number = chance.choice(nodes), number + 1
            time_ms = int(began * 1000) + number
            node.measure({"n": number}, timestamp=time_ms)
            made[node.identity, time_ms] = number
        time.sleep(chance.uniform(0, 0.4))
        site.gateway.kill()
        if round % 3 == 1:
            site.local.stop()
            site.local.start()
        site.gateway.start()
    wait_until("all are here", lambda: set(made) <= set(site.upstream.readings), PATIENCE)
    assert {key: int(value) for key, (_, value) in site.upstream.readings.items()} == made
    assert site.upstream.faults == []


def test_a_reading_that_is_not_durable_is_not_acknowledged(tmp_path):
    """Killed between delivery and commit: the broker delivers again, as its own log says."""
    site = Site(tmp_path, telemetry={"batch_age": "100 ms", "commit_delay": "1500 ms"})
    node, rounds = site.node("node-7"), 0
    # A slow machine may commit before it is killed; then the next round tries again.
    while "(d1, q1" not in site.local.process.output() and rounds < 20:
        rounds += 1
        node.measure({"n": rounds}).wait_for_publish(PATIENCE)
        wait_until("it was delivered", lambda: site.counter("messages") == 1, PATIENCE, 0.01)
        site.gateway.kill()
        site.gateway.start()
        wait_until("the gateway is back", lambda: site.counter("connected_now"), PATIENCE)
    assert "Sending PUBLISH to wakegate (d1, q1" in site.local.process.output()
    wait_until("all are here", lambda: len(site.taken("node-7")) >= rounds, PATIENCE)
    assert sorted(int(value) for _, value in site.taken("node-7")) == list(range(1, rounds + 1))
    site.stop()


def test_a_last_will_is_a_drop(site):
    node = site.node("node-7")
    node.publish("status", {"state": "online", "hardware": "esp32", "version": "1.2.0", "image": "00112233",
                            "battery": 80}, retain=True)
    wait_until("it is known", lambda: site.show("node-7").get("version") == "1.2.0", PATIENCE)
    assert site.show("node-7")["drops"] == 0
    node.crash()
    wait_until("the drop is counted", lambda: site.show("node-7")["drops"] == 1, PATIENCE)
    assert site.counter("wills") == 1
    shown = site.show("node-7")
    assert (shown["hardware"], shown["image"], shown["battery_percent"]) == ("esp32", "00112233", 80)


def test_nodes_are_told_slots_that_lie_apart_where_that_is_set(tmp_path):
    site = Site(tmp_path, mqtt_nodes={"slots": True}, schedule={"interval": "1 h", "jitter_percent": 0, "concurrent": 1})
    try:
        slots = {}
        for identity in ["node-1", "node-2", "node-3", "node-4"]:  # more at once than the link is said to bear
            node = site.node(identity)
            node.client.on_message = lambda _, told, message: told.append(json.loads(message.payload))
            told = []
            node.client.user_data_set(told)
            subscribed = []
            node.client.on_subscribe = lambda *_, seen=subscribed: seen.append(True)
            node.client.subscribe(f"cmd/{identity}/next", 1)
            wait_until(f"{identity} listens", lambda: subscribed, PATIENCE)
            node.measure({"t": 1})
            wait_until(f"{identity} is told its slot", lambda: told, PATIENCE)
            assert 0 < told[0]["next"] <= 2 * 3600
            slots[identity] = told[0]["at"] % 3600
            assert site.show(identity)["next_contact_ms"] // 1000 - told[0]["at"] in range(-60, 61)
        places = sorted(slots.values())
        gaps = [after - before for before, after in zip(places, places[1:] + [places[0] + 3600])]
        assert min(gaps) >= 800, slots  # a quarter of an hour each
        wait_until("nobody was sent away", lambda: len(site.upstream.numbers) == 4, PATIENCE)
    finally:
        site.stop()


def test_a_gateway_takes_no_batches_of_its_own_for_a_node(tmp_path):
    """One broker for both sides, with the topics' defaults."""
    broker = Broker(tmp_path, keeps=True).start()
    subscriber = Subscriber(broker.port)
    gateway = Wakegate(tmp_path, broker.port, mqtt_nodes={"port": broker.port, "accept": "open"},
                       telemetry={"batch_age": "100 ms", "commit_delay": "50 ms"}).start()
    node = Node(broker.port, "node-7")
    node.measure({"t": 1}, timestamp=time.time())
    wait_until("its reading is here", lambda: len(subscriber.upstream.numbers) == 1, PATIENCE)
    wait_until("the gateway heard itself",
               lambda: gateway.ask("status")["drivers"]["mqtt"]["nodes_refused"] > 0, PATIENCE)
    assert [shown["id"] for shown in gateway.ask("node", "list")["nodes"]] == ["node-7"]
    assert len(subscriber.upstream.numbers) == 1
    node.stop()
    gateway.stop()
    subscriber.stop()
    broker.stop()

"""Edge rules: what windows say is what was acknowledged, over kill -9; alarms; reload; wakegate telemetry try."""
import collections
import json
import os
import random
import signal
import subprocess
import threading
import time

import pytest
import zstandard

from harness.broker import Broker
from harness.find import ours, scaled
from harness.gateway import Wakegate
from harness.poster import Poster
from harness.process import wait_until
from harness.subscriber import Subscriber

WIDTH = 2  # seconds of a window
SUMS = f"""rules: {{ list = (
    {{ name = "sums"; names = [ "p" ]; window = "{WIDTH} s"; late = "1 s"; drop = true;
      outputs = ( {{ value = "sum"; name = "sum"; }}, {{ value = "count"; name = "count"; }} ); }} ); }};
"""
ALARM = """labels: { nodes = ( { match = [ "fridge-*" ]; labels = [ "cold", "site-a" ]; } ); };
rules: { list = (
    { name = "cold"; labels = [ "cold" ]; names = [ "t" ]; deadband = 1;
      alarms = ( { name = "warm"; above = 8; hysteresis = 0.5; } ); } ); };
"""


class Node(threading.Thread):
    """Posts one reading after the other until it is told to stop."""

    def __init__(self, name, port, seed):
        super().__init__()
        self.poster = Poster(name, port, seed)
        self.sent = collections.defaultdict(lambda: [0, 0])  # start of the window: sum and count
        self.stopping = threading.Event()
        self.fault = None

    def run(self):
        try:
            value = 0
            while not self.stopping.is_set():
                value += 1
                when = int(time.time()) - self.poster.random.randrange(4)
                self.poster.post([{"n": "p", "v": value, "t": when}])
                of = self.sent[when // WIDTH * WIDTH]
                of[0] += value
                of[1] += 1
        except Exception as fault:
            self.fault = fault


@pytest.fixture
def site(tmp_path):
    """Makes a gateway with these rules, and a subscriber at its broker."""
    running = []

    def make(rules):
        broker = Broker(tmp_path, keeps=True).start()
        running.append(broker)
        subscriber = Subscriber(broker.port)
        running.append(subscriber)
        gateway = Wakegate(tmp_path, broker.port, telemetry={"commit_delay": "50 ms", "batch_age": "200 ms"})
        write_rules(gateway, rules)
        running.append(gateway.start())
        return gateway, subscriber

    yield make
    for each in reversed(running):
        each.stop()


def write_rules(gateway, rules):
    folder = gateway.folder / "conf.d"
    folder.mkdir(exist_ok=True)
    (folder / "rules.cfg").write_text(rules)


def told(subscriber):
    """What windows said: (node, start) -> [sum, count], parts added up."""
    found = collections.defaultdict(lambda: [0, 0])
    for node, time_ms, name, value in list(subscriber.upstream.numbers.values()):
        found[node, int(time_ms) // 1000][name == "count"] += int(value)
    return {key: tuple(value) for key, value in found.items()}


def test_windows_say_what_was_acknowledged_over_kill_9(site):
    seed = scaled("SEED", random.randrange(1 << 30))
    print(f"\nseed {seed}")
    chance = random.Random(seed)
    gateway, subscriber = site(SUMS)
    nodes = [Node(f"n{i}", gateway.coap_port, seed + i) for i in range(4)]
    for node in nodes:
        node.start()
    for _ in range(scaled("KILLS", 10)):
        time.sleep(chance.uniform(0.1, 2.5))
        gateway.kill()
        time.sleep(chance.uniform(0, 0.3))
        gateway.start()
    for node in nodes:
        node.stopping.set()
    for node in nodes:
        node.join()
        node.poster.close()
    assert [node.fault for node in nodes] == [None] * len(nodes)
    sent = {(node.poster.name, start): tuple(of) for node in nodes for start, of in node.sent.items()}
    try:
        wait_until("all windows told", lambda: told(subscriber) == sent, 120, 0.5)
    except AssertionError:
        pass  # the comparison says what is wrong
    assert told(subscriber) == sent
    assert sum(count for _, count in sent.values()) > 0


def test_an_alarm_goes_upstream_with_its_value_and_the_rest_is_held_back(site):
    gateway, subscriber = site(ALARM)
    node = Poster("fridge-1", gateway.coap_port)
    start = int(time.time()) - 100
    for i, value in enumerate([5, 5.5, 8.5, 8.4, 7.4]):
        node.post([{"n": "t", "u": "Cel", "v": value, "t": start + i}])
    node.close()
    wanted = [("alarm/warm", False), ("alarm/warm/value", 5), ("t", 5),
              ("alarm/warm", True), ("alarm/warm/value", 8.5), ("t", 8.5),
              ("alarm/warm", False), ("alarm/warm/value", 7.4), ("t", 7.4)]

    def seen():
        numbers = dict(subscriber.upstream.numbers)
        return [(name, value if isinstance(value, bool) else float(value))
                for _, (_, _, name, value) in sorted(numbers.items())]

    wait_until("all is upstream", lambda: len(seen()) >= len(wanted), 60)
    assert seen() == wanted
    rule = gateway.ask("status")["rules"]["list"][0]
    assert (rule["taken"], rule["in_deadband"], rule["alarms"]) == (5, 2, 3)
    assert 'wakegate_rule_in_deadband_total{rule="cold"} 2' in gateway.cli("metrics").stdout
    assert gateway.ask("node", "show", "fridge-1")["node"]["labels"] == ["cold", "site-a"]
    assert "cold, site-a" in gateway.cli("node", "show", "fridge-1").stdout


def test_a_reload_that_removes_a_rule_has_its_windows_told(site):
    gateway, subscriber = site(SUMS.replace(f"{WIDTH} s", "1 h"))
    node = Poster("n1", gateway.coap_port)
    node.post([{"n": "p", "v": 5}])
    assert gateway.ask("status")["rules"]["windows"] == 1
    write_rules(gateway, "")
    gateway.process.signal(signal.SIGHUP)
    wait_until("the window is told", lambda: list(told(subscriber).values()) == [(5, 1)], 60)
    node.post([{"n": "q", "v": 6}])
    node.close()
    wait_until("readings pass", lambda: any(n[2] == "q" for n in list(subscriber.upstream.numbers.values())), 60)


def test_wrong_rules_are_refused_at_a_reload_and_the_former_ones_go_on(site):
    gateway, _ = site(SUMS)
    write_rules(gateway, 'rules: { list = (\n  { name = "a"; deadbond = 1; } ); };')
    gateway.process.signal(signal.SIGHUP)
    wait_until("the fault is logged", lambda: "rules.cfg:2: rules.list[0].deadbond is unknown" in
               gateway.process.output(), 60)
    assert [rule["name"] for rule in gateway.ask("status")["rules"]["list"]] == ["sums"]


RECORDED = [{"bn": "gw-1/", "n": "batch", "vs": "boot=3 first=1 last=4"},
            {"bn": "fridge-1/", "n": "t", "u": "Cel", "v": 5, "t": 1700000040}, {"n": "t", "v": 5.5, "t": 1700000041},
            {"n": "t", "u": "Cel", "v": 9, "t": 1700000042}, {"bn": "n2/", "n": "t", "v": 9, "t": 1700000043}]


def attempt(folder, rules, recorded, *options):
    (folder / "rules.cfg").write_text(rules)
    (folder / "recorded").write_bytes(recorded if isinstance(recorded, bytes) else recorded.encode())
    return subprocess.run([ours("wakegate"), "telemetry", "try", *options, folder / "rules.cfg", folder / "recorded"],
                          text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
                          env=os.environ | {"TZ": "UTC", "WAKEGATE_SOCKET": "/nowhere"})


def test_try_shows_what_rules_do_without_a_daemon(tmp_path):
    done = attempt(tmp_path, ALARM, json.dumps(RECORDED))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "TIME            READING           RULE  BECOMES",
        "11-14 22:14:00  fridge-1/t 5 Cel  cold  alarm/warm false",
        "                                  cold  t 5 Cel",
        "11-14 22:14:01  fridge-1/t 5.5    cold  nothing: in the dead-band",
        "11-14 22:14:02  fridge-1/t 9 Cel  cold  alarm/warm true",
        "                                  cold  t 9 Cel",
        "11-14 22:14:03  n2/t 9            -     t 9",
        "",
        "readings in: 4, out: 7; alarms raised or cleared: 1; windows: 0"]


class Recorder(Subscriber):
    """Keeps messages as they come."""

    def on_message(self, client, context, message):
        self.messages = getattr(self, "messages", []) + [message.payload]


@pytest.mark.parametrize("form", ["json", "cbor", "columnar"])
def test_try_reads_what_went_upstream_in_every_format(tmp_path, form):
    broker = Broker(tmp_path).start()
    recorder = Recorder(broker.port)
    gateway = Wakegate(tmp_path, broker.port, telemetry={"format": form, "compression": "zstd"}).start()
    node = Poster("fridge-1", gateway.coap_port)
    node.post([{"n": "t", "u": "Cel", "v": 5, "bt": 1700000040}, {"n": "t", "u": "Cel", "v": 9, "t": 1},
               {"n": "door", "vb": True, "t": 2}, {"n": "note", "vs": "a", "t": 3}])
    wait_until("the batch came", lambda: getattr(recorder, "messages", []), 60)
    node.close()
    for part in (gateway, recorder, broker):
        part.stop()
    packed = recorder.messages[0]
    plain = zstandard.ZstdDecompressor().decompress(packed)
    shown = [attempt(tmp_path, ALARM, recorded) for recorded in (plain, packed, plain + b"\n", packed + b"\n")]
    assert {(done.returncode, done.stderr, done.stdout) for done in shown} == {(0, "", shown[0].stdout)}
    assert [line.split("  ")[0] for line in shown[0].stdout.splitlines()[1:]] == [
        "11-14 22:14:00", "", "11-14 22:14:01", "", "11-14 22:14:02", "11-14 22:14:03", "",
        "readings in: 4, out: 8; alarms raised or cleared: 1; windows: 0"]
    assert "fridge-1/t 5 Cel" in shown[0].stdout
    twice = attempt(tmp_path, ALARM, packed + packed)
    assert "readings in: 8," in twice.stdout
    for damaged in (packed[:-3], plain[:-3], packed + packed[:-3]):
        done = attempt(tmp_path, ALARM, damaged)
        assert (done.returncode, "recorded:1: no batch" in done.stderr) == (1, True)


def test_try_speaks_json_and_reads_what_tail_printed(tmp_path):
    lines = [json.dumps({"node": "n1", "name": "p", "value": value, "received_ms": 1700000040000 + value * 1000})
             for value in (1, 2, 3)]
    done = attempt(tmp_path, SUMS, "\n".join(lines), "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["in"], result["out"], result["windows"]) == (3, 4, 2)
    assert [(row["what"], row["becomes"]["name"], row["becomes"]["value"]) for row in result["rows"]
            if "becomes" in row] == [("window_told", "sum", "1"), ("window_told", "count", "1"),
                                     ("window_open", "sum", "5"), ("window_open", "count", "2")]


def test_try_says_what_is_wrong(tmp_path):
    done = attempt(tmp_path, 'rules: {\n list = ( { name = "a"; window = "5 s"; } ); };', "[]")
    assert done.returncode == 1
    assert "rules.cfg:2: rules.list[0]: window and outputs need each other" in done.stderr
    done = attempt(tmp_path, ALARM, '{"node": "n1"}\n')
    assert done.returncode == 1
    assert 'recorded:1: no batch, no SenML, no line of "wakegate telemetry tail --json"' in done.stderr

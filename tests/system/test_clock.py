"""A wall clock that is set late, and one that jumps: readings get their right times, none is lost or comes twice."""
import time

import pytest

from harness.broker import Broker
from harness.gateway import Wakegate
from harness.poster import Poster
from harness.process import wait_until
from harness.set_clock import SetClock
from harness.subscriber import Subscriber

HOUR = 3600
SLACK = 300  # seconds; a wrong time is wrong by more than that
TELEMETRY = {"commit_delay": "50 ms", "batch_age": "200 ms"}


@pytest.fixture
def site(tmp_path):
    """A gateway that is not started, its clock, and a subscriber at its broker."""
    broker = Broker(tmp_path, keeps=True).start()
    subscriber = Subscriber(broker.port)
    clock = SetClock(tmp_path)
    gateway = clock.give(Wakegate(tmp_path, broker.port, telemetry=TELEMETRY))
    yield gateway, clock, subscriber.upstream
    gateway.stop()
    subscriber.stop()
    broker.stop()


class Truth:
    """A node's readings, with the times at which they really were made."""

    def __init__(self, gateway):
        self.poster, self.between = Poster("n1", gateway.coap_port), {}

    def post(self, name, ago_s=0, **fields):
        began = time.time()
        request = self.poster.post([{"n": name, "v": len(self.between)} | fields])
        self.between[name] = (began - ago_s - SLACK, time.time() - ago_s + SLACK)
        return request

    def untrue(self, upstream):
        """What came under another time than its own."""
        came = {name: time_ms / 1000 for _, time_ms, name, _ in upstream.numbers.values()}
        return {name: came.get(name) for name, (first, last) in self.between.items()
                if not first <= came.get(name, 0) <= last}


def settled(gateway, upstream, count):
    """All is there, each number once and no other."""
    wait_until("all is upstream", lambda: len(upstream.numbers) >= count and
               gateway.ask("status")["telemetry"]["waiting"] == 0, 120)
    assert (len(upstream.numbers), upstream.faults, upstream.gaps) == (count, [], [])


def test_readings_from_before_the_clock_was_set_get_their_times(site):
    gateway, clock, upstream = site
    clock.set_unset()
    gateway.start()
    truth = Truth(gateway)
    truth.post("undated")
    truth.post("relative", ago_s=500, t=-500)
    truth.post("dated", ago_s=5 * HOUR, t=int(time.time()) - 5 * HOUR)
    gateway.kill()
    gateway.start()
    truth.post("restarted")
    wait_until("the broker is there", lambda: gateway.ask("status")["uplink"]["connected"], 60)
    assert "clock.unset" in gateway.process.output()
    assert gateway.ask("status")["telemetry"]["waiting"] == 4  # for the clock
    assert upstream.messages == 0
    clock.set(0)
    settled(gateway, upstream, 4)
    truth.post("afterwards")
    settled(gateway, upstream, 5)
    assert truth.untrue(upstream) == {}
    assert "clock.jumped" in gateway.process.output()
    truth.poster.close()


def test_a_clock_set_while_the_gateway_was_down_is_found_out(site):
    gateway, clock, upstream = site
    clock.set_unset()
    gateway.start()
    truth = Truth(gateway)
    truth.post("undated")
    gateway.kill()
    clock.set(0)
    gateway.start()
    truth.post("afterwards")
    settled(gateway, upstream, 2)
    assert truth.untrue(upstream) == {}
    truth.poster.close()


WINDOWS = """rules: { list = (
    { name = "w"; names = [ "early", "dated" ]; window = "1 s"; late = "100 ms"; drop = true;
      outputs = ( { value = "sum"; name = "{name}"; } ); },
    { name = "x"; names = [ "begun" ]; window = "1 h"; drop = true;
      outputs = ( { value = "sum"; name = "{name}"; } ); } ); };
"""


def test_windows_from_before_the_clock_was_set_get_their_times(site):
    gateway, clock, upstream = site
    (gateway.folder / "conf.d").mkdir()
    (gateway.folder / "conf.d" / "rules.cfg").write_text(WINDOWS)
    clock.set_unset(up_s=2 * HOUR + 30)  # the hour has just begun
    gateway.start()
    truth = Truth(gateway)
    truth.post("early")
    truth.post("dated", ago_s=5 * HOUR, t=int(time.time()) - 5 * HOUR)
    truth.post("begun")
    wait_until("two windows are told", lambda: gateway.ask("status")["rules"]["windows"] == 1, 60)
    clock.set(0)
    settled(gateway, upstream, 3)
    assert truth.untrue(upstream) == {}
    truth.poster.close()


def test_a_clock_that_jumps_is_an_event_and_not_a_loss(site):
    gateway, clock, upstream = site
    gateway.start()
    poster, posted = Poster("n1", gateway.coap_port), {}
    for number, ahead_s in enumerate((0, HOUR, -2 * HOUR, 24 * HOUR, 0)):
        clock.set(ahead_s)
        wait_until("the jump is noticed", lambda: gateway.process.output().count("clock.jumped") >= number, 60)
        began = time.time() + ahead_s
        request = poster.post([{"n": f"r{number}", "v": number}])
        poster.repeat(request)  # no other report, whatever the clock says
        posted[f"r{number}"] = (began - SLACK, time.time() + ahead_s + SLACK)
    settled(gateway, upstream, len(posted))
    for _, time_ms, name, _ in upstream.numbers.values():  # as the clock said when it was taken
        assert posted[name][0] <= time_ms / 1000 <= posted[name][1], name
    gateway.kill()
    gateway.start()
    poster.post([{"n": "last", "v": 1}])
    settled(gateway, upstream, len(posted) + 1)
    poster.close()

"""Ends in order and outages in the middle of the quickstart's scenario."""
import time

from harness.process import wait_until
from harness.scenario import Scenario

TELEMETRY = {"batch_age": "200 ms", "commit_delay": "50 ms"}


def fetching(scenario):
    return scenario.nodes.status().get("bytes_fetched", 0) > 100_000


def test_sigterm_in_the_middle_of_transfers_ends_within_5_s_and_loses_nothing(tmp_path):
    with Scenario(tmp_path, telemetry=TELEMETRY) as scenario:
        scenario.start_nodes()
        digest = scenario.order_update()
        for _ in range(3):
            wait_until("transfers are under way", lambda: fetching(scenario) or scenario.all_run(digest), 120)
            started = time.monotonic()
            assert scenario.gateway.stop() == 0
            assert time.monotonic() - started < 5
            scenario.gateway.start()
        wait_until("all nodes run the image", lambda: scenario.all_run(digest), 400, 0.5)
        assert scenario.finish() == []
        assert scenario.set_aside() == []


def test_a_broker_that_is_away_costs_nothing_and_the_queue_drains_oldest_first(tmp_path):
    with Scenario(tmp_path, telemetry=TELEMETRY) as scenario:
        scenario.start_nodes()
        digest = scenario.order_update()
        wait_until("readings arrive", lambda: len(scenario.subscriber.upstream.readings) > 50, 120)
        scenario.broker.stop()
        time.sleep(4)
        scenario.gateway.kill()  # and the power fails during the outage
        scenario.gateway.start()
        time.sleep(4)
        waiting = scenario.gateway.ask("status")["telemetry"]["waiting"]
        before = len(scenario.subscriber.upstream.order)
        scenario.broker.start()
        wait_until("all nodes run the image", lambda: scenario.all_run(digest), 400, 0.5)
        assert scenario.finish() == []
        assert waiting > 50
        assert len(scenario.subscriber.upstream.order) > before

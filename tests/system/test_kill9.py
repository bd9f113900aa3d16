"""kill -9 at random moments of the quickstart's scenario, as a power cut would: nothing acknowledged may be lost."""
import time

from harness.find import scaled
from harness.process import wait_until
from harness.scenario import Scenario

TELEMETRY = {"batch_age": "200 ms", "commit_delay": "50 ms"}
UPDATE = {"retry_after": "10 s"}  # an attempt that fails is made again within the test


def known_images(scenario):
    return {node["image"] for node in scenario.gateway.ask("node", "list")["nodes"]}


def test_kill_9_loses_nothing_repeats_nothing_and_every_node_ends_on_the_right_image(tmp_path):
    kills = scaled("KILLS", 10)
    with Scenario(tmp_path, telemetry=TELEMETRY, update=UPDATE) as scenario:
        scenario.start_nodes()
        digest = scenario.order_update()
        for _ in range(kills):
            time.sleep(scenario.random.uniform(0.05, 1.5))
            scenario.gateway.kill()
            time.sleep(scenario.random.uniform(0, 0.3))
            scenario.gateway.start()
            if scenario.all_run(digest):
                digest = scenario.order_update()
        wait_until("all nodes run the last image", lambda: scenario.all_run(digest), 400, 0.5)
        wait_until("the gateway knows what the nodes run", lambda: known_images(scenario) == {digest[:16]}, 60, 0.5)
        assert scenario.finish() == []
        assert scenario.set_aside() == []

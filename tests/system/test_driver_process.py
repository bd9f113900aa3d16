"""The CoAP driver in a process of its own: killed again and again it costs no more than the blocks in flight."""
import os
import signal
import time

from harness.find import ours, scaled
from harness.process import wait_until
from harness.scenario import Scenario

TELEMETRY = {"batch_age": "200 ms", "commit_delay": "50 ms"}
UPDATE = {"retry_after": "10 s"}


def apart(**more):
    return {"program": ours("wakegate-driver"), "restart_after": "100 ms", "restart_most": "500 ms", **more}


def driver(gateway, name="coap"):
    return next(one for one in gateway.ask("driver", "list")["drivers"] if one["driver"] == name)


def running_pid(gateway, before=0):
    """The pid of the driver's process once its network is open, another one than before."""
    def found():
        one = driver(gateway)
        return one["state"] == "running" and one.get("pid") not in (None, before) and one["pid"]
    return wait_until("the driver runs", found, 60)


def test_a_driver_killed_again_and_again_loses_no_reading_and_every_node_ends_on_the_right_image(tmp_path):
    with Scenario(tmp_path, telemetry=TELEMETRY, update=UPDATE, coap={"process": True}, drivers=apart()) as scenario:
        pid = running_pid(scenario.gateway)
        scenario.start_nodes()
        digest = scenario.order_update()
        for _ in range(scaled("KILLS", 10)):
            time.sleep(scenario.random.uniform(0.1, 0.8))
            os.kill(pid, signal.SIGKILL)
            pid = running_pid(scenario.gateway, pid)
            if scenario.all_run(digest):
                digest = scenario.order_update()
        wait_until("all nodes run the last image", lambda: scenario.all_run(digest), 400, 0.5)
        assert driver(scenario.gateway)["restarts"] >= scaled("KILLS", 10)
        assert scenario.finish() == []

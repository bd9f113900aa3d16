"""The CoAP driver in a process of its own: killed again and again it costs no more than the blocks in flight."""
import os
import pathlib
import signal
import time

import aiocoap

from harness.broker import Broker
from harness.coap_node import CoapNode
from harness.find import ours, scaled
from harness.gateway import Wakegate
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
        scenario.start_nodes(nodes=10, loss=5)
        digest = scenario.order_update(30_000)
        for _ in range(scaled("KILLS", 10)):
            time.sleep(scenario.random.uniform(0.05, 0.5))
            os.kill(pid, signal.SIGKILL)
            pid = running_pid(scenario.gateway, pid)
            if scenario.all_run(digest):
                digest = scenario.order_update(30_000)
        wait_until("all nodes run the last image", lambda: scenario.all_run(digest), 400, 0.5)
        assert driver(scenario.gateway)["restarts"] >= scaled("KILLS", 10)
        assert scenario.finish() == []


def test_a_transfer_goes_on_at_the_block_where_it_was_when_the_driver_died(tmp_path):
    broker = Broker(tmp_path).start()
    gateway = Wakegate(tmp_path, broker.port, coap={"process": True}, drivers=apart()).start()
    try:
        pid = running_pid(gateway)
        with CoapNode(gateway, "n1", "sim-m4") as node:
            node.check_in()
            digest = gateway.add_image(bytes(range(256)) * 60)
            gateway.order(digest, "sim-m4")
            told = node.check_in()
            for number in range(told["update"]["size"] // 1024):
                assert node.block(told, number) == aiocoap.CONTENT
                if number % 5 == 4:
                    os.kill(pid, signal.SIGKILL)
                    pid = running_pid(gateway, pid)
            node.run(digest, "2.0.0")
            node.check_in()
        assert gateway.ask("update", "list")["updates"][0]["state"] == "confirmed"
        os.kill(pid, signal.SIGSTOP)  # the gateway stops all the same, and takes it along
        assert gateway.stop() == 0
        wait_until("it is gone", lambda: not pathlib.Path(f"/proc/{pid}/cmdline").exists() or not pathlib.Path(
            f"/proc/{pid}/cmdline").read_bytes(), 60)
    finally:
        gateway.stop()
        broker.stop()


def test_the_driver_ends_when_its_gateway_was_killed(tmp_path):
    broker = Broker(tmp_path).start()
    gateway = Wakegate(tmp_path, broker.port, coap={"process": True}, drivers=apart()).start()
    try:
        pid = running_pid(gateway)
        gateway.kill()
        wait_until("it is gone", lambda: not pathlib.Path(f"/proc/{pid}").exists() or "Z" in pathlib.Path(
            f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0], 60)
        gateway.start()  # the port is free again
        running_pid(gateway)
    finally:
        gateway.stop()
        broker.stop()

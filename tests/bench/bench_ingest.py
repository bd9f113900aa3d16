#!/usr/bin/env python3
"""ingest: reports acknowledged when durable, beside mosquitto's PUBACKs and a bare echo of datagrams.

1,000 nodes post reports of four readings, 109 bytes of SenML CBOR, each the next one when the last is acknowledged. The
uplink is down, so that every report is on the disk before its answer; commit_delay is 1 ms, as nodes that wait for
their answers send nothing meanwhile: with 2 ms the gateway sleeps for some of it, with 0 commits are of any size.
mosquitto has its persistence on and a subscriber who is away, and gets the same bytes at QoS 1 from Paho C. What it
does for the fastest client that one can write, with 1,000 connections and with one, is told without a goal: a bare echo
does not reach 3.5 times as much either. All take turns, so that what else the machine does meets all of them. So is
what it does when it saves every second: by default it does so every half hour, and nothing is written while this runs.
"""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from harness.broker import Broker
from harness.figure import figure
from harness.find import free_port, free_udp_port, ours, peer
from harness.gateway import Wakegate
from harness.process import Process, cpu_s, pin

NODES, PAYLOAD, ANSWER, SECONDS, ROUNDS = 1000, 109, 12, 2, 5
OURS, THEIRS = 0, 1  # cores: the server under test, and the load
WINDOWS = (20, 100)


def run_load(program, port, *arguments):
    """What a load generator prints, as numbers."""
    command = [ours(program), "--port", port, "--seconds", SECONDS, *arguments]
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    pin(child.pid, THEIRS)
    out, _ = child.communicate(timeout=600)
    if child.returncode:
        sys.exit(f"{program} ended with {child.returncode}")
    return list(map(float, out.split()))


class Gateway:
    def __init__(self, folder):
        folder.mkdir()
        self.gateway = Wakegate(folder, free_port(), gateway={"log_level": "notice"}, nodes={"most": NODES + 100},
                                telemetry={"commit_delay": "1 ms", "quota": "4 GB"}).start()
        self.pid, self.reports, self.slow_ms = self.gateway.process.child.pid, 0, []
        pin(self.pid, OURS)

    def measure(self):
        rate, _, refused, _, slow_ms = run_load("report_load", self.gateway.coap_port, "--linger", 60,
                                                "--epoch", int(time.time()) * 1000, "--nodes", NODES)
        assert not refused, f"{refused} reports refused"
        self.slow_ms.append(slow_ms)
        return rate

    def stop(self):
        self.gateway.stop()


class Echo:
    def __init__(self, folder):
        self.port = free_udp_port()
        self.process = Process([ours("coap_echo"), self.port, ANSWER], folder / "echo.log")
        self.pid = self.process.child.pid
        pin(self.pid, OURS)
        time.sleep(0.2)

    def measure(self):
        return run_load("report_load", self.port, "--nodes", NODES)[0]

    def stop(self):
        self.process.stop()


class Mosquitto:
    def __init__(self, folder, program, *arguments, extra=""):
        self.program, self.arguments = program, [*arguments, "--bytes", PAYLOAD]
        folder.mkdir()
        self.broker = Broker(folder, keeps=True, extra=f"log_type none\n{extra}").start()
        self.pid = self.broker.process.child.pid
        pin(self.pid, OURS)
        subprocess.run([peer("mosquitto_sub"), "-p", str(self.broker.port), "-c", "-i", "away", "-q", "1",
                        "-t", "telemetry/#", "-E"], check=True)

    def measure(self):
        return run_load(self.program, self.broker.port, *self.arguments)[0]

    def stop(self):
        self.broker.stop()


def contestants(folder):
    yield "wakegate", lambda: Gateway(folder / "wakegate")
    yield "echo", lambda: Echo(folder)
    for window in WINDOWS:
        yield f"mosquitto_paho_window_{window}", lambda: Mosquitto(folder / f"paho{window}", "paho_load",
                                                                   "--window", window)
    yield "mosquitto_saving_paho", lambda: Mosquitto(folder / "saving", "paho_load", "--window", WINDOWS[-1],
                                                     extra="autosave_interval 1\n")
    yield "mosquitto_1000_sockets", lambda: Mosquitto(folder / "many", "mqtt_load", "--clients", NODES, "--window", 1)
    yield "mosquitto_one_socket", lambda: Mosquitto(folder / "one", "mqtt_load", "--window", 20)


def measure(rates, costs, slow_ms):
    """One round: each contestant anew, so that none carries what another round left behind."""
    with tempfile.TemporaryDirectory() as name:
        for what, make in contestants(pathlib.Path(name)):
            contestant = make()
            try:
                before = cpu_s(contestant.pid)
                rate = contestant.measure()
                rates.setdefault(what, []).append(rate)
                costs.setdefault(what, []).append((cpu_s(contestant.pid) - before) * 1e6 / (rate * SECONDS))
                slow_ms += getattr(contestant, "slow_ms", [])
            finally:
                contestant.stop()


def main():
    rates, costs, slow_ms = {}, {}, []
    for _ in range(ROUNDS):
        measure(rates, costs, slow_ms)
    middle = {what: statistics.median(found) for what, found in rates.items()}
    for what, rate in middle.items():
        figure(f"ingest.{what}", rate, "1/s")
        figure(f"ingest.{what}_cpu", statistics.median(costs[what]), "us")
    figure("ingest.wakegate_99_percent_within", statistics.median(slow_ms), "ms")
    paho = max(middle[f"mosquitto_paho_window_{window}"] for window in WINDOWS)
    figure("ingest.over_mosquitto", middle["wakegate"] / paho, "x", ">=3.5")
    figure("ingest.over_mosquitto_saving", middle["wakegate"] / middle["mosquitto_saving_paho"], "x")
    figure("ingest.over_mosquitto_1000_sockets", middle["wakegate"] / middle["mosquitto_1000_sockets"], "x")
    figure("ingest.of_echo", middle["wakegate"] / middle["echo"], "x", ">=0.55")


if __name__ == "__main__":
    main()

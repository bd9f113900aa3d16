#!/usr/bin/env python3
"""backlog: 10,000,000 readings that waited, brought upstream over 100 ms of round trip.

The nodes' reports fill the store while there is no broker. Then the gateway starts with all that, first with a cap on
the backlog, then without, and drains it to mosquitto behind a proxy that adds 50 ms each way.
"""
import pathlib
import subprocess
import sys
import tempfile
import time

from harness.broker import Broker
from harness.coap_load import GET, Load, request
from harness.figure import figure
from harness.find import free_port, ours
from harness.gateway import Wakegate
from harness.process import Process, memory_mb, wait_until
from harness.proxy import Proxy

READINGS, PER_REPORT, NODES = 10_000_000, 4, 1000
DELAY_S, CAP, CAPPED_S = 0.05, 20_000, 10
TELEMETRY = {"quota": "4 GB", "commit_delay": "5 ms", "format": "json", "compression": "zstd"}


def configure(folder, port, **telemetry):
    return Wakegate(folder, port, gateway={"log_level": "notice"}, nodes={"most": NODES + 100},
                    telemetry=TELEMETRY | telemetry)


def telemetry_status(gateway):
    return gateway.ask("status")["telemetry"]


def fill(folder):
    gateway = configure(folder, free_port()).start()
    try:
        started = time.monotonic()
        subprocess.run(list(map(str, [ours("report_load"), "--port", gateway.coap_port, "--nodes", NODES, "--reports",
                                      READINGS // PER_REPORT, "--seconds", 3600, "--linger", 60])),
                       check=True, stdout=subprocess.DEVNULL)
        figure("backlog.filled", READINGS / (time.monotonic() - started), "1/s")
        assert telemetry_status(gateway)["waiting"] == READINGS
    finally:
        gateway.stop()
    figure("backlog.disk_per_reading", sum(file.stat().st_size for file in gateway.data.glob("telemetry*")) / READINGS,
           "B")


def time_start(gateway):
    """Seconds from exec to the first answer over CoAP."""
    probe = Load(gateway.coap_port, patience=0.005)
    started = time.monotonic()
    gateway.process = Process([ours("wakegated"), "--config", gateway.config], gateway.folder / "wakegated.log")
    probe.run([request(GET, ".well-known/core", 1)])
    return time.monotonic() - started


def delivered_over(gateway, seconds):
    """Readings a second that the broker acknowledged."""
    before, started = telemetry_status(gateway)["delivered"], time.monotonic()
    time.sleep(seconds)
    after, ended = telemetry_status(gateway)["delivered"], time.monotonic()
    return (after - before) / (ended - started)


def drain_capped(folder, proxy):
    gateway = configure(folder, proxy.port, backlog_rate=CAP)
    try:
        figure("backlog.start_with_10000000_readings", time_start(gateway), "s", "<=1")
        wait_until("the drain has begun", lambda: telemetry_status(gateway)["delivered"] > CAP, 60)
        ratio = delivered_over(gateway, CAPPED_S) / CAP
        figure("backlog.capped_over_cap", ratio, "x", "<=1.05")
        figure("backlog.capped_of_cap", ratio, "x", ">=0.95")
    finally:
        gateway.stop()


def drain(folder, proxy):
    gateway = configure(folder, proxy.port, backlog_rate=0).start()
    try:
        waiting, started = telemetry_status(gateway)["waiting"], time.monotonic()
        wait_until("the backlog is drained", lambda: telemetry_status(gateway)["waiting"] == 0, 3600, 0.2)
        figure("backlog.drained_over_100_ms", waiting / (time.monotonic() - started), "1/s", ">=100000")
        figure("backlog.upstream_per_reading", proxy.bytes_up / READINGS, "B")
        figure("backlog.peak_rss", memory_mb(gateway.process.child.pid, "VmHWM"), "MB", "<=20")
    finally:
        gateway.stop()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        broker = Broker(folder, extra="log_type none\n").start()
        proxy = Proxy(broker.port, delay_s=DELAY_S).start()
        try:
            fill(folder)
            drain_capped(folder, proxy)
            drain(folder, proxy)
        except subprocess.CalledProcessError as fault:
            sys.exit(str(fault))
        finally:
            proxy.stop()
            broker.stop()


if __name__ == "__main__":
    main()

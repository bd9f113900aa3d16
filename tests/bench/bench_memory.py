#!/usr/bin/env python3
"""memory: what wakegated holds with 10,000 nodes and 500 downloads, and how fast it starts with 1,000,000 readings."""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import cbor2

from harness.coap_load import GET, POST, Load, request
from harness.figure import figure
from harness.find import free_port, ours
from harness.gateway import Wakegate
from harness.process import Process

NODES, FETCHING, IMAGE_BYTES, READINGS = 10_000, 500, 1_000_000, 1_000_000
PER_REPORT = 80
SZX = 6


def memory_mb(pid, field):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def register(gateway, load):
    body = json.dumps({"hw": "sim-m4", "version": "1.0.0", "image": "0011223344556677", "battery": 90}).encode()
    codes = load.run(request(POST, "c", number, f"ep=node-{number:05}", 50, payload=body) for number in range(NODES))
    assert codes == {"2.04": NODES}, codes
    assert gateway.ask("status")["nodes"]["total"] == NODES


def blocks(digest):
    """Every block of the image, asked for by all fetching nodes in turn."""
    identity = NODES
    for number in range(-(-IMAGE_BYTES // 1024)):
        for _ in range(FETCHING):
            identity += 1
            yield request(GET, f"fw/{digest[:16]}", identity, block=(number, SZX))


def measure_memory(folder):
    gateway = Wakegate(folder, free_port(), nodes={"most": NODES + 100}, gateway={"log_level": "notice"}).start()
    try:
        pid = gateway.process.child.pid
        figure("memory.rss_at_start", memory_mb(pid, "VmRSS"), "MB")
        load = Load(gateway.coap_port)
        register(gateway, load)
        figure("memory.rss_with_10000_nodes", memory_mb(pid, "VmRSS"), "MB")
        digest = gateway.add_image(bytes(range(256)) * (IMAGE_BYTES // 256))
        gateway.cli("update", "--yes", *(f"node-{number:05}" for number in range(FETCHING)), digest[:16])
        figure("memory.rss_with_500_updates", memory_mb(pid, "VmRSS"), "MB")
        load.codes.clear()
        started = time.monotonic()
        codes = load.run(blocks(digest))
        seconds = time.monotonic() - started
        assert set(codes) == {"2.05"}, codes
        figure("memory.rss_while_serving", memory_mb(pid, "VmRSS"), "MB", "<=15")
        figure("memory.peak", memory_mb(pid, "VmHWM"), "MB")
        figure("memory.blocks_served", codes["2.05"] / seconds, "1/s")
    finally:
        gateway.stop()


def reports():
    now = int(time.time()) - READINGS
    for number in range(READINGS // PER_REPORT):
        pack = [{0: "t", 2: index, 6: index} for index in range(PER_REPORT)]
        pack[0][-3] = now + number * PER_REPORT
        yield request(POST, "t", number, f"ep=node-{number % 100:03}", 112, payload=cbor2.dumps(pack))


def time_start(gateway):
    """Seconds from exec to the first answer over CoAP."""
    probe = Load(gateway.coap_port, patience=0.005)
    started = time.monotonic()
    gateway.process = Process([ours("wakegated"), "--config", gateway.config], gateway.folder / "wakegated.log")
    probe.run([request(GET, ".well-known/core", 1)])
    return time.monotonic() - started


def measure_start(folder):
    gateway = Wakegate(folder, free_port(), gateway={"log_level": "notice"}).start()
    try:
        started = time.monotonic()
        codes = Load(gateway.coap_port, window=256).run(reports())
        assert codes == {"2.04": READINGS // PER_REPORT}, codes
        figure("backlog.readings_taken", READINGS / (time.monotonic() - started), "1/s")
        assert gateway.ask("status")["telemetry"]["waiting"] == READINGS
        gateway.stop()
        figure("backlog.start_with_1000000_readings", time_start(gateway), "s", "<=1")
        figure("backlog.rss_after_start", memory_mb(gateway.process.child.pid, "VmRSS"), "MB")
        figure("backlog.disk_per_reading", sum(file.stat().st_size for file in gateway.data.glob("telemetry*"))
               / READINGS, "B")
    finally:
        gateway.stop()


def main():
    for measure in (measure_memory, measure_start):
        with tempfile.TemporaryDirectory() as folder:
            try:
                measure(pathlib.Path(folder))
            except subprocess.CalledProcessError as fault:
                sys.exit(f"{fault}: {fault.stderr}")


if __name__ == "__main__":
    main()

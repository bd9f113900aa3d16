#!/usr/bin/env python3
"""memory: what wakegated holds with 10,000 nodes and 500 downloads, and how fast it starts with 1,000,000 readings.

The gateway is one with plain CoAP nodes and an uplink to mosquitto, as most are: every node has an address of its own, the
nodes check in 64 at a time, an image of 1 MB is signed, imported, verified and ordered for 500 nodes, and all of these
fetch it side by side, block by block. Resident memory counts pages shared with other programs too (VmRSS), looked at all
the time while the 500 are served; the highest is the figure. The same with a broker over TLS is told, without a goal. A
driver in a process of its own has its own figure.
"""
import json
import pathlib
import selectors
import socket
import subprocess
import sys
import tempfile
import time

import cbor2

from harness.broker import Broker
from harness.coap_load import GET, POST, Load, request
from harness.figure import figure
from harness.find import free_port, ours
from harness.gateway import Wakegate
from harness.process import Process, memory_mb, wait_until
from harness.uplink import make_certificates

NODES, FETCHING, IMAGE_BYTES, READINGS = 10_000, 500, 1_000_000, 1_000_000
AT_ONCE = 64
PER_REPORT = 80
SZX = 6


class Crowd:
    """Nodes with an address and a socket each, that ask at the same time."""

    def __init__(self, port, numbers):
        self.sockets = [self.socket_of(number, port) for number in numbers]
        self.selector = selectors.DefaultSelector()
        for one in self.sockets:
            self.selector.register(one, selectors.EVENT_READ)

    @staticmethod
    def socket_of(number, port):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((f"127.1.{number >> 8}.{number & 255}", 0))
        one.connect(("127.0.0.1", port))
        return one

    def ask(self, datagrams, code):
        """A datagram each; waits until every one is answered with that code, repeats after 2 s without any."""
        waiting = dict(zip(self.sockets, datagrams))
        for one, datagram in waiting.items():
            one.send(datagram)
        while waiting:
            ready = self.selector.select(2)
            for one, datagram in waiting.items() if not ready else ():
                one.send(datagram)
            for key, _ in ready:
                answer = key.fileobj.recv(2048)
                if answer[4:8] == waiting.get(key.fileobj, b"")[4:8]:
                    assert f"{answer[1] >> 5}.{answer[1] & 31:02}" == code, answer
                    del waiting[key.fileobj]

    def close(self):
        self.selector.close()
        for one in self.sockets:
            one.close()


def register(gateway, count):
    body = json.dumps({"hw": "sim-m4", "version": "1.0.0", "image": "0011223344556677", "battery": 90}).encode()
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        crowd = Crowd(gateway.coap_port, numbers)
        crowd.ask([request(POST, "c", number, f"ep=node-{number:05}", 50, payload=body) for number in numbers], "2.04")
        crowd.close()
    assert gateway.ask("status")["nodes"]["total"] == count


def serve(gateway, digest, fetching, size, pid):
    """Every block of the image, asked for by all fetching nodes in turn. Returns the most memory that the process had, and
    blocks a second."""
    crowd = Crowd(gateway.coap_port, range(fetching))
    blocks, most, started = -(-size // 1024), 0, time.monotonic()
    for number in range(blocks):
        crowd.ask([request(GET, f"fw/{digest[:16]}", NODES + number * fetching + node, block=(number, SZX))
                   for node in range(fetching)], "2.05")
        most = max(most, memory_mb(pid, "VmRSS"))
    crowd.close()
    return most, blocks * fetching / (time.monotonic() - started)


def uplink_stands(gateway):
    return gateway.ask("status")["uplink"]["connected"]


def measure_serving(gateway, name, goal):
    pid = gateway.process.child.pid
    wait_until("the uplink stands", lambda: uplink_stands(gateway), 60)
    figure(f"memory.{name}at_start", memory_mb(pid, "VmRSS"), "MB")
    register(gateway, NODES)
    figure(f"memory.{name}with_10000_nodes", memory_mb(pid, "VmRSS"), "MB")
    digest = gateway.add_image(bytes(range(256)) * (IMAGE_BYTES // 256))
    gateway.cli("update", "--yes", *(f"node-{number:05}" for number in range(FETCHING)), digest[:16])
    figure(f"memory.{name}with_500_updates", memory_mb(pid, "VmRSS"), "MB")
    most, rate = serve(gateway, digest, FETCHING, IMAGE_BYTES, pid)
    figure(f"memory.{name}while_serving", most, "MB", goal)
    figure(f"memory.{name}peak", memory_mb(pid, "VmHWM"), "MB")
    figure(f"memory.{name}blocks_served", rate, "1/s")


def measure_memory(folder):
    broker = Broker(folder).start()
    gateway = Wakegate(folder, broker.port, nodes={"most": NODES + 100}, gateway={"log_level": "notice"})
    try:
        measure_serving(gateway.start(), "", "<=15")
    finally:
        gateway.stop()
        broker.stop()


def measure_memory_tls(folder):
    make_certificates(folder)
    port = free_port()
    broker = Broker(folder, f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\ncafile {folder}/ca.pem\n"
                            f"certfile {folder}/server.pem\nkeyfile {folder}/server.key\n", plain=False)
    broker.port = port
    broker.start()
    gateway = Wakegate(folder, port, nodes={"most": NODES + 100}, gateway={"log_level": "notice"},
                       mqtt={"brokers": [f"ssl://localhost:{port}"], "ca_file": str(folder / "ca.pem")})
    try:
        measure_serving(gateway.start(), "tls_", None)
    finally:
        gateway.stop()
        broker.stop()


def driver_pid(gateway):
    driver = gateway.ask("driver", "list")["drivers"][0]
    return driver["state"] == "running" and driver["pid"]


def measure_driver(folder):
    """The CoAP driver in a process of its own, with 200 nodes of which 20 fetch at a time."""
    gateway = Wakegate(folder, free_port(), gateway={"log_level": "notice"}, coap={"process": True},
                       drivers={"program": ours("wakegate-driver")}).start()
    try:
        pid = wait_until("the driver runs", lambda: driver_pid(gateway), 60)
        register(gateway, 200)
        digest = gateway.add_image(bytes(range(256)) * 1000)
        gateway.cli("update", "--yes", *(f"node-{number:05}" for number in range(20)), digest[:16])
        time.sleep(3)  # what the start needed has been given back
        most, rate = serve(gateway, digest, 20, 256_000, pid)
        figure("memory.driver_process_with_200_nodes", most, "MB", "<=6")
        figure("memory.driver_process_blocks_served", rate, "1/s")
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
    for measure in (measure_memory, measure_memory_tls, measure_driver, measure_start):
        with tempfile.TemporaryDirectory() as folder:
            try:
                measure(pathlib.Path(folder))
            except subprocess.CalledProcessError as fault:
                sys.exit(f"{fault}: {fault.stderr}")


if __name__ == "__main__":
    main()

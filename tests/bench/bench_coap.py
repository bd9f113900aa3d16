#!/usr/bin/env python3
"""coap: blocks per second of our endpoint, of libcoap's coap-server and of a bare echo, under the same load."""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from harness.coap import CoapHost
from harness.figure import figure
from harness.find import free_udp_port, ours, peer
from harness.process import Process

BLOCKS, BLOCK_SIZE = 4, 1024
QUIET, CLIENTS, SECONDS, ROUNDS = 10_000, 50, 1.5, 5


def load(port, path, *arguments):
    """Answers per second of the clients that never stop."""
    command = [ours("coap_load"), "--port", port, "--path", path, "--blocks", BLOCKS, "--seconds", SECONDS, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"coap_load: {done.stderr}")
    return float(done.stdout.split()[0]) if done.stdout else None


class Wakegate:
    """The driver as the daemon uses it, with a file as image."""

    def __init__(self, folder):
        image = folder / "image.bin"
        image.write_bytes(bytes(range(256)) * (BLOCKS * BLOCK_SIZE // 256))
        self.host = CoapHost(image=image).start()
        self.port, self.path, self.pid = self.host.port, f"fw/{self.host.name}", self.host.child.pid

    def know(self, peers):
        load(self.port, self.path, "--clients", 0, "--quiet", peers, "--hello", "c")

    def stop(self):
        self.host.stop()


class Libcoap:
    """libcoap's example server with a resource of the same size, made with PUT."""

    def __init__(self, folder):
        self.port, self.path = free_udp_port(), "image"
        self.process = Process([peer("coap-server-notls"), "-A", "127.0.0.1", "-p", self.port, "-d", 4],
                               folder / "coap-server.log")
        self.pid = self.process.child.pid
        body = folder / "body.bin"
        body.write_bytes(b"x" * (BLOCKS * BLOCK_SIZE))
        time.sleep(0.5)
        subprocess.run([peer("coap-client-notls"), "-m", "put", "-b", str(BLOCK_SIZE), "-t", "42", "-f", str(body),
                        f"coap://127.0.0.1:{self.port}/{self.path}"], check=True, capture_output=True)

    def know(self, peers):
        load(self.port, self.path, "--clients", 0, "--quiet", peers)

    def stop(self):
        self.process.stop()


class Echo:
    """The same bytes without looking at them."""

    def __init__(self, folder):
        self.port, self.path = free_udp_port(), "image"
        self.process = Process([ours("coap_echo"), self.port, BLOCK_SIZE], folder / "echo.log")
        self.pid = self.process.child.pid
        time.sleep(0.2)

    def know(self, peers):
        pass

    def stop(self):
        self.process.stop()


def cpu_us(pid):
    """Microseconds that the process has run."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


def measure(servers):
    """Median rates and CPU per block; the servers take turns, so that what else the machine does meets all of them."""
    rates, costs = {name: [] for name in servers}, {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            before = cpu_us(server.pid)
            rate = load(server.port, server.path, "--clients", CLIENTS)
            rates[name].append(rate)
            costs[name].append((cpu_us(server.pid) - before) / (rate * SECONDS))
    return ({name: statistics.median(found) for name, found in rates.items()},
            {name: statistics.median(found) for name, found in costs.items()})


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        servers = {"wakegate": Wakegate(folder), "libcoap": Libcoap(folder), "echo": Echo(folder)}
        try:
            few, few_costs = measure(servers)
            for server in servers.values():
                server.know(QUIET)
            many, many_costs = measure(servers)
        finally:
            for server in servers.values():
                server.stop()
    for server in servers:
        figure(f"coap.blocks_{server}_50_peers", few[server], "1/s")
        figure(f"coap.blocks_{server}_10000_quiet", many[server], "1/s")
        figure(f"coap.cpu_per_block_{server}_50_peers", few_costs[server], "us")
        figure(f"coap.cpu_per_block_{server}_10000_quiet", many_costs[server], "us")
    figure("coap.over_libcoap_50_peers", few["wakegate"] / few["libcoap"], "x", ">=1.5")
    figure("coap.over_libcoap_10000_quiet", many["wakegate"] / many["libcoap"], "x", ">=20")
    figure("coap.of_bare_echo_50_peers", 100 * few["wakegate"] / few["echo"], "%")
    figure("coap.of_bare_echo_10000_quiet", 100 * many["wakegate"] / many["echo"], "%", ">=60")


if __name__ == "__main__":
    main()

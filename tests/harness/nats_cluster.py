"""nats_cluster: NATS servers of one JetStream cluster on loopback, with their MQTT side."""
import json
import urllib.error
import urllib.request

from .find import free_port, peer
from .process import Process, wait_until

MESSAGES = "$MQTT_msgs"  # the stream that holds what was published over MQTT
CONFIG = """
server_name: s{number}
listen: 127.0.0.1:{client}
http: 127.0.0.1:{http}
jetstream {{ store_dir: "{folder}", max_memory_store: 64MB, max_file_store: 4GB }}
mqtt {{ listen: "127.0.0.1:{mqtt}", stream_replicas: {size}, ack_wait: 10s }}
cluster {{ name: test, listen: 127.0.0.1:{cluster}, routes: [{routes}] }}
"""


class Server:
    def __init__(self, folder, number):
        self.name, self.folder = f"s{number}", folder / f"nats{number}"
        self.folder.mkdir()
        self.number = number
        self.client, self.http, self.mqtt, self.cluster = (free_port() for _ in range(4))
        self.file = self.folder / "nats.conf"
        self.process = None

    def start(self, routes):
        config = CONFIG.format(**vars(self), size=len(routes) + 1, routes=", ".join(routes))
        self.file.write_text(config)
        self.process = Process([peer("nats-server"), "-c", self.file], self.folder / "nats.log")

    @property
    def running(self):
        return self.process is not None and self.process.running

    def ask(self, path):
        """A document of its monitoring, None while there is none to have."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/{path}", timeout=10) as answer:
                return json.load(answer)
        except (OSError, urllib.error.URLError, ValueError):
            return None

    def is_well(self):
        """Up, and its copies of all streams are those of the cluster."""
        assert self.running, self.process.output()[-2000:]
        return (self.ask("healthz") or {}).get("status") == "ok"


class NatsCluster:
    def __init__(self, folder, size=3):
        self.servers = [Server(folder, number) for number in range(1, size + 1)]

    def start(self):
        for server in self.servers:
            self.start_server(server)
        self.wait_well()
        wait_until("the cluster has a leader", self.meta_leader, 180, 0.2)
        return self

    def start_server(self, server):
        server.start([f"nats://127.0.0.1:{other.cluster}" for other in self.servers if other is not server])

    def wait_well(self):
        for server in self.servers:
            wait_until(f"{server.name} is well", server.is_well, 180, 0.2)

    def alive(self):
        return [server for server in self.servers if server.running]

    def meta_leader(self):
        found = [(server.ask("jsz") or {}).get("meta_cluster", {}).get("leader") for server in self.alive()]
        return found[0] if found and found[0] and len(set(found)) == 1 else None

    def details(self, server):
        """The stream of MQTT's messages as this server sees it."""
        document = server.ask("jsz?streams=1&accounts=1") or {}
        return next((stream for account in document.get("account_details", [])
                     for stream in account.get("stream_detail", []) if stream["name"] == MESSAGES), None)

    def leader(self):
        """The server that leads the stream of MQTT's messages, once all that run agree on it."""
        found = [self.details(server) for server in self.alive()]
        names = {stream["cluster"].get("leader") if stream else None for stream in found}
        return next((server for server in self.alive() if names == {server.name}), None)

    def has_copies(self):
        """All have the messages, as the server sees it that leads them. Not asked is what MQTT's retained messages need:
        after some kills a consumer of these stays without a quorum, whatever the cluster is given of time."""
        leader = self.leader()
        stream = self.details(leader) if leader else None
        copies = stream["cluster"].get("replicas", []) if stream else []
        return len(copies) == len(self.servers) - 1 and all(copy.get("current") for copy in copies)

    def wait_copies(self):
        wait_until("all servers have the messages", self.has_copies, 180, 0.2)

    def wait_leader(self):
        return wait_until("the stream has a leader", self.leader, 180, 0.2)

    def stop(self):
        for server in self.servers:
            if server.process:
                server.process.kill()

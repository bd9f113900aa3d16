"""scenario: the quickstart's scenario for tests: a broker, a subscriber, a gateway and simulated nodes."""
import hashlib
import random

from .broker import Broker
from .find import scaled
from .gateway import Wakegate
from .nodes import SimulatedNodes
from .process import wait_until
from .subscriber import Subscriber

HARDWARE = "sim-m4"


class Scenario:
    """Everything is running when it is made; `with` ends it. `groups` are settings of the gateway."""

    def __init__(self, folder, **groups):
        self.folder = folder
        self.seed = scaled("SEED", random.randrange(1 << 30))
        self.random = random.Random(self.seed)
        self.nodes = self.subscriber = self.gateway = None
        self.images = 0
        print(f"\nseed {self.seed} (replay with: tests/run system --seed {self.seed})")
        self.broker = Broker(folder, keeps=True).start()
        self.subscriber = Subscriber(self.broker.port)
        self.gateway = Wakegate(folder, self.broker.port, **groups).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in (self.nodes, self.gateway, self.subscriber, self.broker):
            if part:
                part.stop()

    def start_nodes(self, **options):
        fast = {"nodes": 20, "loss": 10, "restarts": 1, "interval": 0.5, "ack_timeout": 40, "boot": 200}
        self.node_count = options.get("nodes", 20)
        self.nodes = SimulatedNodes(self.folder, self.gateway.coap, hardware=HARDWARE, seed=self.seed % 1000003,
                                    **(fast | options))
        return self.nodes

    def order_update(self, size=60_000):
        """A new image for all nodes; its SHA-256."""
        wait_until("all nodes have said what they are", lambda: len(
            self.gateway.ask("node", "list", "--hardware", HARDWARE)["nodes"]) == self.node_count, 120)
        self.images += 1
        payload = random.Random(self.seed + self.images).randbytes(size)
        digest = self.gateway.add_image(payload, version=f"{self.images + 1}.0.0", hardware=HARDWARE)
        self.gateway.order(digest, HARDWARE)
        return digest

    def running(self):
        """What each node's flash has it boot: name -> SHA-256."""
        return {file.parent.name: hashlib.sha256(file.read_bytes()).hexdigest()
                for file in self.nodes.folder.glob("*/running.bin")}

    def all_run(self, digest):
        return set(self.running().values()) == {digest}

    def finish(self, seconds=120):
        """Ends the measuring, waits until all readings are upstream and returns what is wrong with them."""
        self.nodes.process.signal(15)
        assert self.nodes.wait(seconds) == 0, self.nodes.result()
        ledger = self.nodes.ledger()
        assert ledger.kept == set(ledger.made)
        upstream = self.subscriber.upstream
        try:
            wait_until("all readings upstream", lambda: len(upstream.readings) >= len(ledger.made), seconds)
        except AssertionError:
            pass  # the comparison says what is missing
        return upstream.compare(ledger)

    def set_aside(self):
        """Databases that the gateway found corrupt."""
        return [file.name for file in self.gateway.data.glob("*.corrupt-*")]

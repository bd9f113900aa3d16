"""zigbee_site: a simulated stick with its nodes, the gateway that drives it, and a broker above with a listener."""
import json

from .broker import Broker
from .find import ours
from .gateway import Wakegate
from .process import wait_until
from .simncp import SimNcp
from .subscriber import Subscriber

PATIENCE = 90
PLUG = {"model": "sim.plug", "router": True, "sensors": ["temperature", "power", "energy"]}
SLEEPER = {"model": "sim.leaf", "sleepy": True, "poll_ms": 1000, "sensors": ["temperature", "battery"], "parent": 0}
HARDWARE = "1286-0203"  # of every simulated node


def eui64(number):
    return f"0x{0x00124B0022000001 + number:016x}"


class ZigbeeSite:
    def __init__(self, folder, front, nodes, zigbee=None, drivers=None, telemetry=None, **options):
        self.folder = folder
        options.setdefault("speed", 5)
        self.stick = SimNcp(folder / "stick", nodes, front, memory=folder / "memory.json", **options).start()
        self.broker = Broker(folder).start()
        self.subscriber = Subscriber(self.broker.port)
        settings = {"port": self.stick.path, "stick": front, "channel": "15"} | (zigbee or {})
        self.gateway = Wakegate(folder, self.broker.port, zigbee=settings,
                                drivers={"program": str(ours("wakegate-driver"))} | (drivers or {}),
                                update={"retry_after": "1 s", "retry_most": "1 s"},
                                telemetry={"batch_age": "100 ms", "commit_delay": "50 ms"} | (telemetry or {})).start()

    def zigbee(self, *words):
        return self.gateway.ask("zigbee", *words)

    def driver_pid(self):
        """Of the driver's own process; None while it is started."""
        drivers = self.gateway.ask("driver", "list")["drivers"]
        return next(driver.get("pid") for driver in drivers if driver["driver"] == "zigbee")

    def is_up(self):
        """False also where the driver has no process now."""
        done = self.gateway.cli("zigbee", "status", "--json", check=False)
        return done.returncode == 0 and json.loads(done.stdout)["state"] == "up"

    def wait_up(self):
        wait_until("the network is up", self.is_up, PATIENCE)
        return self

    def nodes(self):
        return {node["node"]: node for node in self.zigbee("nodes")["nodes"]}

    def interviewed(self, count):
        return sum(node["interview"] == "done" for node in self.nodes().values()) == count

    def permit(self, seconds=180):
        """Again where a slow machine made the stick answer too late."""
        wait_until("the stick lets nodes join",
                   lambda: self.gateway.cli("zigbee", "permit", str(seconds), check=False).returncode == 0, PATIENCE)

    def let_in(self, count):
        self.permit()
        wait_until("all nodes are interviewed", lambda: self.interviewed(count), PATIENCE)

    def taken(self, number, name):
        """What came upstream of a node under a name, in the order of sequence numbers."""
        numbers = list(self.subscriber.upstream.numbers.items())  # at once: more of them come meanwhile
        found = sorted(item for item in numbers if item[1][0] == eui64(number))
        return [value for _, (_, _, told, value) in found if told == name]

    def show(self, number):
        done = self.gateway.cli("node", "show", eui64(number), "--json", check=False)
        return json.loads(done.stdout)["node"] if done.returncode == 0 else {}

    def add_image(self, data, name="firmware.ota"):
        """Signs the file beside it and imports it; returns its name."""
        path = self.folder / name
        path.write_bytes(data)
        self.gateway.cli("image", "sign", "--key", self.gateway.key.with_suffix(".key"), "--detached", path)
        self.gateway.cli("image", "add", path)
        return name

    def stop(self):
        self.gateway.stop()
        self.subscriber.stop()
        self.broker.stop()
        if self.stick.child.poll() is None:
            self.stick.kill()

"""simncp: a Zigbee stick with its nodes without hardware (tests/sim/ncp), driven by lines."""
import json
import time

from .line_host import LineHost


class SimNcp(LineHost):
    """`nodes`: groups as tests/sim/ncp/scenario.h has them; `options`: those of the program, speed=5 is --speed 5."""

    def __init__(self, folder, nodes, front="znp", link=True, **options):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "nodes.json").write_text(json.dumps({"nodes": nodes}))
        self.link = folder / "tty" if link else None
        words = ["--front", front, "--scenario", folder / "nodes.json",
                 "--listen", f"pty:{self.link}" if link else "tcp:0"]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [value])
        super().__init__("simncp", *words)

    def start(self):
        super().start()
        self.port = self.wait("ready")["port"]
        return self

    @property
    def path(self):
        """Where hosts find it: a terminal, or a TCP address."""
        return str(self.link) if self.link else f"tcp://127.0.0.1:{self.port}"

    def do(self, command):
        """A command that is answered by "done"."""
        self.say(command)
        self.wait("done")

    def truth(self):
        self.say("truth")
        return self.wait("truth")

    def node(self, number):
        self.say(f"node {number}")
        return self.wait("node")

    def wait_for_node(self, number, condition, what, seconds=60):
        """Waits until `condition` holds for what is true of the node."""
        deadline = time.monotonic() + seconds
        while True:
            node = self.node(number)
            if condition(node):
                return node
            assert time.monotonic() < deadline, f"node {number}: {what}: not within {seconds} s; {node}"
            time.sleep(0.05)

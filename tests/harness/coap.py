"""coap: the CoAP driver alone in a process (tests/sim/coap_host.c), and datagrams made by hand."""
import hashlib
import json
import os
import queue
import socket
import subprocess
import threading

from .find import free_udp_port, ours, peer

IMAGE_SIZE = 256 * 1024
SIZES = {2: 64, 3: 128, 4: 256, 5: 512, 6: 1024}  # bytes by SZX


def make_image(folder, size=IMAGE_SIZE):
    path = folder / "image.bin"
    path.write_bytes(os.urandom(size))
    return path


class CoapHost:
    """Serves on 127.0.0.1:port; what it says comes out of `wait`."""

    def __init__(self, *arguments, port=None, image=None):
        self.port = port or free_udp_port()
        self.arguments = ["--port", self.port, *arguments]
        if image:
            self.arguments += ["--image", image]
            self.name = hashlib.sha256(image.read_bytes()).hexdigest()[:16]
        self.child, self.lines = None, queue.Queue()

    def start(self):
        command = [ours("coap_host"), *map(str, self.arguments)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, args=(self.child, self.lines), daemon=True).start()
        self.wait("ready")
        return self

    @staticmethod
    def read(child, lines):
        for line in child.stdout:
            lines.put(json.loads(line))
        lines.put({"what": "ended"})

    def wait(self, what, seconds=10):
        """The next line of that kind; earlier ones of other kinds are passed over."""
        while True:
            line = self.lines.get(timeout=seconds)
            if line["what"] == what:
                return line
            assert line["what"] != "ended", f"coap_host ended before it said {what}"

    def say(self, command):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()

    def counters(self):
        self.say("counters")
        return self.wait("counters")["values"]

    def stop(self):
        self.say("quit")
        assert self.child.wait(10) == 0, "coap_host did not end well"

    def kill(self):
        """As a power cut would."""
        self.child.kill()
        self.child.wait()

    def restart(self):
        self.kill()
        return self.start()

    def uri(self, path, scheme="coap", port=None):
        return f"{scheme}://127.0.0.1:{port or self.port}/{path}"


def coap_client(variant, *arguments, payload=None, seconds=60):
    """libcoap's command line client; its standard output and error."""
    command = [peer(f"coap-client-{variant}"), *map(str, arguments)]
    done = subprocess.run(command, input=payload, capture_output=True, timeout=seconds, check=False)
    return done.stdout, done.stderr.decode(errors="replace")


class Datagrams:
    """A socket that speaks to a host in bytes."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))

    def send(self, data):
        self.socket.send(data)

    def receive(self, seconds=2.0):
        """The next datagram, or None."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(2048)
        except TimeoutError:
            return None

    def ask(self, data, seconds=2.0):
        self.send(data)
        return self.receive(seconds)

    def close(self):
        self.socket.close()

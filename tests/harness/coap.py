"""coap: the CoAP driver alone in a process (tests/sim/coap_host.c), and datagrams made by hand."""
import hashlib
import os
import socket
import subprocess

from .find import free_udp_port, peer
from .line_host import LineHost

IMAGE_SIZE = 256 * 1024
SIZES = {2: 64, 3: 128, 4: 256, 5: 512, 6: 1024}  # bytes by SZX


def make_image(folder, size=IMAGE_SIZE):
    path = folder / "image.bin"
    path.write_bytes(os.urandom(size))
    return path


class CoapHost(LineHost):
    """Serves on 127.0.0.1:port; what it says comes out of `wait`."""

    def __init__(self, *arguments, port=None, image=None):
        self.port = port or free_udp_port()
        super().__init__("coap_host", "--port", self.port, *arguments)
        if image:
            self.arguments += ["--image", image]
            self.name = hashlib.sha256(image.read_bytes()).hexdigest()[:16]

    def start(self):
        super().start()
        self.wait("ready")
        return self

    def counters(self):
        self.say("counters")
        return self.wait("counters")["values"]

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

    def ask(self, data, seconds=20.0):
        self.send(data)
        return self.receive(seconds)

    def close(self):
        self.socket.close()

"""broker: a mosquitto of its own on a free loopback port."""
import socket

from .find import free_port, peer
from .process import Process, wait_until


class Broker:
    """`extra` is further mosquitto.conf; `plain` False leaves the plain listener out; `keeps`: sessions and what waits
    for them outlive a restart."""

    def __init__(self, folder, extra="", plain=True, keeps=False):
        self.folder = folder
        self.port = free_port()
        self.file = folder / f"mosquitto-{self.port}.conf"
        listener = f"listener {self.port} 127.0.0.1\nallow_anonymous true\n" if plain else ""
        keep = f"user root\npersistence true\npersistence_location {folder}/\n" if keeps else "persistence false\n"
        self.file.write_text(f"{keep}max_queued_messages 0\nlog_type all\n{listener}{extra}")
        self.process = None

    def start(self):
        self.process = Process([peer("mosquitto"), "-c", self.file], self.folder / f"mosquitto-{self.port}.log")
        wait_until("mosquitto listens", self.listens)
        return self

    def listens(self):
        assert self.process.running, self.process.output()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def kill(self):
        self.process.kill()

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

"""gateway: wakegated as a child process, with a config file of its own and the operator's command line beside it."""
import hashlib
import json
import os
import subprocess

from .find import free_udp_port, ours
from .process import Process, wait_until


def group(name, settings):
    """One group of the config file; texts are quoted, lists too."""
    def write(value):
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list):
            return "[ " + ", ".join(write(item) for item in value) + " ]"
        return json.dumps(value)
    return f"{name}: {{ " + " ".join(f"{key} = {write(value)};" for key, value in settings.items()) + " };\n"


class Wakegate:
    """A gateway in `folder`. Groups given replace single settings: Wakegate(…, schedule={"interval": "2 s"})."""

    def __init__(self, folder, broker_port, **groups):
        self.folder = folder
        self.coap_port = free_udp_port()
        self.data = folder / "data"
        self.data.mkdir(exist_ok=True)
        self.socket = folder / "control.sock"
        self.config = folder / "wakegate.cfg"
        self.starts = 0
        self.process = None
        self.program, self.environment = "wakegated", os.environ
        self.key = self.make_key()
        settings = {
            "gateway": {"id": "test", "data_directory": str(self.data), "log_level": "debug"},
            "mqtt": {"brokers": [f"tcp://127.0.0.1:{broker_port}"], "backoff_min": "100 ms", "backoff_max": "500 ms"},
            "coap": {"listen": "127.0.0.1", "port": self.coap_port, "plain": "open"},
            "control": {"socket": str(self.socket)},
            "schedule": {"interval": "1 s", "concurrent": 0},
            "telemetry": {"runtime_directory": str(folder / "run")},
            "images": {"trusted_keys": [str(self.key.with_suffix(".pem"))]},
        }
        for name, given in groups.items():
            settings.setdefault(name, {}).update(given)
        self.config.write_text("".join(group(name, values) for name, values in settings.items() if values is not None))

    def make_key(self):
        key = self.folder / "signing"
        if not key.with_suffix(".key").exists():
            subprocess.run([ours("wakegate"), "key", "create", key], check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)
        return key

    def start(self):
        self.starts += 1
        self.process = Process([ours(self.program), "--config", self.config], self.folder / "wakegated.log",
                               env=self.environment)
        wait_until("wakegated answers", self.answers, 60)
        return self

    def answers(self):
        assert self.process.running, self.process.output()[-3000:]
        return self.cli("status", check=False).returncode == 0

    def cli(self, *words, check=True):
        """Runs the operator's command line; its standard output is in `.stdout`."""
        done = subprocess.run([ours("wakegate"), *map(str, words)], text=True, capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL, env=os.environ | {"WAKEGATE_SOCKET": str(self.socket)})
        assert not check or done.returncode == 0, f"wakegate {' '.join(map(str, words))}: {done.stdout}{done.stderr}"
        return done

    def ask(self, *words):
        """The same, as the document that --json prints."""
        return json.loads(self.cli(*words, "--json").stdout)

    def add_image(self, payload, version="2.0.0", hardware="sim-m4", *words):
        """Signs the payload as an MCUboot image, imports it (with more options) and returns its SHA-256."""
        plain, signed = self.folder / "app.bin", self.folder / f"app-{version}.bin"
        plain.write_bytes(payload)
        self.cli("image", "sign", "--key", self.key.with_suffix(".key"), "--version", version, "--hardware", hardware,
                 plain, signed)
        self.cli("image", "add", signed, *words)
        return hashlib.sha256(signed.read_bytes()).hexdigest()

    def kill(self):
        self.process.kill()

    def stop(self, seconds=30):
        return self.process.stop(seconds) if self.process else None

    @property
    def coap(self):
        return f"127.0.0.1:{self.coap_port}"

    def order(self, digest, hardware):
        """Orders an update of all nodes of a hardware type."""
        self.cli("update", "--yes", "--hardware", hardware, digest[:16])

"""What the fleet server sees of the daemon: birth and last will, commands, images over MQTT and HTTP."""
import functools
import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from harness.broker import Broker
from harness.find import ROOT, ours
from harness.gateway import Wakegate
from harness.process import Process, wait_until
from harness.uplink import Listener

HARDWARE = "sim-m4"


@pytest.fixture
def broker(tmp_path):
    running = Broker(tmp_path).start()
    yield running
    running.stop()


@pytest.fixture
def listener(broker):
    running = Listener(broker.port, ["status/test", "cmd/test/reply", "ota/test/result", "answers/#"])
    yield running
    running.close()


@pytest.fixture
def start(tmp_path, broker):
    running = []

    def gateway(**groups):
        running.append(Wakegate(tmp_path, broker.port, **groups).start())
        return running[-1]

    yield gateway
    for each in running:
        each.stop()


def take(listener, topic, seconds=60):
    """The next document on the topic."""
    deadline = time.monotonic() + seconds
    while True:
        message = listener.take(max(0.1, deadline - time.monotonic()))
        if message.topic == topic:
            return json.loads(message.payload)


def sign(gateway, size):
    """An image that the gateway trusts; its path and SHA-256."""
    plain, signed = gateway.folder / "plain.bin", gateway.folder / "signed.bin"
    plain.write_bytes(os.urandom(size))
    gateway.cli("image", "sign", "--key", gateway.key.with_suffix(".key"), "--version", "2.0.0", "--hardware", HARDWARE,
                plain, signed)
    return signed, hashlib.sha256(signed.read_bytes()).hexdigest()


def complete(gateway, digest):
    images = gateway.ask("image", "list")["images"]
    return [image for image in images if image["sha256"] == digest and image.get("complete", True)]


def test_birth_last_will_and_farewell(start, listener):
    gateway = start()
    birth = take(listener, "status/test")
    assert (birth["state"], birth["gateway"]) == ("online", "test")
    assert birth["version"]
    gateway.kill()
    assert take(listener, "status/test") == {"state": "offline", "gateway": "test", "reason": "lost"}
    gateway.start()
    assert take(listener, "status/test")["state"] == "online"
    assert gateway.stop() == 0
    assert take(listener, "status/test") == {"state": "offline", "gateway": "test", "reason": "stopped"}


def test_commands_are_answered(start, listener):
    start(upstream={"remote_commands": ["status", "node.*"]})
    take(listener, "status/test")
    listener.publish("cmd/test", '{"command":"node.list","id":7}')
    answer = take(listener, "cmd/test/reply")
    assert (answer["id"], answer["ok"], answer["result"]["nodes"]) == (7, True, [])
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic, properties.CorrelationData = "answers/here", b"c1"
    listener.publish("cmd/test", '{"command":"status"}', properties=properties)
    message = listener.take()
    assert (message.topic, message.properties.CorrelationData) == ("answers/here", b"c1")
    assert json.loads(message.payload)["ok"]
    listener.publish("cmd/test", '{"command":"image.list","id":"x"}')
    answer = take(listener, "cmd/test/reply")
    assert (answer["id"], answer["ok"], answer["error"]["code"]) == ("x", False, "forbidden")


def serve(gateway, broker, image):
    return Process([sys.executable, ROOT / "docs/examples/serve_image.py", "--broker", f"127.0.0.1:{broker.port}",
                    "--gateway", "test", "--version", "2.0.0", "--hardware", HARDWARE, image],
                   gateway.folder / "serve.log")


def test_an_image_comes_over_mqtt(start, broker, listener):
    gateway = start()
    image, digest = sign(gateway, 700_000)
    server = serve(gateway, broker, image)
    assert server.wait(60) == 0, server.output()
    assert complete(gateway, digest)
    results = [take(listener, "ota/test/result") for _ in range(2)]
    assert [result["state"] for result in results] == ["fetching", "complete"]
    assert results[1]["sha256"] == digest and results[1]["version"] == "2.0.0"


def test_an_image_over_mqtt_goes_on_after_kill_9(start, broker, tmp_path):
    gateway = start(blocks={"size": "16 KB", "rate": "150 KB"})
    image, digest = sign(gateway, 1_000_000)
    server = serve(gateway, broker, image)
    wait_until("a part is stored", lambda: any(
        200_000 < each.get("stored_bytes", 0) for each in gateway.ask("image", "list")["images"]), 60)
    gateway.kill()
    gateway.start()
    assert server.wait(60) == 0, server.output()
    assert complete(gateway, digest)
    served = int(server.output().rsplit("(", 1)[1].split()[0])
    assert served < image.stat().st_size * 1.3


def test_an_untrusted_image_is_refused_and_nothing_of_it_stays(start, broker, listener, tmp_path):
    gateway = start()
    image = tmp_path / "foreign.bin"
    image.write_bytes(os.urandom(100_000))
    server = serve(gateway, broker, image)
    assert server.wait(60) == 1, server.output()
    while (result := take(listener, "ota/test/result"))["state"] != "failed":
        pass
    assert result["code"] == "refused" or "trusted" in result["message"]
    assert gateway.ask("image", "list")["images"] == []


def log_has(gateway, word):
    return word in gateway.process.output()


def reload(gateway):
    seen = gateway.process.output().count("config.reloaded")
    gateway.process.signal(signal.SIGHUP)
    wait_until("the config is read again", lambda: gateway.process.output().count("config.reloaded") > seen)


def test_a_reload_trusts_a_key_that_was_replaced_under_its_name(start, tmp_path):
    gateway = start()
    image, digest = sign(gateway, 50_000)
    public = gateway.key.with_suffix(".pem")
    trusted = public.read_bytes()
    subprocess.run([ours("wakegate"), "key", "create", tmp_path / "other"], check=True, stdin=subprocess.DEVNULL)
    public.write_bytes((tmp_path / "other.pem").read_bytes())
    reload(gateway)
    assert gateway.cli("image", "add", image, check=False).returncode == 5
    public.write_bytes(b"no key")
    reload(gateway)
    wait_until("it says so", lambda: log_has(gateway, "images.keys_kept"))
    assert gateway.cli("image", "add", image, check=False).returncode == 5, "the keys read before stay"
    public.write_bytes(trusted)
    reload(gateway)
    gateway.cli("image", "add", image)
    assert complete(gateway, digest)


def test_a_reload_reconnects_only_if_the_uplink_has_changed(start, listener):
    gateway = start()
    assert take(listener, "status/test")["state"] == "online"
    config = gateway.config.read_text()
    gateway.config.write_text(config.replace('"1 s"', '"2 s"'))
    reload(gateway)
    gateway.config.write_text(config + 'upstream: { remote_commands = [ "status" ]; };')
    reload(gateway)
    gateway.config.write_text(config.replace('"500 ms"', '"600 ms"'))
    reload(gateway)
    states = []
    while len(states) < 1 or states[-1] != "online":
        states.append(take(listener, "status/test")["state"])
    log = gateway.process.output()
    assert "config.changed name=schedule.interval applied=yes" in log
    assert log.count("uplink.connected") == 2, log


def test_a_malformed_manifest_is_answered_with_its_fault(start, listener):
    start()
    take(listener, "status/test")
    listener.publish("ota/test", '{"version":"1"}')
    result = take(listener, "ota/test/result")
    assert result["state"] == "refused" and result["message"].startswith("hardware: missing")


class RangeHandler(http.server.SimpleHTTPRequestHandler):
    """One file, with ranges, at a pace."""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        body = open(self.translate_path(self.path), "rb").read()
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        self.server.starts.append(start)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start:])


def test_an_image_over_http_goes_on_after_kill_9(start, listener, tmp_path):
    gateway = start(download={"allow_http": True, "rate": "150 KB", "backoff_min": "200 ms"})
    assert take(listener, "status/test")["state"] == "online"
    image, digest = sign(gateway, 1_000_000)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(RangeHandler, directory=tmp_path))
    server.starts = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listener.publish("ota/test", json.dumps({
        "version": "2.0.0", "hardware": HARDWARE, "size": image.stat().st_size, "sha256": digest,
        "uri": f"http://127.0.0.1:{server.server_address[1]}/{image.name}"}))
    wait_until("a part is stored", lambda: any(
        200_000 < each.get("stored_bytes", 0) for each in gateway.ask("image", "list")["images"]), 60)
    gateway.kill()
    gateway.start()
    while (result := take(listener, "ota/test/result"))["state"] != "complete":
        assert result["state"] == "fetching"
    assert complete(gateway, digest)
    assert server.starts[0] == 0 and server.starts[-1] > 200_000
    server.shutdown()

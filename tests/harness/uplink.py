"""uplink: the MQTT uplink alone in a process (tests/sim/uplink_host.c), and a subscriber that nobody here wrote."""
import queue
import subprocess

import paho.mqtt.client as mqtt
import pytest

from .line_host import LineHost


class UplinkHost(LineHost):
    """`brokers` are URLs in the order in which they are tried."""

    def __init__(self, *brokers, **options):
        super().__init__("uplink_host", *(word for url in brokers for word in ("--broker", url)))
        for name, value in options.items():
            self.arguments += [f"--{name.replace('_', '-')}", value]

    def publish(self, ticket, topic, text, quality=1, retain=0):
        self.say(f"publish {ticket} {topic} {quality} {retain} {text}")
        return self.wait("published")["result"]

    def wait_subscribed(self, seconds=60):
        while "mqtt.subscribed" not in self.wait("event", seconds)["line"]:
            pass

    def wait_delivered(self, ticket, seconds=60):
        while True:
            line = self.wait("delivered", seconds)
            if line["ticket"] == ticket:
                return line["result"]

    def wait_all_delivered(self, tickets, seconds=60):
        """The result of each, in whatever order they are told; none is told twice."""
        results = {}
        while results.keys() < set(tickets):
            line = self.wait("delivered", seconds)
            assert line["ticket"] not in results
            results[line["ticket"]] = line["result"]
        return results


class Listener:
    """Paho's own Python client; messages come out of `take`."""

    def __init__(self, port, topics, version=mqtt.MQTTv5, **tls):
        self.messages = queue.Queue()
        self.subscribed = queue.Queue()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=version)
        self.client.on_message = lambda client, data, message: self.messages.put(message)
        self.client.on_connect = lambda client, *rest: client.subscribe([(topic, 1) for topic in topics])
        self.client.on_subscribe = lambda *rest: self.subscribed.put(True)
        if tls:
            self.client.tls_set(**tls)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.subscribed.get(timeout=60)

    def take(self, seconds=60):
        return self.messages.get(timeout=seconds)

    def publish(self, topic, payload, retain=False, properties=None):
        self.client.publish(topic, payload, 1, retain, properties).wait_for_publish(10)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def make_certificates(folder):
    """A CA, a server for localhost and 127.0.0.1, and a client, each as NAME.pem and NAME.key; made by openssl."""

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=folder)

    def issue(name, extension):
        (folder / f"{name}.ext").write_text(extension)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        (folder / f"{name}.key").chmod(0o644)

    try:
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test CA")
    except FileNotFoundError:
        pytest.skip("openssl is not installed (tests/packages)")
    issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    issue("stranger", "subjectAltName=DNS:elsewhere.example\n")
    issue("client", "extendedKeyUsage=clientAuth\n")

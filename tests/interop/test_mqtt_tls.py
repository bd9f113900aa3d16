"""The MQTT uplink over TLS, with certificates made by openssl, against mosquitto."""
import queue

import pytest

from harness.broker import Broker
from harness.find import free_port
from harness.uplink import Listener, UplinkHost, make_certificates


class TlsBroker(Broker):
    def __init__(self, folder, server="server"):
        port = free_port()
        super().__init__(folder, f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\n"
                                 f"cafile {folder}/ca.pem\ncertfile {folder}/{server}.pem\n"
                                 f"keyfile {folder}/{server}.key\n", plain=False)
        self.port = port


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    folder.chmod(0o755)
    return folder


@pytest.fixture
def broker(certificates):
    running = TlsBroker(certificates).start()
    yield running
    running.stop()


def host_for(certificates, url, **options):
    files = {"ca": certificates / "ca.pem", "cert": certificates / "client.pem", "key": certificates / "client.key"}
    return UplinkHost(url, **{name: path for name, path in {**files, **options}.items() if path}).start()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_both_sides_prove_themselves(certificates, broker, name):
    host = host_for(certificates, f"ssl://{name}:{broker.port}")
    host.wait("connected")
    listener = Listener(broker.port, ["a/#"], ca_certs=certificates / "ca.pem",
                        certfile=certificates / "client.pem", keyfile=certificates / "client.key")
    assert host.publish(1, "a/b", "@500000") == 0
    assert host.wait_delivered(1) == 0
    assert len(listener.take().payload) == 500000
    listener.close()
    host.stop()


def test_a_gateway_without_certificate_is_refused(certificates, broker):
    host = host_for(certificates, f"ssl://localhost:{broker.port}", cert=None, key=None)
    assert "mqtt.refused" in host.wait("event")["line"]
    host.stop()


def test_a_server_that_nobody_vouches_for_is_refused(certificates, broker):
    host = host_for(certificates, f"ssl://localhost:{broker.port}", ca=None)
    assert "certificate verify failed" in host.wait("event")["line"]
    host.stop()


def test_a_server_of_another_name_is_refused(certificates):
    broker = TlsBroker(certificates, server="stranger").start()
    host = host_for(certificates, f"ssl://localhost:{broker.port}")
    assert "mqtt.refused" in host.wait("event")["line"]
    with pytest.raises(queue.Empty):
        host.wait("connected", 3)
    host.stop()
    broker.stop()


def test_a_renewed_certificate_is_taken_at_the_next_connect(certificates, broker, tmp_path):
    chain, key = tmp_path / "mine.pem", tmp_path / "mine.key"
    chain.write_text("not yet\n")
    key.write_text("not yet\n")
    host = host_for(certificates, f"ssl://localhost:{broker.port}", cert=chain, key=key)
    assert "mqtt.refused" in host.wait("event")["line"]
    chain.write_bytes((certificates / "client.pem").read_bytes())
    key.write_bytes((certificates / "client.key").read_bytes())
    host.wait("connected", 15)
    host.stop()

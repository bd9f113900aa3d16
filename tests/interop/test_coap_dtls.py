"""The CoAP driver over DTLS, with libcoap's clients on two TLS libraries: pre-shared keys and certificates."""
import json
import socket
import subprocess

import pytest

from harness.coap import CoapHost, coap_client, make_image
from harness.find import free_udp_port, peer

KEY = "correct horse battery"


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "psk"
    path.write_text(f"# test keys\nnode-1:{KEY.encode().hex()}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def image(tmp_path):
    return make_image(tmp_path)


class DtlsHost(CoapHost):
    def __init__(self, *arguments, **options):
        self.dtls_port = free_udp_port()
        super().__init__("--dtls-port", self.dtls_port, *arguments, **options)

    def secure_uri(self, path):
        return self.uri(path, "coaps", self.dtls_port)


@pytest.fixture
def host(keys, image):
    running = DtlsHost("--psk", keys, "--offer", "node-1", image=image).start()
    yield running
    running.stop()


CLIENTS = ["openssl", "gnutls"]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("size", [64, 1024])
def test_firmware_is_fetched_with_a_key(host, image, tmp_path, client, size):
    out = tmp_path / "out.bin"
    coap_client(client, "-m", "get", "-b", size, "-u", "node-1", "-k", KEY, "-o", out,
                host.secure_uri(f"fw/{host.name}"))
    assert out.read_bytes() == image.read_bytes()


@pytest.mark.parametrize("client", CLIENTS)
def test_the_proven_identity_replaces_ep(host, client):
    out, _ = coap_client(client, "-m", "post", "-t", 50, "-f", "-", "-u", "node-1", "-k", KEY,
                         host.secure_uri("c?ep=other"), payload=b'{"version":"1.0.0"}')
    assert json.loads(out)["update"]["uri"] == f"/fw/{host.name}"
    contact = host.wait("contact")
    assert (contact["node"], contact["proven"]) == ("node-1", True)


def test_readings_over_dtls_are_kept_and_a_late_answer_arrives(keys):
    host = DtlsHost("--psk", keys, "--durable-after", 2500).start()
    out, _ = coap_client("openssl", "-m", "post", "-t", 110, "-f", "-", "-u", "node-1", "-k", KEY,
                         host.secure_uri("t"), payload=b'[{"n":"temp","v":21.5}]')
    assert json.loads(out) == {"next": 60}
    counters = host.counters()
    assert (counters["readings"], counters["dtls_separate"]) == (1, 1)
    host.stop()


@pytest.mark.parametrize("identity, key", [("node-1", "wrong"), ("node-2", KEY)])
def test_a_wrong_key_or_identity_gets_nothing(host, identity, key):
    out, _ = coap_client("openssl", "-m", "get", "-B", 2, "-u", identity, "-k", key,
                         host.secure_uri(".well-known/core"))
    assert b"wakegate" not in out
    assert host.counters()["dtls_datagrams_in"] == 0


def test_a_node_with_a_key_is_not_believed_in_plain(host):
    _, error = coap_client("notls", "-m", "post", "-t", 50, "-e", "{}", host.uri("c?ep=node-1"))
    assert error.startswith("4.01")
    out, _ = coap_client("notls", "-m", "post", "-t", 50, "-e", "{}", host.uri("c?ep=node-9"))
    assert json.loads(out) == {"next": 60}


def test_keys_are_read_again(host, keys):
    keys.write_text(f"node-2:{KEY.encode().hex()}\n")
    host.say("reload")
    assert host.wait("reload")["result"] == 0
    out, _ = coap_client("openssl", "-m", "get", "-u", "node-2", "-k", KEY, host.secure_uri(".well-known/core"))
    assert b"wakegate.firmware" in out


@pytest.mark.parametrize("left", [f"node-2:{KEY.encode().hex()}\n", f"node-1:{b'another key'.hex()}\n"])
def test_a_session_is_not_believed_once_its_key_is_taken_away(keys, left):
    """It lasts, and no handshake asks for the key again."""
    host = DtlsHost("--psk", keys, "--plain", "known").start()
    with subprocess.Popen([peer("openssl"), "s_client", "-quiet", "-dtls1_2", "-connect",
                           f"127.0.0.1:{host.dtls_port}", "-psk_identity", "node-1", "-psk", KEY.encode().hex()],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          bufsize=0) as client:
        def code_of_checkin(message_id):
            client.stdin.write(b"\x40\x02" + message_id.to_bytes(2, "big") + b"\xb1c")  # CON POST /c
            return client.stdout.read(2000)[1]

        assert code_of_checkin(1) == 0x44
        keys.write_text(left)
        host.say("reload")
        assert host.wait("reload")["result"] == 0
        assert code_of_checkin(2) in (0x80, 0x81)  # without an identity, or that of nobody
        client.kill()
    host.stop()


WEAK_CIPHERS_ALLOWED = """openssl_conf = all
[all]
ssl_conf = tls
[tls]
system_default = weak
[weak]
CipherString = DEFAULT@SECLEVEL=0
"""


def test_a_node_that_speaks_only_ccm_8_is_served(keys, tmp_path, monkeypatch):
    """The one cipher of LwM2M-class nodes; newer OpenSSL must be told to allow it (docs/coap.md)."""
    (tmp_path / "openssl.cnf").write_text(WEAK_CIPHERS_ALLOWED)
    monkeypatch.setenv("OPENSSL_CONF", str(tmp_path / "openssl.cnf"))
    host = DtlsHost("--psk", keys).start()
    done = subprocess.run([peer("openssl"), "s_client", "-dtls1_2", "-connect", f"127.0.0.1:{host.dtls_port}",
                           "-cipher", "PSK-AES128-CCM8:@SECLEVEL=0", "-psk_identity", "node-1", "-psk",
                           KEY.encode().hex()], input=b"Q\n", capture_output=True, timeout=20, check=False)
    assert b"Cipher is PSK-AES128-CCM8" in done.stdout
    assert host.counters()["dtls_handshakes"] == 1
    host.stop()


def test_noise_on_the_port_does_no_harm(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("127.0.0.1", host.dtls_port))
        for size in (0, 1, 13, 100, 1400):
            line.send(b"\x16\xfe\xfd" * (size // 3) + b"\x00" * (size % 3))
        line.send(bytes.fromhex("16fefd0000000000000000000c010000000000000000000000"))
    out, _ = coap_client("openssl", "-m", "get", "-u", "node-1", "-k", KEY, host.secure_uri(".well-known/core"))
    assert b"wakegate.firmware" in out


def openssl(folder, *arguments):
    subprocess.run([peer("openssl"), *map(str, arguments)], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def certificates(tmp_path):
    """A CA, and certificates of a gateway and of node cert-7 that it signed; and a node of another CA."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for authority in ("ca", "other-ca"):
        openssl(folder, "req", "-x509", *curve, "-days", 2, "-subj", f"/CN={authority}", "-keyout", f"{authority}.key",
                "-out", f"{authority}.pem")
    for name, authority in (("gateway", "ca"), ("cert-7", "ca"), ("stranger", "other-ca")):
        openssl(folder, "req", *curve, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                "-CAcreateserial", "-days", 2, "-out", f"{name}.pem")
    return folder


@pytest.fixture
def host_with_certificates(certificates, keys, image):
    running = DtlsHost("--psk", keys, "--certificate", certificates / "gateway.pem", "--key",
                       certificates / "gateway.key", "--ca", certificates / "ca.pem", image=image).start()
    yield running
    running.stop()


def post_with(certificates, name, host, seconds=4):
    return coap_client("openssl", "-m", "post", "-B", seconds, "-t", 50, "-e", "{}", "-n",
                       "-c", certificates / f"{name}.pem", "-j", certificates / f"{name}.key",
                       "-C", certificates / "ca.pem", host.secure_uri("c"))


def test_a_certificate_names_its_node(host_with_certificates, certificates):
    out, _ = post_with(certificates, "cert-7", host_with_certificates)
    assert json.loads(out) == {"next": 60}
    contact = host_with_certificates.wait("contact")
    assert (contact["node"], contact["proven"]) == ("cert-7", True)


def test_a_certificate_of_another_authority_is_refused(host_with_certificates, certificates):
    out, _ = post_with(certificates, "stranger", host_with_certificates, 2)
    assert b"next" not in out
    assert host_with_certificates.counters()["checkins"] == 0


def test_keys_work_beside_certificates(host_with_certificates):
    out, _ = coap_client("openssl", "-m", "get", "-u", "node-1", "-k", KEY,
                         host_with_certificates.secure_uri(".well-known/core"))
    assert b"wakegate.firmware" in out

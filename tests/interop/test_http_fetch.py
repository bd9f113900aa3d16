"""HTTP downloads against Python's own server, with ranges, entity tags and bad manners added here."""
import hashlib
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest

from harness.find import free_port, ours
from harness.uplink import make_certificates

SIZE = 2_000_000
EBADMSG, ENOENT, EACCES, EAGAIN, EPROTO, ECONNRESET, ETIMEDOUT = -74, -2, -13, -11, -71, -104, -110


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    body, etag, ranges, cut_after, pace = b"", None, True, None, None  # set on a subclass by the server below

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.server.requests.append(dict(self.headers))
        name, number = re.match(r"/(\w+?)(\d*)$", self.path).groups()
        getattr(self, "answer_" + name)(number)

    def answer_status(self, number):
        self.send_response(int(number))
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"sorry")

    def answer_redirect(self, number):
        self.send_response(302)
        self.send_header("Location", self.server.target or (f"/redirect{int(number) - 1}" if int(number) else "/file"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_file(self, _):
        start = 0
        wanted = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        if wanted and self.ranges and condition in (None, self.etag):
            start = int(wanted[1])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.body) - 1}/{len(self.body)}")
        if self.etag:
            self.send_header("ETag", self.etag)
        self.send_header("Content-Length", str(len(self.body) - start))
        self.end_headers()
        self.send_body(self.body[start:])

    def send_body(self, body):
        if self.cut_after is not None:
            body = body[:self.cut_after]
        for at in range(0, len(body), 16384):
            self.wfile.write(body[at:at + 16384])
            if self.pace:
                time.sleep(self.pace)
        if self.cut_after is not None:
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context=None, **manners):
        super().__init__(("127.0.0.1", 0), type("Manners", (Handler,), manners))
        self.requests, self.target = [], None
        self.scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        pass

    def uri(self, path="file", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server_address[1]}/{path}"


@pytest.fixture
def body():
    return os.urandom(SIZE)


@pytest.fixture
def serve(body):
    running = []

    def start(**manners):
        running.append(Server(**{"body": body, **manners}))
        return running[-1]

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


class Fetch:
    """One run of tests/sim/fetch_host.c."""

    def __init__(self, out, uri, *arguments, size=SIZE, **options):
        out.touch()
        command = [ours("fetch_host"), "--uri", uri, "--size", size, "--out", out, *arguments]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", value]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode in (0, 1), done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.begin = next((line for line in lines if line["what"] == "begin"), None)
        self.end = lines[-1]
        self.result, self.sentence = self.end["result"], self.end["sentence"]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.bin"


def same(out, body):
    return hashlib.sha256(out.read_bytes()).digest() == hashlib.sha256(body).digest()


def test_a_file_comes_whole(serve, out, body):
    assert Fetch(out, serve(etag='"one"').uri()).begin == {"what": "begin", "offset": 0, "etag": '"one"'}
    assert same(out, body)


def test_a_cut_download_goes_on_at_its_byte(serve, out, body):
    first = Fetch(out, serve(etag='"one"', cut_after=700_000).uri())
    assert first.result == ECONNRESET
    have = out.stat().st_size
    assert 0 < have <= 700_000
    server = serve(etag='"one"')
    second = Fetch(out, server.uri(), offset=have, etag='"one"')
    assert (second.result, second.begin["offset"]) == (0, have)
    assert server.requests[0]["Range"] == f"bytes={have}-"
    assert server.requests[0]["If-Range"] == '"one"'
    assert same(out, body)


def test_a_changed_file_is_noticed_by_its_tag(serve, out):
    fetch = Fetch(out, serve(etag='"two"').uri(), offset=1000, etag='"one"')
    assert fetch.begin == {"what": "begin", "offset": 0, "etag": '"two"'}


def test_a_weak_tag_is_not_relied_on(serve, out):
    server = serve(etag='W/"one"')
    assert Fetch(out, server.uri(), offset=1000, etag='W/"one"').begin["offset"] == 1000
    assert "If-Range" not in server.requests[0]


def test_a_server_without_ranges_is_heard_from_the_start(serve, out, body):
    fetch = Fetch(out, serve(ranges=False).uri(), offset=1000)
    assert (fetch.result, fetch.begin["offset"]) == (0, 0)
    assert same(out, body)


@pytest.mark.parametrize("size", [SIZE - 1, SIZE + 1])
def test_another_size_than_the_manifest_says_is_refused(serve, out, size):
    fetch = Fetch(out, serve().uri(), size=size)
    assert (fetch.result, fetch.begin) == (EBADMSG, None)
    assert "size" in fetch.sentence


@pytest.mark.parametrize("status,result", [(404, ENOENT), (410, ENOENT), (403, EACCES), (416, EBADMSG), (400, EPROTO),
                                           (500, -5), (503, EAGAIN)])
def test_statuses_are_told(serve, out, status, result):
    fetch = Fetch(out, serve().uri(f"status{status}"))
    assert (fetch.result, fetch.sentence) == (result, f"the server answered {status}")
    assert fetch.begin is None
    assert fetch.end["retry_after"] == 7


def test_five_redirects_are_followed_and_no_more(serve, out, body):
    assert Fetch(out, serve().uri("redirect4")).result == 0
    assert same(out, body)
    assert Fetch(out, serve().uri("redirect5")).result == EPROTO


def test_only_http_is_spoken(serve, out):
    server = serve()
    server.target = "file:///etc/passwd"
    assert Fetch(out, server.uri("redirect1")).result == EPROTO
    assert Fetch(out, "ftp://127.0.0.1/x").result == EPROTO
    assert Fetch(out, serve().uri(), "--secure").result == EPROTO
    assert out.stat().st_size == 0


@pytest.mark.parametrize("rate", [500_000, 1_500_000])
def test_a_rate_cap_holds_within_10_percent(serve, out, body, rate):
    fetch = Fetch(out, serve().uri(), rate=rate)
    assert fetch.result == 0 and same(out, body)
    assert SIZE / fetch.end["seconds"] == pytest.approx(rate, rel=0.1)


def test_a_slow_taker_holds_the_server_back(serve, out, body):
    fetch = Fetch(out, serve().uri(), slow_ms=5)
    assert fetch.result == 0 and same(out, body)
    assert fetch.end["seconds"] > 0.3


def test_a_stalled_server_is_given_up(serve, out):
    fetch = Fetch(out, serve(pace=0.5).uri(), low_speed=100_000)
    assert fetch.result == ETIMEDOUT
    assert out.stat().st_size > 0


def test_a_silent_server_is_given_up(out):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        fetch = Fetch(out, f"http://127.0.0.1:{listening.getsockname()[1]}/file", low_speed=1)
    assert fetch.result == ETIMEDOUT


def test_nobody_there_is_told(out):
    assert Fetch(out, f"http://127.0.0.1:{free_port()}/file").result == -111


def test_a_server_proves_itself(serve, out, body, tmp_path):
    make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    server = serve(context=context)
    assert Fetch(out, server.uri(host="localhost"), "--secure", ca=tmp_path / "ca.pem").result == 0
    assert same(out, body)
    assert Fetch(out, server.uri(host="localhost"), "--secure").result == EACCES
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "stranger.pem", tmp_path / "stranger.key")
    assert Fetch(out, serve(context=context).uri(host="localhost"), ca=tmp_path / "ca.pem").result == EACCES


def test_https_does_not_lead_to_http(serve, out, tmp_path):
    make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    server = serve(context=context)
    server.target = serve().uri()
    assert Fetch(out, server.uri("redirect1"), ca=tmp_path / "ca.pem").result == EPROTO

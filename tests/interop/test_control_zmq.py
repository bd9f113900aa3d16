"""The control protocol as docs/control.md tells it, spoken by pyzmq."""
import contextlib
import errno
import hashlib
import json
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile

import pytest

from harness.find import ROOT
from harness.gateway import Wakegate
from harness.process import wait_until

zmq = pytest.importorskip("zmq", reason="pyzmq is not installed (tests/run installs it)")
PAGE = (ROOT / "docs" / "control.md").read_text()


@pytest.fixture(scope="module")
def gateway():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # so that it is the socket's own mode that keeps others out
        running = Wakegate(pathlib.Path(folder), 1)  # no broker is there
        running.start()
        yield running
        running.stop()


@pytest.fixture
def client(gateway):
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.rcvtimeo = 10_000
        dealer.connect(f"ipc://{gateway.socket}")
        yield dealer


def ask(client, request, *frames):
    client.send_multipart([json.dumps(request).encode(), *frames])
    return json.loads(client.recv())


def result(client, command, **arguments):
    reply = ask(client, {"command": command} | arguments)
    assert reply["ok"], reply
    return reply["result"]


def failure(client, request, *frames):
    reply = ask(client, request, *frames)
    assert not reply["ok"]
    return reply["error"]["code"]


def test_the_page_lists_the_commands_and_arguments_that_there_are(client):
    rows = [[cell.strip() for cell in line.split("|")] for line in PAGE.splitlines()
            if re.match(r"\| `[a-z_.]+` \|.*\|.*\|.*\|", line)]
    told = {row[1].strip("`"): (re.findall(r"(\*\*)?([a-z0-9_]+)(?:\*\*)?(?:, |$)", row[2].replace(", and bytes", "")),
                                row[3] == "yes") for row in rows}
    for row in rows:
        if row[2].startswith("as "):
            told[row[1].strip("`")] = (told[row[2].removeprefix("as ")][0], row[3] == "yes")
    commands = result(client, "commands")["commands"]
    assert set(told) == {command["name"] for command in commands}
    for command in commands:
        arguments, remote = told[command["name"]]
        assert remote == command["remote"], command["name"]
        assert [(bool(bold), name) for bold, name in arguments] == [
            (argument["required"], argument["name"]) for argument in command["arguments"]], command["name"]


def test_the_pages_example_runs(gateway, client):
    result(client, "node.add", node="n0001", driver="coap")
    example = re.search(r"```python\n(.*?)```", PAGE, re.S)[1]
    done = subprocess.run([sys.executable, "-c", example, gateway.socket], capture_output=True, text=True, timeout=20)
    assert done.stdout == "n0001 -\n", done.stderr
    result(client, "node.remove", node="n0001")


def test_requests_may_overlap_and_carry_their_ids(client):
    for number in range(10):
        client.send_json({"id": number, "command": "journal" if number % 2 else "ping"})
    assert {client.recv_json()["id"] for _ in range(10)} == set(range(10))


def test_what_is_wrong_has_the_code_of_the_page(client):
    assert failure(client, {"command": "nothing"}) == "unknown_command"
    assert failure(client, {"command": "ping", "more": 1}) == "bad_request"
    assert failure(client, {"command": "node.show", "node": "nix"}) == "not_found"
    assert failure(client, {"command": "ping"}, b"bytes") == "bad_request"
    client.send(b"\xff{")
    assert client.recv_json()["error"]["code"] == "bad_request"


def test_what_is_no_message_is_passed_over(client):
    client.send_multipart([b"{}", b"", b"three"])
    client.send_multipart([b"1", b"2", b"3", b"4", b"5", b"6"])
    assert ask(client, {"command": "ping"})["ok"]


def test_a_client_that_sends_too_much_is_cut_off_and_the_others_are_not(gateway, client):
    with zmq.Context() as context, context.socket(zmq.DEALER) as greedy:
        greedy.linger = 0
        greedy.rcvtimeo = 1000
        greedy.connect(f"ipc://{gateway.socket}")
        greedy.send(b" " * (1024 * 1024 + 1))
        with pytest.raises(zmq.Again):
            greedy.recv()
        assert ask(client, {"command": "ping"})["ok"]


def test_too_many_requests_of_one_client_are_refused(client):
    for _ in range(16):
        client.send_json({"id": 1, "command": "telemetry.tail"})
    client.send_json({"id": 2, "command": "ping"})
    assert client.recv_json()["error"]["code"] == "busy"


def test_an_image_goes_up_in_pieces(gateway, client):
    data = os.urandom(300_000)
    claim = {"name": "raw.bin", "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "hardware": "any"}
    begun = result(client, "image.upload", **claim)
    offset = begun["offset"]
    while offset < len(data):
        reply = ask(client, {"command": "image.upload.data", "upload": begun["upload"], "offset": offset},
                    data[offset:offset + 100_000])
        offset = reply["result"]["offset"]
    # Nobody signed it, and the config allows no unsigned images.
    assert failure(client, {"command": "image.upload.finish", "upload": begun["upload"]}) == "refused"
    assert result(client, "image.list")["images"] == []


def stored_chunks(gateway):
    """How many chunks of images have reached the disk; an answer tells what was taken, which is more."""
    with contextlib.closing(sqlite3.connect(f"file:{gateway.data}/images.db?mode=ro", uri=True)) as database:
        return database.execute("SELECT COUNT(*) FROM chunk").fetchone()[0]


def test_an_upload_goes_on_where_another_client_left_it(gateway, client):
    data = os.urandom(300_000)
    claim = {"name": "raw.bin", "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "hardware": "any"}
    begun = result(client, "image.upload", **claim)
    ask(client, {"command": "image.upload.data", "upload": begun["upload"], "offset": 0}, data[:200_000])
    wait_until("a chunk is on disk", lambda: stored_chunks(gateway) > 0)
    gateway.kill()
    gateway.start()
    begun = result(client, "image.upload", **claim)
    assert 0 < begun["offset"] <= 200_000
    result(client, "image.upload.cancel", upload=begun["upload"])
    assert result(client, "image.list")["images"] == []


def connect_as_nobody(path):
    """The errno of connecting as a user who is in no group, 0 if it worked."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        os._exit(socket.socket(socket.AF_UNIX).connect_ex(str(path)))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_the_socket_is_guarded_by_its_mode(gateway):
    assert gateway.socket.stat().st_mode & 0o777 == 0o660
    if os.geteuid() == 0:  # only root may become somebody else
        assert connect_as_nobody(gateway.socket) == errno.EACCES


def test_a_second_daemon_leaves_the_first_alone(gateway, client):
    done = subprocess.run([gateway.process.command[0], "--config", gateway.config], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode != 0
    assert ask(client, {"command": "ping"})["ok"]

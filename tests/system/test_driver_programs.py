"""Drivers that are not part of wakegate: the example of the documentation, and some that misbehave."""
import json
import pathlib
import re
import shlex
import stat
import subprocess
import sys

import aiocoap
import pytest
import zmq

from harness.broker import Broker
from harness.coap_node import CoapNode
from harness.find import ROOT, free_port, ours
from harness.gateway import Wakegate
from harness.process import Process, wait_until
from harness.rude_driver import KINDS
from harness.subscriber import Subscriber

EXAMPLE = ROOT / "docs" / "examples" / "driver.py"
RUDE = pathlib.Path(__file__).parents[1] / "harness" / "rude_driver.py"
PATIENCE = 120


def program(folder, script):
    """The script as a program that this Python runs, whatever the one in PATH has installed."""
    file = folder / f"run-{script.stem}"
    file.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(script))} \"$@\"\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


class Programs(Wakegate):
    """A gateway whose config has an entry for each program: name -> (program, arguments)."""

    def __init__(self, folder, broker_port, programs, drivers="", **groups):
        super().__init__(folder, broker_port, **groups)
        entries = ", ".join(
            f'{{ name = "{name}"; program = "{path}"; arguments = [ ' + ", ".join(f'"{a}"' for a in arguments) + " ]; }"
            for name, (path, arguments) in programs.items())
        with open(self.config, "a", encoding="utf-8") as out:
            out.write(f"drivers: {{ restart_after = \"100 ms\"; restart_most = \"300 ms\"; {drivers} "
                      f"others = ( {entries} ); }};\n")

    def driver(self, name):
        return next(one for one in self.ask("driver", "list")["drivers"] if one["driver"] == name)

    def alerts(self):
        return {alert["subject"]: alert["text"] for alert in self.ask("alerts")["alerts"]
                if alert["kind"] == "driver.failing"}


@pytest.fixture
def broker(tmp_path):
    running = Broker(tmp_path).start()
    yield running
    running.stop()


def test_the_example_of_the_documentation_registers_reports_and_takes_an_image(tmp_path, broker):
    assert len(EXAMPLE.read_text().splitlines()) <= 100
    subscriber = Subscriber(broker.port)
    gateway = Programs(tmp_path, broker.port, {"barn": (program(tmp_path, EXAMPLE), [tmp_path])},
                       telemetry={"batch_age": "200 ms"}).start()
    try:
        wait_until("it is registered", lambda: gateway.ask("node", "list")["nodes"], PATIENCE)
        digest = gateway.add_image(bytes(range(256)) * 300, hardware="barn")
        gateway.order(digest, "barn")
        wait_until("the update is confirmed", lambda: gateway.ask("update", "list", "--state", "confirmed")["updates"],
                   PATIENCE)
        taken = tmp_path / f"{digest}.bin"
        assert taken.exists() and gateway.ask("node", "list")["nodes"][0]["driver"] == "barn"
        wait_until("its reading is at the broker", lambda: any(
            name == "temperature" and float(value) == 21.5 and node == "barn-1"
            for node, _, name, value in list(subscriber.upstream.numbers.values())), PATIENCE)
        assert subscriber.upstream.faults == []
    finally:
        gateway.stop()
        subscriber.stop()


@pytest.mark.parametrize("kind, drivers, reason", [
    ("flood", 'messages = 300; bytes = "3 MB";', "it floods: "),
    ("stall", 'silence = "2 s";', "it stalls: "),
    ("garbage", "", "it sends garbage: "),
    ("leave", "", "it ended with code 3"),
    ("hang_up", "", "it closed its connection"),
    ("die", "", "it was ended by signal 9"),
])
def test_a_driver_that_misbehaves_is_ended_named_and_started_anew(tmp_path, broker, kind, drivers, reason):
    gateway = Programs(tmp_path, broker.port, {"rude": (program(tmp_path, RUDE), [kind, tmp_path])}, drivers).start()
    try:
        wait_until("every misdeed was done", lambda: gateway.driver("rude")["restarts"] >= len(KINDS[kind]), PATIENCE)
        reasons = re.findall(r'driver.ended driver=rude pid=\d+ reason="(.*)"', gateway.process.output())
        assert len(reasons) >= len(KINDS[kind]) and all(text.startswith(reason) for text in reasons), reasons
        assert wait_until("it is named", lambda: gateway.alerts().get("rude"), PATIENCE).startswith(reason)
        with CoapNode(gateway, "n1", "sim-m4") as node:  # all else is as it was
            assert "next" in node.check_in()
    finally:
        assert gateway.stop() == 0


def make_key(file):
    subprocess.run([ours("wakegate-driver"), "--make-key", file], check=True)
    return file, f"{file}.pub"


def speaks(endpoint, secret, public, server, seconds):
    """Whether the gateway answers who comes with this key."""
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.curve_secretkey, socket.curve_publickey, socket.curve_serverkey = secret, public, server
    socket.connect(endpoint)
    socket.send(b'{"type": "bye"}')
    answered = socket.poll(1000 * seconds)
    socket.close()
    return bool(answered)


def test_a_driver_elsewhere_proves_who_it_is_and_nobody_else_is_let_in(tmp_path, broker):
    ours_secret, ours_public = make_key(tmp_path / "gateway.key")
    secret, public = make_key(tmp_path / "attic.key")
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    gateway = Wakegate(tmp_path, broker.port)
    with open(gateway.config, "a", encoding="utf-8") as out:
        out.write(f'drivers: {{ others = ( {{ name = "coap"; endpoint = "{endpoint}"; key_file = "{ours_secret}"; '
                  f'driver_key_file = "{public}"; }} ); }};\n')
    gateway.start()
    driver = None
    try:
        assert gateway.ask("driver", "list")["drivers"][0]["trouble"] == "it has not come yet"
        server = pathlib.Path(ours_public).read_bytes().strip()
        keys = [pathlib.Path(file).read_bytes().strip() for file in (secret, public)]
        assert not speaks(endpoint, *reversed(zmq.curve_keypair()), server, 2)
        assert speaks(endpoint, *keys, server, PATIENCE)
        driver = Process([ours("wakegate-driver"), "coap", "--connect", endpoint, "--key", secret, "--gateway-key",
                          ours_public], tmp_path / "driver.log")
        wait_until("it runs", lambda: gateway.ask("driver", "list")["drivers"][0]["state"] == "running", PATIENCE)
        with CoapNode(gateway, "n1", "sim-m4") as node:
            assert "next" in node.check_in()
        assert gateway.stop() == 0
        assert driver.wait(PATIENCE) == 0  # the gateway said good-bye
    finally:
        gateway.stop()
        if driver:
            driver.stop()


def test_a_network_without_keys_is_refused_by_the_config(tmp_path):
    file = tmp_path / "wakegate.cfg"
    file.write_text('drivers: { others = ( { name = "coap"; endpoint = "tcp://*:5690"; } ); };\n')
    done = subprocess.run([ours("wakegated"), "--check", file], capture_output=True, text=True, check=False)
    assert done.returncode == 78 and "needs key_file and driver_key_file" in done.stderr


def test_a_node_of_another_driver_is_not_taken_over_and_may_be_moved(tmp_path, broker):
    """Neither a node in plain CoAP nor a driver elsewhere has a say about a node that is another driver's."""
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    gateway = Wakegate(tmp_path, broker.port)
    with open(gateway.config, "a", encoding="utf-8") as out:
        out.write(f'drivers: {{ others = ( {{ name = "barn"; endpoint = "{endpoint}"; }} ); }};\n')
    gateway.start()
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(endpoint)

    def say(kind, data=b"[]", **members):
        socket.send_multipart([json.dumps({"type": kind} | members).encode()] + ([data] if kind == "report" else []))

    def await_answer(kind):
        while socket.poll(1000 * PATIENCE):
            message = json.loads(socket.recv_multipart()[0])
            if message["type"] == kind:
                return message
        raise AssertionError(f"no {kind}")

    def owner(name):
        return next(node["driver"] for node in gateway.ask("node", "list")["nodes"] if node["id"] == name)

    try:
        say("hello", protocol=1, driver="barn")
        await_answer("start")
        say("ready")
        say("contact", id=1, node="hen")
        assert await_answer("contact_answer")["result"] == "ok"
        with CoapNode(gateway, "hen", "sim-m4") as thief, CoapNode(gateway, "n1", "sim-m4") as node:
            assert "next" in node.check_in()
            assert thief.ask(aiocoap.POST, "c?ep=hen").code == aiocoap.FORBIDDEN
            say("contact", id=2, node="n1")
            assert await_answer("contact_answer")["result"] == "refused"
            say("report", id=3, node="n1", format="json")
            assert await_answer("report_done")["result"] == "refused"
            assert (owner("hen"), owner("n1")) == ("barn", "coap")
            assert "node.claim_refused node=hen driver=coap belongs_to=barn" in gateway.process.output()
            assert gateway.ask("status")["drivers"]["coap"]["claims_refused"] == 1
            gateway.ask("node", "remove", "hen", "--yes")
            assert thief.ask(aiocoap.POST, "c?ep=hen").code == aiocoap.CHANGED
            assert owner("hen") == "coap"
    finally:
        socket.close()
        assert gateway.stop() == 0

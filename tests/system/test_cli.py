"""wakegate: what the operator's command line says about a gateway at work, to people and to programs."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from harness.find import ours
from harness.process import wait_until
from harness.scenario import HARDWARE, Scenario

NODES = 5
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with Scenario(folder, telemetry={"batch_age": "200 ms", "commit_delay": "50 ms"}) as scenario:
        scenario.start_nodes(nodes=NODES, loss=0, restarts=0)
        wait_until("all nodes are known", lambda: scenario.gateway.ask("status")["nodes"]["total"] == NODES, 60)
        yield scenario


@pytest.fixture
def gateway(site):
    return site.gateway


def code(gateway, *words):
    """The exit code, and what a person is told."""
    done = gateway.cli(*words, check=False)
    return done.returncode, done.stderr


def environment(gateway):
    return os.environ | {"WAKEGATE_SOCKET": str(gateway.socket), "TERM": "xterm"}


class Terminal:
    """A command that believes it is on a terminal."""

    def __init__(self, gateway, *words, columns=80, lines=24, **variables):
        self.master, slave = pty.openpty()
        self.resize(columns, lines)
        self.process = subprocess.Popen([ours("wakegate"), *words], stdin=slave, stdout=slave, stderr=slave,
                                        env=environment(gateway) | variables, start_new_session=True)
        os.close(slave)
        self.text = ""

    def resize(self, columns, lines):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds):
        """What it prints until it ends, or for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and select.select([self.master], [], [], until - time.monotonic())[0]:
            try:
                self.text += os.read(self.master, 65536).decode()
            except OSError:
                break
        return self.text

    def press(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        self.read(60)
        os.close(self.master)
        return self.process.wait(30)


def lines_of(text):
    return [line for line in ESCAPE.sub("", text).replace("\r", "\n").split("\n") if line]


def test_status_says_how_everything_is(gateway):
    text = gateway.cli("status").stdout
    for word in ("gateway", "connected to tcp://", f"{NODES}, 0 silent", "updates", "images", "telemetry", "commits"):
        assert word in text
    status = gateway.ask("status")
    assert status["gateway"] == "test" and status["uplink"]["connected"] is True
    assert status["memory_bytes"] > 1_000_000 and status["drivers"]["coap"]["checkins"] > 0


def test_readings_show_up_as_kept_and_as_delivered(gateway):
    def delivered():
        telemetry = gateway.ask("status")["telemetry"]
        return telemetry["delivered"] > 0 and telemetry["readings"] >= telemetry["delivered"]
    wait_until("readings are delivered", delivered, 60)


def test_every_command_prints_one_json_document(gateway):
    for words in (["status"], ["journal"], ["metrics"], ["version"], ["top"], ["node", "list"],
                  ["node", "show", "node-001"], ["image", "list"], ["update", "list"], ["download", "list"],
                  ["log", "level"]):
        assert isinstance(gateway.ask(*words), dict), words


def test_node_lists_are_filtered(gateway):
    assert len(gateway.ask("node", "list")["nodes"]) == NODES
    assert len(gateway.ask("node", "list", "--hardware", HARDWARE)["nodes"]) == NODES
    assert gateway.ask("node", "list", "--hardware", "other")["nodes"] == []
    assert [node["id"] for node in gateway.ask("node", "list", "--match", "003")["nodes"]] == ["node-003"]
    assert gateway.cli("node", "list", "--match", "nix").stdout == "There is no such node.\n"
    assert [line.split()[0] for line in gateway.cli("node", "list").stdout.splitlines()] == [
        "NODE", *(f"node-{number:03}" for number in range(1, NODES + 1))]


def test_exit_codes_tell_scripts_what_went_wrong(gateway, tmp_path):
    assert code(gateway, "node", "show", "nix") == (4, 'wakegate: there is no node "nix"\n')
    assert code(gateway, "node", "shwo", "nix")[0] == 2
    assert code(gateway, "log", "level", "loud")[0] == 2
    assert code(gateway, "update", "node-001", "feedface")[0] == 4
    assert code(gateway, "node", "remove", "node-001")[0] == 5  # nobody to ask
    assert code(gateway, "image", "add", tmp_path / "missing.bin")[0] == 4
    unsigned = tmp_path / "unsigned.bin"
    unsigned.write_bytes(os.urandom(1000))
    assert code(gateway, "image", "add", unsigned, "--hardware", HARDWARE)[0] == 5
    assert code(gateway, "--socket", tmp_path / "nothing", "status")[0] == 3


def test_errors_are_json_for_programs(gateway):
    error = json.loads(code(gateway, "node", "show", "nix", "--json")[1])
    assert error == {"error": {"code": "not_found", "message": 'there is no node "nix"'}}


def test_a_node_is_added_and_removed(gateway):
    gateway.cli("node", "add", "spare-1", "spare-2")
    assert len(gateway.ask("node", "list", "--match", "spare")["nodes"]) == 2
    assert "by operator" in gateway.cli("node", "show", "spare-1").stdout
    assert gateway.cli("node", "remove", "--yes", "spare-1", "spare-2").stdout == "2 removed\n"
    assert gateway.ask("node", "list", "--match", "spare")["nodes"] == []
    events = [entry["event"] for entry in gateway.ask("journal", "spare-1")["journal"]]
    assert events == ["node.removed", "node.added"]


def test_an_image_goes_in_is_shown_and_goes_again(site):
    gateway = site.gateway
    digest = gateway.add_image(b"shown" * 9000, version="7.1.0", hardware="other-hw")
    shown = gateway.ask("image", "show", "other-hw@7.1.0")["image"]
    assert (shown["sha256"], shown["signer"], shown["format"]) == (digest, "signing", "mcuboot")
    assert digest[:8] in gateway.cli("image", "list").stdout
    assert "already" in gateway.cli("image", "add", gateway.folder / "app-7.1.0.bin").stdout
    gateway.cli("image", "remove", "--yes", digest[:12])
    assert code(gateway, "image", "show", digest[:12])[0] == 4


def test_an_update_is_watched_to_its_end(site):
    gateway = site.gateway
    digest = gateway.add_image(os.urandom(20_000), version="3.0.0", hardware=HARDWARE)
    done = gateway.cli("update", "--hardware", HARDWARE, digest[:16], "--watch", "--yes")
    assert f"{NODES} updates ordered" in done.stdout
    assert done.stdout.splitlines()[-1] == f"{NODES} confirmed of {NODES}"
    assert site.all_run(digest)
    assert {update["state"] for update in gateway.ask("update", "list")["updates"]} == {"confirmed"}
    assert gateway.ask("image", "show", digest[:16])["image"]["nodes"] == NODES
    assert code(gateway, "image", "remove", "--yes", digest[:16])[0] == 5  # nodes run it
    assert gateway.ask("update", "node-001", digest[:16])["already"] == 1


def test_an_order_that_suits_no_node_is_refused_and_says_why(site):
    gateway = site.gateway
    digest = gateway.add_image(b"wrong" * 1000, version="9.0.0", hardware="other-hw")
    done = gateway.cli("update", "node-001", "nix", digest[:16], check=False)
    assert done.returncode == 5
    assert "the image is for other hardware" in done.stdout and "no such node" in done.stdout


def test_an_update_is_cancelled_and_ordered_again(site):
    gateway = site.gateway
    gateway.cli("node", "add", "sleeper")
    digest = gateway.add_image(b"later" * 1000, version="9.1.0", hardware="sleepy")
    gateway.cli("update", "sleeper", digest[:16], "--force")
    assert gateway.cli("update", "cancel", "sleeper").stdout == "1 cancelled\n"
    assert code(gateway, "update", "cancel", "sleeper")[0] == 4
    assert gateway.ask("update", "list", "sleeper")["updates"][0]["state"] == "failed"
    assert code(gateway, "update", "watch", "sleeper")[0] == 1
    assert gateway.ask("update", "retry", "sleeper")["ordered"] == 1
    gateway.cli("node", "remove", "--yes", "sleeper")


def test_a_list_of_nodes_is_read_from_a_file(site, tmp_path):
    gateway = site.gateway
    names = tmp_path / "nodes"
    names.write_text("# two of them\nnode-001\n\nnode-002\n")
    digest = gateway.add_image(os.urandom(5000), version="4.0.0", hardware=HARDWARE)
    assert gateway.ask("update", "--yes", "--list", names, digest[:16])["ordered"] == 2
    gateway.cli("update", "watch", "node-001", "node-002")


def test_the_tail_shows_readings_as_they_come(gateway):
    lines = gateway.cli("telemetry", "tail", "--node", "node-002", "-n", "4", "--json").stdout.splitlines()
    readings = [json.loads(line) for line in lines]
    assert len(readings) == 4 and {reading["node"] for reading in readings} == {"node-002"}
    assert "node-001" in gateway.cli("telemetry", "tail", "--node", "node-001", "-n", "1").stdout


def test_a_tail_that_was_interrupted_is_forgotten(gateway):
    for _ in range(20):  # more than may watch at once
        tail = subprocess.Popen([ours("wakegate"), "telemetry", "tail"], stdout=subprocess.PIPE,
                                env=environment(gateway))
        tail.stdout.readline()
        tail.send_signal(signal.SIGINT)
        tail.stdout.close()
        tail.wait(30)
        wait_until("the next one may watch", lambda: gateway.cli("telemetry", "tail", "-n", "1", check=False
                                                                  ).returncode == 0, 60)


def test_the_log_level_changes_at_once(gateway):
    assert gateway.cli("log", "level", "notice").stdout == "notice\n"
    assert gateway.ask("log", "level") == {"level": "notice", "before": "notice"}
    gateway.cli("log", "level", "debug")


def test_metrics_are_prometheus_text(gateway):
    text = gateway.cli("metrics").stdout
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z_][a-z0-9_]*(\{[^}]*\})? -?[0-9.e+-]+", line) for line in samples)
    assert f"wakegate_nodes {NODES}" in samples
    names = [line.split("{")[0].split()[0] for line in samples]
    assert all(f"# TYPE {name} " in text for name in names)


def test_completion_knows_the_nodes(gateway):
    words = gateway.cli("complete", "--", "node", "show", "node-00").stdout.split()
    assert words and all(word.startswith("node-00") for word in words)


def test_a_daemon_that_is_killed_is_told_at_once(gateway):
    tail = subprocess.Popen([ours("wakegate"), "telemetry", "tail"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=environment(gateway), text=True)
    tail.stdout.readline()
    gateway.kill()
    assert tail.wait(30) == 3
    assert "stopped" in tail.stderr.read()
    gateway.start()


@pytest.mark.parametrize("words", [["status"], ["node", "list"], ["image", "list"], ["update", "list"], ["journal"],
                                   ["help"], ["help", "update", "start"], ["help", "image", "sign"]])
def test_lines_fit_80_columns(gateway, words):
    terminal = Terminal(gateway, *words)
    terminal.end()
    assert max(map(len, lines_of(terminal.text))) <= 80, terminal.text


def test_a_sentence_that_does_not_fit_goes_on_in_the_next_line(gateway):
    reason = "being calibrated by somebody who takes the time that it needs, until the end of the week"
    gateway.cli("node", "hold", "node-001", "--reason", reason)
    gateway.cli("node", "release", "node-001")
    for words in (["journal", "node-001"], ["audit"]):
        terminal = Terminal(gateway, *words)
        assert terminal.end() == 0
        lines = lines_of(terminal.text)
        assert max(map(len, lines)) <= 80, terminal.text
        assert reason in " ".join(line.strip() for line in lines), terminal.text


def test_errors_and_questions_fit_the_terminal_too(gateway):
    terminal = Terminal(gateway, "journal", "--limit", "99999", columns=40)
    assert terminal.end() == 2
    lines = lines_of(terminal.text)
    assert max(map(len, lines)) <= 40, terminal.text
    assert "wakegate: --limit: found \"99999\", allowed are whole numbers from 1 to 1000" in " ".join(map(str.strip, lines))
    terminal = Terminal(gateway, "update", "--hardware", HARDWARE, "a" * 64, columns=50)
    wait_until("it asks", lambda: "[y/N]" in terminal.read(0.2), 60)
    terminal.press("n\n")
    assert terminal.end() == 5
    assert max(map(len, lines_of(terminal.text))) <= 50, terminal.text


def test_colour_is_for_terminals_that_want_it(gateway):
    def print_status(**variables):
        terminal = Terminal(gateway, "status", **variables)
        assert terminal.end() == 0
        return terminal.text
    assert "\x1b[" in print_status()
    assert "\x1b[" not in print_status(NO_COLOR="1")
    assert "\x1b[" not in print_status(TERM="dumb")
    assert "\x1b[" not in gateway.cli("status").stdout


def test_a_question_is_asked_and_no_is_taken(gateway):
    terminal = Terminal(gateway, "node", "remove", "node-001")
    wait_until("it asks", lambda: "[y/N]" in terminal.read(0.2), 60)
    terminal.press("n\n")
    assert terminal.end() == 5
    assert len(gateway.ask("node", "list", "--match", "node-001")["nodes"]) == 1


@pytest.mark.parametrize("columns,lines", [(80, 24), (40, 10), (200, 60)])
def test_top_fits_its_terminal_and_q_ends_it(gateway, columns, lines):
    terminal = Terminal(gateway, "top", columns=columns, lines=lines)
    wait_until("it is drawn twice", lambda: terminal.read(0.3).count("\x1b[H") >= 2, 60)
    terminal.press("q")
    assert terminal.end() == 0
    frame = lines_of(terminal.text.split("\x1b[H")[1])
    assert len(frame) <= lines and max(map(len, frame)) <= columns
    assert terminal.text.rstrip().endswith("\x1b[?25h")  # the cursor is back


def test_top_follows_the_terminals_size(gateway):
    terminal = Terminal(gateway, "top", "--every", "60")
    wait_until("it is drawn", lambda: "q quits" in terminal.read(0.2), 60)
    terminal.resize(60, 12)
    terminal.process.send_signal(signal.SIGWINCH)
    wait_until("it is drawn anew", lambda: terminal.read(0.2).count("q quits") >= 2, 60)
    terminal.press("q")
    assert terminal.end() == 0
    assert max(map(len, lines_of(terminal.text.split("\x1b[H")[2]))) <= 60

"""wakegated as a service: what the config file may say, reload and stop as systemd does them, the unit's sandbox."""
import contextlib
import errno
import functools
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import pytest

from harness.find import ROOT, ours, peer
from harness.process import Process, wait_until

CONFIG = """
gateway: {{ id = "plant"; data_directory = "{folder}/data"; }};
coap: {{ listen = "127.0.0.1"; port = 0; plain = "open"; }};
control: {{ socket = "{folder}/control.sock"; }};
"""


@pytest.fixture
def site(tmp_path):
    """A folder with a config file that works."""
    (tmp_path / "data").mkdir()
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "wakegate.cfg").write_text(CONFIG.format(folder=tmp_path))
    return tmp_path


class Manager:
    """The service manager's end of $NOTIFY_SOCKET, and the daemon that it started."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "notify"))
        self.socket.settimeout(60)
        environment = os.environ | {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "1000000"}
        environment.pop("WATCHDOG_PID", None)
        self.daemon = Process([ours("wakegated"), "-c", folder / "wakegate.cfg"], folder / "log", env=environment)

    def hear(self, word):
        while not (message := self.socket.recv(1000).decode()).startswith(word):
            pass
        return message


@pytest.fixture
def manager(site):
    running = Manager(site)
    running.hear("READY=1")
    yield running
    running.daemon.stop()
    running.socket.close()


def test_faults_end_the_daemon_with_78_and_all_of_them_are_told(site):
    config = site / "wakegate.cfg"
    config.write_text(config.read_text() + "mqtt: { };\nnodse: { };\n")
    (site / "conf.d" / "10.cfg").write_text("\nschedule: { interval = \"15 minutes\"; };\n")
    for option in "--check", "--config":
        done = subprocess.run([ours("wakegated"), option, config], capture_output=True, text=True, timeout=30)
        assert done.returncode == 78
        assert done.stdout == ""
        assert done.stderr.splitlines() == [
            f"{config}:6: nodse is unknown, did you mean nodes?",
            f"{site}/conf.d/10.cfg:2: schedule.interval: found \"15 minutes\", allowed is a duration from 1 s to 7 d in "
            "ms, s, min, h or d, such as \"15 min\"",
            f"{config}:5: mqtt: brokers must be set",
        ]


def test_a_wrong_command_line_ends_with_64():
    done = subprocess.run([ours("wakegated"), "--nope"], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == "wakegated: --nope is unknown; wakegated --help explains\n"


def test_the_printed_config_is_accepted(site):
    sample = site / "sample.cfg"
    sample.write_bytes(subprocess.run([ours("wakegated"), "--print-config"], capture_output=True, check=True).stdout)
    done = subprocess.run([ours("wakegated"), "--check", sample], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{sample}: no faults\n", "")


def test_a_reload_applies_what_is_safe_and_a_faulty_file_changes_nothing(site, manager):
    (site / "conf.d" / "10.cfg").write_text('gateway: { log_level = "debug"; id = "other"; };\n')
    manager.daemon.signal(signal.SIGHUP)
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", manager.hear("RELOADING=1"))
    manager.hear("READY=1")
    (site / "conf.d" / "10.cfg").write_text("gateway: { log_lvel = 1; };\n")
    manager.daemon.signal(signal.SIGHUP)
    manager.hear("READY=1")
    log = manager.daemon.output()
    assert "config.changed name=gateway.log_level applied=yes" in log
    assert "config.changed name=gateway.id applied=no reason=restart" in log
    assert "config.reloaded applied=1 waiting=1" in log
    assert f"config.fault {site}/conf.d/10.cfg:1: gateway.log_lvel is unknown, did you mean log_level?" in log
    assert f"config.kept file={site}/wakegate.cfg faults=1" in log
    assert manager.daemon.running


def test_signs_of_life_come_twice_in_the_watchdogs_time(manager):
    manager.hear("WATCHDOG=1")
    before = time.monotonic()
    manager.hear("WATCHDOG=1")
    assert time.monotonic() - before < 1.0


def test_sigterm_stops_in_order_within_five_seconds(manager):
    before = time.monotonic()
    manager.daemon.signal(signal.SIGTERM)
    manager.hear("STOPPING=1")
    assert manager.daemon.wait(5) == 0
    assert time.monotonic() - before < 5


@functools.lru_cache(None)
def members_of(name):
    """The system calls of one of systemd's sets."""
    listed = subprocess.run([peer("systemd-analyze"), "syscall-filter", name], capture_output=True, text=True, check=True)
    members = set()
    for line in listed.stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            members |= members_of(word) if word.startswith("@") else {word}
    return frozenset(members)


def allowed_by(unit):
    """The system calls that the unit allows; later lines add and remove, systemd.exec(5)."""
    allowed = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M):
        named = set()
        for word in line.removeprefix("~").split():
            named |= members_of(word) if word.startswith("@") else {word}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def test_the_unit_allows_the_system_calls_that_the_daemon_makes(site):
    unit = (ROOT / "deploy" / "systemd" / "wakegate.service.in").read_text()
    trace = site / "trace"
    # the sanitizer's own calls are not the daemon's
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0:disable_coredump=0"}
    daemon = Process([peer("strace"), "-f", "-qq", "-o", trace, ours("wakegated"), "-c", site / "wakegate.cfg"],
                     site / "log", env=environment)
    try:
        wait_until("wakegated is ready", lambda: "daemon.ready" in daemon.output(), 60)
        subprocess.run([ours("wakegate"), "--socket", site / "control.sock", "status"], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)
        traced = int(re.match(r"\d+", trace.read_text()).group())
        for number in signal.SIGHUP, signal.SIGTERM:
            os.kill(traced, number)
            time.sleep(0.5)
        daemon.wait(30)
    finally:
        daemon.stop()
    used = set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)", trace.read_text(), re.M))
    assert "epoll_ctl" in used
    assert used - allowed_by(unit) == set()


HOOK = """#!/bin/sh
cat > "$1/heard"
exec python3 - "$1" "$2" <<'PYTHON'
{probes}
PYTHON
"""

PROBES = """\
import json, mmap, os, socket, sys
state, port = sys.argv[1], int(sys.argv[2])

def attempt(action):
    try:
        action()
        return 0
    except OSError as error:
        return error.errno

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
found = {
    "network": attempt(lambda: socket.create_connection(("127.0.0.1", port), 30).close()),
    "packets": attempt(lambda: socket.socket(17, socket.SOCK_RAW)),
    "executable": attempt(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)),
    "chroot": attempt(lambda: os.chroot("/")),
    "elsewhere": attempt(lambda: open(state + "/../elsewhere", "w").close()),
    "gains": status["NoNewPrivs"].strip(),
    "rights": int(status["CapBnd"], 16),
}
with open(state + "/found", "w") as out:
    json.dump(found, out)
os.rename(state + "/found", state + "/probes")
"""


def boot_of_machine(path):
    """Which start of the machine the daemon takes this for (gateway/boot_clock.h); 0: it cannot tell."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        return int.from_bytes(database.execute("SELECT value FROM setting WHERE name = 'clock.boot'").fetchone()[0][:4],
                              sys.byteorder)


def test_the_daemon_and_its_hook_work_within_what_the_unit_allows(tmp_path):
    """Played without systemd, see harness/sandbox.py: the broker is away, and the hook tells of it."""
    unit = ROOT / "deploy" / "systemd" / "wakegate.service.in"
    state, hook = tmp_path / "state", tmp_path / "on-alert"
    state.mkdir()
    (state / "data").mkdir()
    hook.write_text(HOOK.format(probes=PROBES))
    hook.chmod(0o755)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        (tmp_path / "wakegate.cfg").write_text(CONFIG.format(folder=state) + f"""
mqtt: {{ brokers = [ "tcp://127.0.0.1:1" ]; }};
alerts: {{ uplink_after = "1 s"; hook = [ "{hook}", "{state}", "{port}" ]; }};
""")
        asked = {"unit": str(unit), "calls": sorted(allowed_by(unit.read_text())), "writable": [str(state)]}
        environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0:disable_coredump=0"}
        daemon = Process([sys.executable, ROOT / "tests" / "harness" / "sandbox.py", json.dumps(asked), ours("wakegated"),
                          "-c", tmp_path / "wakegate.cfg"], state / "log", env=environment)
        try:
            wait_until("the hook was tried", lambda: (state / "probes").exists(), 120)
        except AssertionError as error:
            raise AssertionError(daemon.output()[-3000:]) from error
        finally:
            status = daemon.stop()
    assert status == 0
    assert boot_of_machine(state / "data" / "gateway.db") != 0  # /proc/sys says which it is
    heard, found = json.loads((state / "heard").read_text()), json.loads((state / "probes").read_text())
    assert (heard["kind"], heard["state"], heard["gateway"]) == ("uplink.down", "raised", "plant")
    if "sandbox: the file system stays writable" in daemon.output():
        print(daemon.output().splitlines()[0])  # a container that may make no mount namespace
        found["elsewhere"] = errno.EROFS
    assert found == {"elsewhere": errno.EROFS, "network": 0, "packets": errno.EAFNOSUPPORT, "executable": errno.EPERM,
                     "chroot": errno.EPERM, "gains": "1", "rights": 0}

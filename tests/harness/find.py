"""find: programs of ours and of others; a test whose peer is missing is skipped with the reason."""
import os
import pathlib
import secrets
import shutil
import socket

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WAKEGATE_BUILD", ROOT / "build"))
SHIPPED_BUILD = os.environ.get("WAKEGATE_SHIPPED_BUILD")
TEST_BUILD = pathlib.Path(os.environ.get("WAKEGATE_TEST_BUILD", BUILD / "test"))


def ours(name):
    """The path of a program of ours: as it is shipped, where the benches ask for that, or in the build under test.

    The one nearest to the top: a folder of builds may hold another build further down."""
    found = [path for build in (SHIPPED_BUILD, TEST_BUILD) if build
             for path in sorted(pathlib.Path(build).rglob(name), key=lambda path: len(path.parts))
             if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        pytest.fail(f"{name} is not in {TEST_BUILD}; build first, e.g. with tests/run unit")
    return str(found[0])


def peer(name):
    """The path of an independent program."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"{name} is not installed (tests/packages)")
    return found


def javascript_peers():
    """The folder whose node_modules holds the JavaScript peers, for NODE_PATH."""
    folder = BUILD / "npm" / "node_modules"
    if not folder.is_dir():
        pytest.skip("the JavaScript peers are not installed (tests/run installs them)")
    return str(folder)


def free_port(kind=socket.SOCK_STREAM):
    """A loopback port that was free a moment ago; kind SOCK_DGRAM for UDP. The kernel gives it to nobody else
    meanwhile: it is not one of those that it chooses from for who asks for any."""
    first_of_kernel = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = 10000 + secrets.randbelow(max(first_of_kernel - 10000, 10000))
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no loopback port is free")


def free_udp_port():
    return free_port(socket.SOCK_DGRAM)


def scaled(name, default):
    """A number that tests/run sets: KILLS, SEEDS, SEED."""
    return int(os.environ.get("WAKEGATE_" + name, default))


def long_run():
    return os.environ.get("WAKEGATE_LONG") == "1"

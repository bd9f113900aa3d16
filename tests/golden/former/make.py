#!/usr/bin/env python3
"""Has a former wakegated fill its databases and cuts it off, for tests/system/test_former.py.

    tests/golden/former/make.py NAME FOLDER_OF_THE_FORMER_BUILD FOLDER_OF_A_BUILD_OF_TODAY

The nodes are today's simulator. Writes NAME.tar.xz: the databases with their WALs as kill -9 left them, what nodes had
acknowledged (nodes.ledger) and what else is to be found again (facts.json). README.md says of which builds they are.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
RULES = """rules: { list = ( { name = "held"; names = [ "fed" ]; window = "1 d"; drop = true;
    outputs = ( { value = "sum"; }, { value = "count"; } ); } ); };
"""


def tables(data, name):
    done = subprocess.run(["sqlite3", "-readonly", data / name, ".tables"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def fill(gateway, nodes, folder):
    """Two starts, the second one cut off."""
    from harness.nodes import SimulatedNodes
    from harness.process import wait_until
    gateway.start()
    simulated = SimulatedNodes(folder, gateway.coap, hardware="sim-m4", seed=1, nodes=nodes, interval=0.5)
    wait_until("the nodes are known", lambda: len(
        gateway.ask("node", "list", "--hardware", "sim-m4")["nodes"]) == nodes)
    digest = gateway.add_image(random.Random(1).randbytes(3000), hardware="sim-m4")
    wait_until("readings are kept", lambda: gateway.ask("status")["telemetry"]["waiting"] > 100)
    assert gateway.stop() == 0
    gateway.start()
    wait_until("more readings are kept", lambda: gateway.ask("status")["telemetry"]["waiting"] > 200)
    simulated.process.signal(15)
    assert simulated.wait(60) == 0
    return digest


def feed(gateway):
    """Readings for a window that stays open; none where the former version had no rules."""
    from harness.poster import Poster
    values = [1, 2, 3, 4, 5] if "feed" in tables(gateway.data, "telemetry.db") else []
    poster = Poster("meter", gateway.coap_port)
    for value in values:
        poster.post([{"n": "fed", "v": value}])
    poster.close()
    return values


def settings(gateway):
    """What every former version knows; nothing listens where the broker should be."""
    return [("gateway", {"id": "test", "data_directory": str(gateway.data)}),
            ("mqtt", {"brokers": ["tcp://127.0.0.1:9"]}),
            ("coap", {"listen": "127.0.0.1", "port": gateway.coap_port, "plain": "open"}),
            ("control", {"socket": str(gateway.socket)}), ("schedule", {"interval": "1 s"}),
            ("images", {"trusted_keys": [str(gateway.key.with_suffix(".pem"))]})]


def main():
    from harness import find, gateway as harness_gateway
    from harness.gateway import Wakegate, group
    name, former, today = sys.argv[1], *map(os.path.abspath, sys.argv[2:])
    find.TEST_BUILD = pathlib.Path(today)
    harness_gateway.ours = lambda program: next(
        str(path) for path in pathlib.Path(former).rglob(program) if path.is_file() and os.access(path, os.X_OK))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        gateway = Wakegate(folder, find.free_port())
        gateway.config.write_text("".join(group(*of) for of in settings(gateway)) + (RULES if name == "feeds" else ""))
        digest = fill(gateway, 3, folder)
        fed = feed(gateway)
        gateway.kill()
        (folder / "facts.json").write_text(json.dumps({"image": digest, "nodes": 3, "fed": fed}))
        with tarfile.open(HERE / f"{name}.tar.xz", "w:xz") as archive:
            for file in [*sorted(gateway.data.glob("*.db")), *sorted(gateway.data.glob("*.db-wal")),
                         folder / "nodes.ledger", folder / "facts.json"]:
                archive.add(file, file.name)


main()

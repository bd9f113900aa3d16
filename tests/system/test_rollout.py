"""Rollouts in waves over the simulated, sleeping nodes."""
import random

from harness.broker import Broker
from harness.coap_node import CoapNode
from harness.gateway import Wakegate
from harness.process import wait_until
from harness.scenario import HARDWARE, Scenario

UPDATE = {"attempts": 1}
WAVES = "20 60 100"


def add_image(scenario):
    return scenario.gateway.add_image(random.Random(scenario.seed).randbytes(20_000), version="2.0.0", hardware=HARDWARE)


def wait_for_nodes(scenario):
    wait_until("all nodes have said what they are", lambda: len(
        scenario.gateway.ask("node", "list", "--hardware", HARDWARE)["nodes"]) == scenario.node_count, 120)


def begin(scenario, digest, *words):
    return scenario.gateway.ask("rollout", "create", "spring", digest, "--waves", WAVES, "--soak", "2 s",
                                "--deadline", "100000", "--yes", *words)


def show(scenario):
    return scenario.gateway.ask("rollout", "show", "spring")


def running(scenario, digest):
    return sum(image == digest for image in scenario.running().values())


def reaches(scenario, *states):
    return lambda: show(scenario)["state"] in states


def test_waves_come_in_turn_also_when_the_gateway_is_killed(tmp_path):
    with Scenario(tmp_path) as scenario:
        scenario.start_nodes(restarts=0)
        wait_for_nodes(scenario)
        digest = add_image(scenario)
        first = begin(scenario, digest)["waves"][0]
        for wave in (1, 2):
            wait_until(f"wave {wave} soaks, or is over", lambda: show(scenario)["state"] == "soaking"
                       or show(scenario)["wave"] > wave or show(scenario)["state"] == "complete", 120)
            updated, shown = running(scenario, digest), show(scenario)
            if shown["state"] == "soaking" and shown["wave"] == 1:
                # At least one node is in the first wave, whatever the names make of the share.
                assert updated == max(first, 1)
            scenario.gateway.kill()
            scenario.gateway.start()
        wait_until("the rollout is complete", reaches(scenario, "complete"), 240)
        assert scenario.all_run(digest)
        assert show(scenario)["confirmed"] == scenario.node_count
        assert scenario.finish() == []


def test_a_release_that_nodes_turn_back_from_stops_after_its_first_wave(tmp_path):
    with Scenario(tmp_path, update=UPDATE) as scenario:
        scenario.start_nodes(restarts=0, revert=20)
        wait_for_nodes(scenario)
        digest = add_image(scenario)
        begin(scenario, digest)
        wait_until("the gate has tripped", reaches(scenario, "tripped"), 120)
        shown = show(scenario)
        assert shown["wave"] == 1
        assert "failed" in shown["reason"]
        updates = scenario.gateway.ask("update", "list")["updates"]
        assert 0 < len(updates) <= shown["reached"]
        events = [entry["event"] for entry in scenario.gateway.ask("journal", "spring")["journal"]]
        assert events.count("rollout.tripped") == 1
        scenario.gateway.kill()
        scenario.gateway.start()
        assert show(scenario)["state"] == "tripped"


def test_a_rollback_brings_the_former_image_back(tmp_path):
    with Scenario(tmp_path) as scenario:
        scenario.start_nodes(restarts=0)
        wait_for_nodes(scenario)
        former = scenario.order_update(size=20_000)
        wait_until("all nodes run the first image", lambda: scenario.all_run(former), 240)
        digest = scenario.gateway.add_image(random.Random(1).randbytes(20_000), version="9.0.0", hardware=HARDWARE)
        begin(scenario, digest)
        wait_until("some nodes run the next image", lambda: running(scenario, digest) > 0, 120)
        wait_until("the first wave is done", lambda: show(scenario)["state"] != "rolling", 120)
        scenario.gateway.ask("rollout", "rollback", "spring", "--yes")
        wait_until("all nodes run the first image again", lambda: scenario.all_run(former), 240)
        assert show(scenario)["state"] == "rolled_back"


def test_a_node_that_refuses_a_downgrade_is_reported_as_such(tmp_path):
    broker = Broker(tmp_path).start()
    gateway = Wakegate(tmp_path, broker.port, update={"attempts": 1}).start()
    former = gateway.add_image(b"former" * 1000, "1.0.0", HARDWARE)
    bad = gateway.add_image(b"bad" * 1000, "2.0.0", HARDWARE)
    with CoapNode(gateway, "stubborn", HARDWARE, image=former[:32]) as stubborn, \
            CoapNode(gateway, "willing", HARDWARE, image=former[:32]) as willing:
        nodes = (stubborn, willing)
        for node in nodes:
            node.check_in()
        gateway.ask("rollout", "create", "spring", bad, "--waves", "100", "--deadline", "100000", "--yes")
        for node in nodes:
            wait_until("it is offered the image", lambda node=node: node.offered() == bad[:16], 120)
            node.run(bad, "2.0.0")
            node.check_in()
        gateway.ask("rollout", "rollback", "spring", "--yes")
        for node in nodes:
            wait_until("it is offered its former image", lambda node=node: node.offered() == former[:16], 120)
        stubborn.tell("failed", 6)
        willing.run(former, "1.0.0")
        willing.check_in()
        shown = gateway.ask("rollout", "show", "spring")
        assert shown["returns"] == {"done": 1, "under_way": 0, "refused": 1, "impossible": 0}
        assert shown["missing"] == [{"node": "stubborn", "state": "refuses to go back: unsupported image"}]
        assert "1 back, 0 on their way, 1 refuse, 0 cannot" in gateway.cli("rollout", "show", "spring").stdout
    gateway.stop()
    broker.stop()


def add_late(gateway, folder, payload):
    """Adds another image, if there is room; what the command came to."""
    (folder / "late.bin").write_bytes(payload)
    gateway.cli("image", "sign", "--key", gateway.key.with_suffix(".key"), "--version", "3.0.0", "--hardware", "other",
                folder / "late.bin", folder / "late-signed.bin")
    return gateway.cli("image", "add", folder / "late-signed.bin", check=False)


def test_what_nodes_would_go_back_to_stays_when_room_is_short(tmp_path):
    size, chance = 400_000, random.Random(1)
    broker = Broker(tmp_path).start()
    gateway = Wakegate(tmp_path, broker.port, images={"quota": "1 MB", "max_size": "500 KB"}).start()
    former = gateway.add_image(chance.randbytes(size), "1.0.0", HARDWARE)
    bad = gateway.add_image(chance.randbytes(size), "2.0.0", HARDWARE)
    with CoapNode(gateway, "sleeper", HARDWARE, image=former[:32]) as node:
        node.check_in()
        gateway.ask("rollout", "create", "spring", bad, "--waves", "100", "--deadline", "100000", "--yes")
        wait_until("it is offered the image", lambda: node.offered() == bad[:16], 120)
        node.run(bad, "2.0.0")
        node.check_in()
        refused = add_late(gateway, tmp_path, chance.randbytes(size))
        assert refused.returncode != 0 and "room" in refused.stderr
        gateway.kill()
        gateway.start()
        node.check_in()
        assert add_late(gateway, tmp_path, chance.randbytes(size)).returncode != 0
        gateway.ask("rollout", "rollback", "spring", "--yes")
        wait_until("it is offered its former image", lambda: node.offered() == former[:16], 120)
        node.run(former, "1.0.0")
        node.check_in()
        assert gateway.ask("rollout", "show", "spring")["returns"]["done"] == 1
    gateway.stop()
    broker.stop()


ROLLOUT_FILE = """\
rollout: {{ name = "spring"; image = "{image}"; priority = 3; }};
targets: {{ nodes = [ {nodes} ]; versions = "<9"; }};
waves: {{ shares = "100"; soak = "1 s"; deadline = 100000; }};
"""


def test_a_rollout_comes_from_a_file_and_tells_who_is_left_out(tmp_path):
    with Scenario(tmp_path) as scenario:
        scenario.start_nodes(restarts=0)
        wait_for_nodes(scenario)
        digest = add_image(scenario)
        names = sorted(node["id"] for node in scenario.gateway.ask("node", "list")["nodes"])
        chosen = names[:3]
        path = tmp_path / "spring.cfg"
        path.write_text(ROLLOUT_FILE.format(image=digest, nodes=", ".join(f'"{name}"' for name in chosen)))
        preview = scenario.gateway.ask("rollout", "create", "--file", str(path), "--dry-run")
        assert sorted(line["node"] for line in preview["list"] if "wave" in line) == chosen
        assert {line["reason"] for line in preview["list"] if "wave" not in line} == {"is not listed"}
        assert sum(item["nodes"] for item in preview["excluded"]) == len(names) - 3
        scenario.gateway.ask("rollout", "create", "--file", str(path), "--yes")
        wait_until("the rollout is complete", reaches(scenario, "complete"), 120)
        running_it = sorted(node for node, image in scenario.running().items() if image == digest)
        assert running_it == chosen
        assert scenario.finish() == []

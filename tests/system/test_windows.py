"""Hours in which nodes are left alone, over the simulated nodes: what they ask for then is put off, not refused."""
import random

from harness.hours import ALWAYS, change_hours, far_off, write_hours
from harness.process import wait_until
from harness.scenario import HARDWARE, Scenario

PATIENCE = 120


def counter(scenario, name):
    return scenario.gateway.ask("status")["drivers"]["coap"][name]


def contacts(scenario):
    return {node["id"]: node["contacts"] for node in scenario.gateway.ask("node", "list")["nodes"]}


def let_all_come(scenario, times=2):
    before = contacts(scenario)
    wait_until("all nodes have come again", lambda: all(
        count >= before[node] + times for node, count in contacts(scenario).items()), PATIENCE)


def test_a_transfer_waits_where_it_is_until_the_window_opens_again(tmp_path):
    write_hours(tmp_path, far_off())
    with Scenario(tmp_path) as scenario:
        scenario.start_nodes(nodes=6, loss=15, restarts=0)
        wait_until("all nodes have come", lambda: len(contacts(scenario)) == 6, PATIENCE)
        digest = scenario.gateway.add_image(random.Random(scenario.seed).randbytes(500_000), hardware=HARDWARE)
        scenario.gateway.ask("rollout", "create", "spring", digest, "--waves", "100", "--deadline", "100000", "--yes")
        let_all_come(scenario)
        assert scenario.gateway.ask("update", "list")["updates"] == []
        missing = scenario.gateway.ask("rollout", "show", "spring")["missing"]
        assert {node["state"] for node in missing} == {"outside its window"}

        change_hours(scenario.gateway, ALWAYS)
        wait_until("blocks are given", lambda: counter(scenario, "blocks") > 20, PATIENCE)
        change_hours(scenario.gateway, far_off())
        wait_until("a block is put off", lambda: counter(scenario, "blocks_put_off") > 0, PATIENCE)
        let_all_come(scenario)  # each offer is renewed at a contact, if not before
        given = counter(scenario, "blocks")
        let_all_come(scenario)
        assert counter(scenario, "blocks") == given
        states = {update["state"] for update in scenario.gateway.ask("update", "list")["updates"]}
        assert "downloading" in states and "failed" not in states

        change_hours(scenario.gateway, ALWAYS)
        wait_until("blocks are given again", lambda: counter(scenario, "blocks") > given, PATIENCE)


def test_an_image_is_fetched_now_and_activated_in_its_window(tmp_path):
    with Scenario(tmp_path) as scenario:
        scenario.start_nodes(nodes=6, loss=0, restarts=0)
        wait_until("all nodes have come", lambda: len(contacts(scenario)) == 6, PATIENCE)
        digest = scenario.gateway.add_image(random.Random(scenario.seed).randbytes(5_000), hardware=HARDWARE)
        scenario.gateway.ask("rollout", "create", "spring", digest, "--waves", "100", "--deadline", "100000",
                             "--apply-window", far_off(), "--yes")
        wait_until("all nodes have it", lambda: [update["state"] for update in scenario.gateway.ask(
            "update", "list")["updates"]] == ["downloaded"] * 6, PATIENCE)
        let_all_come(scenario)
        assert digest not in scenario.running().values()
        shown = scenario.gateway.ask("rollout", "show", "spring")
        assert shown["waits"].startswith("nothing is activated before its window opens")
        assert {node["state"] for node in shown["missing"]} == {"waits to activate"}

"""Images that require others: a node goes over them, also after a kill, and a missing one is told."""
from harness.coap_node import HARDWARE, CoapNode
from harness.process import wait_until


def add_image(gateway, version, *words):
    return gateway.add_image(version.encode() * 1000, version, HARDWARE, *words)


def begin(gateway, digest):
    gateway.ask("rollout", "create", "spring", digest, "--waves", "100", "--soak", "0 s", "--deadline", "100000", "--yes")


def show(gateway):
    return gateway.ask("rollout", "show", "spring")


def test_a_node_that_slept_for_long_goes_over_the_stones(gateway, node):
    digests = {"2.0.0": add_image(gateway, "2.0.0"),
               "3.0.0": add_image(gateway, "3.0.0", "--requires", "2.0.0"),
               "4.0.0": add_image(gateway, "4.0.0", "--requires", "3.0.0")}
    planned = ("rollout", "create", "spring", digests["4.0.0"], "--waves", "100", "--dry-run", "--verbose")
    assert gateway.ask(*planned)["list"][0]["over"] == ["2.0.0", "3.0.0"]
    assert any(line.endswith("over 2.0.0, 3.0.0") for line in gateway.cli(*planned).stdout.splitlines())
    begin(gateway, digests["4.0.0"])
    wait_until("the wave has begun", lambda: show(gateway)["state"] == "rolling")
    for version, digest in digests.items():
        assert digest.startswith(node.offered())
        gateway.kill()
        gateway.start()
        assert digest.startswith(node.offered())
        node.run(digest, version)
    assert node.offered() is None
    wait_until("the rollout is complete", lambda: show(gateway)["state"] == "complete")
    assert show(gateway)["confirmed"] == 1


def test_a_missing_stone_is_named_and_waited_for(gateway, node):
    goal = add_image(gateway, "4.0.0", "--requires", "3.0.0")
    begin(gateway, goal)
    wait_until("the rollout waits for it", lambda: show(gateway).get("missing_stone"))
    shown = show(gateway)
    assert shown["missing_stone"] == "version 3.0.0 or newer, below 4.0.0, for nodes on 1.0.0, is missing"
    assert shown["excused"]["stone"] == 1 or shown["state"] == "waiting"
    assert node.offered() is None
    refused = gateway.cli("update", "n1", goal, check=False)
    assert refused.returncode == 5 and "stepping stone" in refused.stdout
    stone = add_image(gateway, "3.0.0")
    wait_until("the node is offered the stone", lambda: node.offered() == stone[:16])
    node.run(stone, "3.0.0")
    assert goal.startswith(node.offered())


def test_a_node_that_slept_through_a_rollout_gets_it_when_it_wakes(gateway, node):
    stone = add_image(gateway, "2.0.0")
    goal = add_image(gateway, "3.0.0", "--requires", "2.0.0")
    begin(gateway, goal)
    for digest, version in ((stone, "2.0.0"), (goal, "3.0.0")):
        wait_until("the node is offered the next image", lambda digest=digest: node.offered() == digest[:16])
        node.run(digest, version)
    node.check_in()
    wait_until("the rollout is complete", lambda: show(gateway)["state"] == "complete")
    with CoapNode(gateway, "late", HARDWARE) as late, CoapNode(gateway, "newer", HARDWARE, "3.5.0", "22" * 16) as newer:
        assert newer.offered() is None
        assert late.offered() == stone[:16]
        late.run(stone, "2.0.0")
        assert late.offered() == goal[:16]

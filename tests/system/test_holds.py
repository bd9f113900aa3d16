"""What an operator holds is not updated: single nodes, and all of them by the emergency stop."""
import aiocoap

from harness.coap_node import HARDWARE

PAYLOAD = bytes(range(256)) * 100


def test_the_emergency_stop_ends_a_transfer_and_survives_a_kill(gateway, node):
    digest = gateway.add_image(PAYLOAD, hardware=HARDWARE)
    gateway.order(digest, HARDWARE)
    told = node.check_in()
    assert node.block(told, 0) == aiocoap.CONTENT
    gateway.ask("update", "halt", "--reason", "bad release")
    for start in (False, True):
        if start:
            gateway.kill()
            gateway.start()
        assert node.block(told, 1) == aiocoap.NOT_FOUND
        assert "update" not in node.check_in()
        halt = gateway.ask("status")["holds"]["halt"]
        assert (halt["reason"], halt["by"]) == ("bad release", "operator")
    gateway.ask("update", "go-on", "--yes")
    assert node.check_in()["update"]["uri"] == told["update"]["uri"]
    assert node.block(told, 1) == aiocoap.CONTENT
    events = [entry["event"] for entry in gateway.ask("journal", "updates")["journal"]]
    assert events == ["updates.go_on", "updates.halted"]


def test_a_transfer_ends_when_its_node_is_held_or_its_update_cancelled(gateway, node):
    digest = gateway.add_image(PAYLOAD, hardware=HARDWARE)
    gateway.order(digest, HARDWARE)
    told = node.check_in()
    assert node.block(told, 0) == aiocoap.CONTENT
    gateway.ask("node", "hold", "n1")
    assert node.block(told, 1) == aiocoap.NOT_FOUND
    gateway.ask("node", "release", "n1")
    assert node.block(told, 1) == aiocoap.CONTENT
    gateway.ask("update", "cancel", "n1")
    assert node.block(told, 2) == aiocoap.NOT_FOUND


def test_a_held_node_is_offered_nothing_until_it_is_released(gateway, node):
    gateway.ask("node", "hold", "n1", "--reason", "being calibrated")
    digest = gateway.add_image(PAYLOAD, hardware=HARDWARE)
    gateway.order(digest, HARDWARE)
    assert node.offered() is None
    gateway.kill()
    gateway.start()
    assert node.offered() is None
    assert gateway.ask("node", "show", "n1")["node"]["hold"]["reason"] == "being calibrated"
    assert [hold["node"] for hold in gateway.ask("node", "holds")["holds"]] == ["n1"]
    gateway.ask("node", "release", "n1")
    assert digest.startswith(node.offered())

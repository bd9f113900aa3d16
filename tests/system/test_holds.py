"""What an operator holds is not updated: single nodes, and all of them by the emergency stop."""
import asyncio
import json

import aiocoap
import pytest

from harness.broker import Broker
from harness.gateway import Wakegate
from harness.scenario import HARDWARE

FORMER = "11" * 16


@pytest.fixture
def gateway(tmp_path):
    broker = Broker(tmp_path).start()
    running = Wakegate(tmp_path, broker.port).start()
    yield running
    running.stop()
    broker.stop()


def ask(gateway, code, path, payload=b"", block=None):
    """One request of the node n1, each from a port of its own."""
    async def exchange():
        context = await aiocoap.Context.create_client_context()
        message = aiocoap.Message(code=code, uri=f"coap://{gateway.coap}/{path}", payload=payload)
        if payload:
            message.opt.content_format = 50
        if block is not None:
            message.opt.block2 = (block, False, 6)
        try:
            return await asyncio.wait_for(context.request(message, handle_blockwise=False).response, 60)
        finally:
            await context.shutdown()
    return asyncio.run(exchange())


def check_in(gateway, image=FORMER):
    """What the node is told."""
    said = json.dumps({"hw": HARDWARE, "version": "1.0.0", "image": image}).encode()
    answer = ask(gateway, aiocoap.POST, "c?ep=n1", said)
    assert answer.code == aiocoap.CHANGED, answer
    return json.loads(answer.payload)


def block(gateway, told, number):
    return ask(gateway, aiocoap.GET, told["update"]["uri"].lstrip("/"), block=number).code


def test_the_emergency_stop_ends_a_transfer_and_survives_a_kill(gateway):
    check_in(gateway)
    digest = gateway.add_image(bytes(range(256)) * 100, hardware=HARDWARE)
    gateway.order(digest, HARDWARE)
    told = check_in(gateway)
    assert block(gateway, told, 0) == aiocoap.CONTENT
    gateway.ask("update", "halt", "--reason", "bad release")
    for start in (False, True):
        if start:
            gateway.kill()
            gateway.start()
        assert block(gateway, told, 1) == aiocoap.NOT_FOUND
        assert "update" not in check_in(gateway)
        halt = gateway.ask("status")["holds"]["halt"]
        assert (halt["reason"], halt["by"]) == ("bad release", "operator")
    gateway.ask("update", "go-on", "--yes")
    assert check_in(gateway)["update"]["uri"] == told["update"]["uri"]
    assert block(gateway, told, 1) == aiocoap.CONTENT
    events = [entry["event"] for entry in gateway.ask("journal", "updates")["journal"]]
    assert events == ["updates.go_on", "updates.halted"]


def test_a_held_node_is_offered_nothing_until_it_is_released(gateway):
    check_in(gateway)
    gateway.ask("node", "hold", "n1", "--reason", "being calibrated")
    digest = gateway.add_image(bytes(range(256)) * 100, hardware=HARDWARE)
    gateway.order(digest, HARDWARE)
    assert "update" not in check_in(gateway)
    gateway.kill()
    gateway.start()
    assert "update" not in check_in(gateway)
    assert gateway.ask("node", "show", "n1")["node"]["hold"]["reason"] == "being calibrated"
    assert [hold["node"] for hold in gateway.ask("node", "holds")["holds"]] == ["n1"]
    gateway.ask("node", "release", "n1")
    assert digest.startswith(check_in(gateway)["update"]["uri"].rsplit("/", 1)[1])

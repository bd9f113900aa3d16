"""coap_node: one node over CoAP that does what the test says, made of aiocoap."""
import asyncio
import json

import aiocoap

HARDWARE = "sim-m4"  # of a node where the test does not say otherwise


class CoapNode:
    """Speaks from one port, by which the gateway knows it; to be closed."""

    def __init__(self, gateway, name, hardware, version="1.0.0", image="11" * 16):
        self.gateway, self.name, self.hardware = gateway, name, hardware
        self.version, self.image = version, image
        self.loop = asyncio.new_event_loop()
        self.context = self.loop.run_until_complete(aiocoap.Context.create_client_context())

    def close(self):
        self.loop.run_until_complete(self.context.shutdown())
        self.loop.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, code, path, payload=b"", block=None):
        async def exchange():
            message = aiocoap.Message(code=code, uri=f"coap://{self.gateway.coap}/{path}", payload=payload)
            if payload:
                message.opt.content_format = 50
            if block is not None:
                message.opt.block2 = (block, False, 6)
            return await asyncio.wait_for(self.context.request(message, handle_blockwise=False).response, 60)
        return self.loop.run_until_complete(exchange())

    def check_in(self, **more):
        """What it is told; `more` is said beside what it runs."""
        said = {"hw": self.hardware, "version": self.version, "image": self.image} | more
        answer = self.ask(aiocoap.POST, f"c?ep={self.name}", json.dumps(said).encode())
        assert answer.code == aiocoap.CHANGED, answer
        return json.loads(answer.payload)

    def offered(self, **more):
        """The head of the digest that it is offered, or None."""
        told = self.check_in(**more)
        return told["update"]["uri"].rsplit("/", 1)[1] if "update" in told else None

    def tell(self, state, code=0):
        """A word on its update."""
        answer = self.ask(aiocoap.POST, f"s?ep={self.name}", json.dumps({"state": state, "code": code}).encode())
        assert answer.code == aiocoap.CHANGED, answer

    def block(self, told, number):
        """How one block of the offered image is answered."""
        return self.ask(aiocoap.GET, told["update"]["uri"].lstrip("/"), block=number).code

    def run(self, digest, version):
        """From now on it runs that image."""
        self.image, self.version = digest[:32], version

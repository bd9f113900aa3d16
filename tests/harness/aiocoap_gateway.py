"""aiocoap_gateway: a small gateway for nodes that speak the node profile, made of aiocoap, json and cbor2 alone.

It is the independent peer of the simulated nodes: block-wise transfer, deduplication and observation of the message
layer are aiocoap's own.
"""
import asyncio
import hashlib
import json
import threading

import aiocoap
import aiocoap.resource
import cbor2

from .ledger import senml_records

JSON, CBOR, SENML_JSON, SENML_CBOR = 50, 60, 110, 112


class Gateway:
    """Serves on 127.0.0.1:port in a thread of its own until stop()."""

    def __init__(self, port, image=None, next_s=1, refuse_reports=0):
        self.port, self.image, self.next_s = port, image, next_s
        self.refuse_reports = refuse_reports
        self.readings = {}  # (node, time in ms) -> (name, value)
        self.repeated = 0
        self.checkins, self.statuses, self.faults = [], [], []
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        assert self.ready.wait(60)
        return self

    def stop(self):
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(10)

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.serve())

    async def serve(self):
        self.ended = asyncio.Event()
        site = aiocoap.resource.Site()
        site.add_resource(["c"], Post(self, self.on_checkin))
        site.add_resource(["t"], Post(self, self.on_report))
        site.add_resource(["s"], Post(self, self.on_status))
        site.add_resource(["fw", "image"], Image(self))
        context = await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", self.port))
        self.ready.set()
        await self.ended.wait()
        await context.shutdown()

    def answer(self, request, node):
        """The map for a node: its next slot, and the update if it does not run the image and did not go back from it."""
        told = {"next": self.next_s}
        runs = next((found["image"] for name, found in reversed(self.checkins) if name == node), None)
        reverted = any(name == node and found["state"] == "reverted" for name, found in self.statuses)
        if self.image and not reverted and runs != hashlib.sha256(self.image).hexdigest()[:16]:
            digest = hashlib.sha256(self.image).digest()
            told["update"] = {"uri": "/fw/image", "size": len(self.image), "version": "2.0.0", "apply": 0,
                              "sha256": digest if request.opt.accept == CBOR else digest.hex()}
        if request.opt.accept == CBOR:
            return aiocoap.Message(code=aiocoap.CHANGED, payload=cbor2.dumps(told), content_format=CBOR)
        return aiocoap.Message(code=aiocoap.CHANGED, payload=json.dumps(told).encode(), content_format=JSON)

    @staticmethod
    def read_map(request):
        if request.opt.content_format == CBOR:
            found = cbor2.loads(request.payload)
        else:
            assert request.opt.content_format == JSON
            found = json.loads(request.payload)
        assert isinstance(found, dict)
        return {key: value.hex() if isinstance(value, bytes) else value for key, value in found.items()}

    def on_checkin(self, request, node):
        self.checkins.append((node, self.read_map(request)))
        return self.answer(request, node)

    def on_status(self, request, node):
        self.statuses.append((node, self.read_map(request)))
        return aiocoap.Message(code=aiocoap.CHANGED)

    def on_report(self, request, node):
        if self.refuse_reports > 0:
            self.refuse_reports -= 1
            return aiocoap.Message(code=aiocoap.SERVICE_UNAVAILABLE, max_age=1)
        assert request.opt.content_format in (SENML_JSON, SENML_CBOR)
        for name, time_ms, value in senml_records(request.payload, request.opt.content_format == SENML_CBOR):
            key = (node, time_ms)
            self.repeated += key in self.readings
            assert self.readings.setdefault(key, (name, value)) == (name, value)
        return self.answer(request, node)


class Post(aiocoap.resource.Resource):
    def __init__(self, gateway, handle):
        super().__init__()
        self.gateway, self.handle = gateway, handle

    async def render_post(self, request):
        node = next(query[3:] for query in request.opt.uri_query if query.startswith("ep="))
        try:
            return self.handle(request, node)
        except Exception as fault:
            self.gateway.faults.append(f"{node}: {fault!r}")
            raise


class Image(aiocoap.resource.Resource):
    def __init__(self, gateway):
        super().__init__()
        self.gateway = gateway

    async def render_get(self, request):
        image = self.gateway.image
        return aiocoap.Message(payload=image, content_format=42, etag=hashlib.sha256(image).digest()[:8])

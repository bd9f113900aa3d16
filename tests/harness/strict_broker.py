"""strict_broker: the publisher's side of an MQTT 5 broker that answers as a test tells it and counts what it is owed.

It delivers nothing to anybody: what it took goes to an Upstream. A real broker cannot be made to refuse on demand.
"""
import asyncio
import struct
import threading

from .upstream import Upstream

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14
SUCCESS = 0


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


class StrictBroker:
    """`greet(n)`: reason code of the CONNACK of connection n. `judge(payload)`: reason code for a batch, and after how
    many seconds it is told. Both are called on the broker's thread."""

    def __init__(self, receive_maximum=20, greet=lambda n: SUCCESS, judge=lambda payload: (SUCCESS, 0.0)):
        self.receive_maximum, self.greet, self.judge = receive_maximum, greet, judge
        self.upstream = Upstream()
        self.refused = []  # reason codes told
        self.connections = 0
        self.most_owed = 0  # publishes without an answer, at most
        self.port = None
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        assert self.ready.wait(60)
        return self

    def stop(self):
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(60)

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.serve())

    async def serve(self):
        self.ended = asyncio.Event()
        server = await asyncio.start_server(self.on_connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await self.ended.wait()
        server.close()

    async def on_connection(self, reader, writer):
        session = Session(self, writer)
        try:
            while not writer.is_closing():
                head = (await reader.readexactly(1))[0]
                size = shift = 0
                while True:
                    byte = (await reader.readexactly(1))[0]
                    size |= (byte & 0x7F) << shift
                    shift += 7
                    if byte < 0x80:
                        break
                session.take(head >> 4, head & 15, await reader.readexactly(size))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


class Session:
    def __init__(self, broker, writer):
        self.broker, self.writer = broker, writer
        self.owed = 0

    def send(self, head, body):
        if not self.writer.is_closing():
            self.writer.write(bytes([head, len(body)]) + body)

    def take(self, kind, flags, body):
        if kind == CONNECT:
            self.on_connect()
        elif kind == PUBLISH:
            self.on_publish(flags >> 1 & 3, body)
        elif kind == SUBSCRIBE:
            self.on_subscribe(body)
        elif kind == PINGREQ:
            self.send(0xD0, b"")
        elif kind == DISCONNECT:
            self.writer.close()

    def on_connect(self):
        reason = self.broker.greet(self.broker.connections)
        self.broker.connections += 1
        self.send(0x20, struct.pack(">BBBBH", 0, reason, 3, 0x21, self.broker.receive_maximum))
        if reason != SUCCESS:
            self.writer.close()

    def on_subscribe(self, body):
        size, at = varint(body, 2)
        at, filters = at + size, 0
        while at < len(body):
            at += 2 + struct.unpack_from(">H", body, at)[0] + 1
            filters += 1
        self.send(0x90, body[:2] + b"\0" + b"\1" * filters)

    def on_publish(self, quality, body):
        size, = struct.unpack_from(">H", body)
        topic, at = body[2:2 + size].decode(), 2 + size
        number = body[at:at + 2]
        at += 2 if quality else 0
        size, at = varint(body, at)
        payload = body[at + size:]
        if not quality:
            return
        self.owed += 1
        self.broker.most_owed = max(self.broker.most_owed, self.owed)
        reason, delay_s = self.broker.judge(payload) if topic.startswith("telemetry/") else (SUCCESS, 0.0)
        self.broker.loop.call_later(delay_s, self.answer, topic, payload, number, reason)

    def answer(self, topic, payload, number, reason):
        if self.writer.is_closing():
            return
        self.owed -= 1
        if reason >= 0x80:
            self.broker.refused.append(reason)
        elif topic.startswith("telemetry/"):
            self.broker.upstream.take(payload)
        self.send(0x40, number + bytes([reason, 0]))

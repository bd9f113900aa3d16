"""proxy: a TCP way to a broker that is as long, as narrow and as unreliable as a test wants it."""
import asyncio
import threading

CHUNK = 64 * 1024
CHUNKS_MAX = 256  # under way in one direction; then the sender has to wait


class Proxy:
    """Listens on 127.0.0.1:port and forwards to `to_port`. `delay_s` is that of one direction; `rate` is in bytes a
    second towards the broker. Both may be changed while it runs. Has a thread of its own."""

    def __init__(self, to_port, delay_s=0.0, rate=None):
        self.to_port, self.delay_s, self.rate = to_port, delay_s, rate
        self.port = None
        self.connections = 0  # so far
        self.bytes_up = 0
        self.open = set()  # transports
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        assert self.ready.wait(60)
        return self

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.serve())
        self.loop.close()

    async def serve(self):
        self.ended, self.passes = asyncio.Event(), asyncio.Event()
        self.passes.set()
        server = await asyncio.start_server(self.on_connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await self.ended.wait()
        server.close()
        self.abort_all()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def on_connection(self, reader, writer):
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer.transport, far_writer.transport}
        self.open |= ends
        ways = [self.forward(reader, far_writer, True), self.forward(far_reader, writer, False)]
        try:
            await asyncio.gather(*ways, return_exceptions=True)
        except asyncio.CancelledError:  # stopped; asyncio of Python 3.11 takes it for a failure
            pass
        self.open -= ends

    async def forward(self, reader, writer, up):
        queue = asyncio.Queue(CHUNKS_MAX)
        taking = asyncio.ensure_future(self.take(reader, queue))
        try:
            while item := await queue.get():
                due, data = item
                await asyncio.sleep(due - self.loop.time())
                await self.passes.wait()
                if up:
                    self.bytes_up += len(data)
                    if self.rate:
                        await asyncio.sleep(len(data) / self.rate)
                writer.write(data)
                await writer.drain()
        finally:
            taking.cancel()
            writer.close()

    async def take(self, reader, queue):
        try:
            while data := await reader.read(4096 if self.rate else CHUNK):
                await queue.put((self.loop.time() + self.delay_s, data))
        except OSError:
            pass
        await queue.put(None)

    def abort_all(self):
        for transport in list(self.open):
            transport.abort()

    def cut(self):
        """Ends all connections at once, whatever is under way; new ones are welcome."""
        self.loop.call_soon_threadsafe(self.abort_all)

    def stall(self, stalled=True):
        """While stalled, connections stay and nothing passes."""
        self.loop.call_soon_threadsafe(self.passes.clear if stalled else self.passes.set)

    def stop(self):
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(60)

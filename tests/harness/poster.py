"""poster: a node that posts reports over CoAP, one after the other, each until it is acknowledged."""
import json
import random
import socket
import struct
import time

OK, FULL = 0x44, 0xA3  # 2.04 and 5.03


class Poster:
    """Each report is repeated, byte by byte the same, until it is acknowledged."""

    def __init__(self, name, port, seed=1):
        self.name, self.random = name, random.Random(seed)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(0.5)
        self.number = self.random.randrange(1 << 16)

    def request(self, payload):
        """A confirmable POST /t?ep=NAME in SenML JSON, under a message id that was not used before."""
        self.number = (self.number + 1) & 0xFFFF
        query = f"ep={self.name}".encode()
        options = b"\xb1t" + b"\x11\x6e" + bytes([0x30 | len(query)]) + query
        return struct.pack("!BBH", 0x42, 2, self.number) + struct.pack("!H", self.number) + options + b"\xff" + payload

    def answer(self, request):
        """The code of the answer to this request, or None."""
        try:
            self.socket.send(request)
            data = self.socket.recv(2048)
        except (TimeoutError, ConnectionRefusedError):
            time.sleep(0.05)
            return None
        if data[0] >> 4 & 3 == 0:  # an answer apart from the acknowledgement: acknowledged in turn
            self.socket.send(b"\x60\0" + data[2:4])
        return data[1] if data[4:4 + (data[0] & 15)] == request[4:6] else None

    def post(self, records, patience=300):
        """Returns the request that was acknowledged in the end."""
        return self.send(lambda: self.request(json.dumps(records).encode()), patience)

    def repeat(self, request, patience=300):
        """The same message again, which has been acknowledged before."""
        return self.send(lambda: request, patience)

    def send(self, make, patience):
        request, deadline = make(), time.monotonic() + patience
        while time.monotonic() < deadline:
            code = self.answer(request)
            if code == OK:
                return request
            assert code in (None, FULL), f"refused: {code >> 5}.{code & 31:02}"
            if code == FULL:  # certainly not kept: a new message
                time.sleep(0.1)
                request = make()
        raise AssertionError("a report was never acknowledged")

    def close(self):
        self.socket.close()

"""coap_load: many CoAP requests from one socket, a window of them at a time; for load, not for proving conformance."""
import select
import socket
import struct

POST, GET = 2, 1


def option(previous, number, value):
    """One option of less than 269 bytes (RFC 7252 section 3.1)."""
    delta, size = number - previous, len(value)
    head, tail = [], b""
    for part in (delta, size):
        if part < 13:
            head.append(part)
        else:
            head.append(13)
            tail += bytes([part - 13])
    return bytes([head[0] << 4 | head[1]]) + tail + value


def request(code, path, identity, query=None, content_format=None, block=None, payload=b""):
    """A confirmable request; `identity` is its message id and token."""
    message = struct.pack(">BBHI", 0x44, code, identity & 0xFFFF, identity)
    last = 0
    options = [(11, part.encode()) for part in path.strip("/").split("/")]
    if content_format is not None:
        options.append((12, content_format.to_bytes((content_format.bit_length() + 7) // 8, "big")))
    if query:
        options.append((15, query.encode()))
    if block:
        number, szx = block
        value = number << 4 | szx
        options.append((23, value.to_bytes((value.bit_length() + 7) // 8, "big")))
    for number, value in options:
        message += option(last, number, value)
        last = number
    return message + (b"\xff" + payload if payload else b"")


class Load:
    """Sends what `requests` yields and keeps `window` of them unanswered; lost ones are sent again."""

    def __init__(self, port, window=64, patience=2.0):
        self.window, self.patience = window, patience
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.codes = {}  # "2.04" -> how many
        self.answers = {}  # identity -> "2.04"

    def run(self, requests):
        """`requests` yields datagrams with distinct identities. Returns how often each code was answered."""
        waiting, requests, exhausted = {}, iter(requests), False
        while waiting or not exhausted:
            while len(waiting) < self.window and not exhausted:
                datagram = next(requests, None)
                if datagram is None:
                    exhausted = True
                    break
                waiting[datagram[4:8]] = datagram
                self.send(datagram)
            if not select.select([self.socket], [], [], self.patience)[0]:
                for datagram in waiting.values():
                    self.send(datagram)
                continue
            self.receive(waiting)
        return self.codes

    def send(self, datagram):
        try:
            self.socket.send(datagram)
        except OSError:
            pass  # a full buffer or a daemon that restarts: like a lost packet

    def receive(self, waiting):
        while True:
            try:
                answer = self.socket.recv(2048)
            except OSError:
                return
            if answer[1] and waiting.pop(answer[4:8], None):
                code = f"{answer[1] >> 5}.{answer[1] & 31:02}"
                self.codes[code] = self.codes.get(code, 0) + 1
                self.answers[int.from_bytes(answer[4:8], "big")] = code
            if answer[0] >> 4 & 3 == 0:  # confirmable: a separate response wants an acknowledgement
                self.send(b"\x60\x00" + answer[2:4])

"""rude_driver: a driver that misbehaves, as a program: rude_driver.py ENDPOINT NAME KIND FOLDER.

Each start takes the next of the kind's misdeeds; FOLDER remembers how many there were.
"""
import json
import os
import pathlib
import signal
import sys
import time

import zmq


def say(socket, kind, data=None, **members):
    socket.send_multipart([json.dumps({"type": kind} | members).encode()] + ([data] if data else []))


def flood_messages(socket):
    while True:
        say(socket, "lost", node="n1")


def flood_bytes(socket):
    while True:
        say(socket, "lost", b"x" * 500_000, node="n1")


def flood_fetches(socket):
    while True:
        say(socket, "fetch", id=1, bytes=1)


def stall(socket):
    time.sleep(600)


def read_nothing(socket):
    while True:
        say(socket, "lost", node="n1")
        time.sleep(0.1)


def leave(socket):
    sys.exit(3)


def hang_up(socket):
    socket.close(linger=0)
    time.sleep(600)


def die(socket):
    """As a process that is killed: what it had open is closed before its end is seen."""
    socket.close(linger=0)
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)


def send(*frames):
    def misdeed(socket):
        socket.send_multipart(frames)
        time.sleep(600)
    return misdeed


def send_too_much(socket):
    say(socket, "lost", b"x" * 600_000, node="n1")
    while True:  # it is cut off, and is somebody else once it is connected again
        time.sleep(0.1)
        say(socket, "lost", node="n1")


def head(**members):
    return json.dumps(members).encode()


KINDS = {
    "flood": [flood_messages, flood_bytes, flood_fetches],
    "stall": [stall, read_nothing],
    "leave": [leave],
    "hang_up": [hang_up],
    "die": [die],
    "garbage": [
        send(b"\xff\xfe\x00"),
        send(b""),
        send(b"[" * 4000),
        send(b"{\"type\":\"lost\",\"node\":\"" + b"n" * 65 + b"\"}"),
        send(head(type="dance")),
        send(head(type="offer", node="n1")),
        send(head(type="hello", protocol=1, driver="rude")),
        send(head(type="beat", id=4_000_000_000)),
        send(head(type="contact", id=1, node="a\nb")),
        send(head(type="contact", id=1, node="n1", battery=101)),
        send(head(type="report", id=1, node="n1", format="json"), b"no senml"),
        send(head(type="read", name="0123456789abcdef", offset=0, size=1 << 31)),
        send(head(type="counters"), b"{\"A b\": 1}"),
        send(head(type="lost", node="n1"), b"1", b"2"),
        send_too_much,
    ],
}


def main(endpoint, name, kind, folder):
    file = pathlib.Path(folder, kind)
    count = int(file.read_text()) if file.exists() else 0
    file.write_text(str(count + 1))
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.connect(endpoint)
    say(socket, "hello", protocol=1, driver=name)
    while json.loads(socket.recv_multipart()[0])["type"] != "start":
        pass
    say(socket, "ready")
    KINDS[kind][count % len(KINDS[kind])](socket)


if __name__ == "__main__":
    main(*sys.argv[1:])

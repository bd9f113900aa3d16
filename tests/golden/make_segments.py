#!/usr/bin/env python3
"""make_segments: writes the golden segments: readings as rows, as columns and as text.

Usage: make_segments.py PROGRAM FOLDER

The readings stand below. The rows are written here, by docs/segment-format.md alone; the columns by PROGRAM
(segment_samples), and docs/examples/columnar.py, which was written from the same page, reads both into FOLDER/NAME.json. A
change of these files is a change of the format.
"""
import decimal
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
T0 = 1700000000000
D = decimal.Decimal
KINDS = {D: 1, float: 1, str: 2, bool: 3, bytes: 4, type(None): 0}


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def zigzag(value):
    return varint((value << 1 if value >= 0 else ~(value << 1)) % (1 << 64))


def number(value):
    if isinstance(value, float):
        return b"\0" + struct.pack("<d", value)
    sign, digits, exponent = value.as_tuple()
    mantissa = int("".join(map(str, digits))) * (-1 if sign else 1)
    return varint((exponent << 1 if exponent >= 0 else ~(exponent << 1)) + 1) + zigzag(mantissa)


def reading(received_ms, name, value=None, unit="", sum=None, time_us=None, dated=False, update_time_ms=0):
    kind = KINDS[type(value)]
    bit3 = value is True if kind == 3 else dated
    flags = (5 if kind == 3 and dated else kind) | bit3 << 3 | bool(unit) << 4 | (time_us is not None) << 5 | \
        (sum is not None) << 6 | bool(update_time_ms) << 7
    out = bytes([flags]) + text(name) + (text(unit) if unit else b"")
    if kind == 1:
        out += number(value)
    elif kind in (2, 4):
        data = value if kind == 4 else value.encode()
        out += varint(len(data)) + data
    out += number(sum) if sum is not None else b""
    out += zigzag(time_us - received_ms * 1000) if time_us is not None else b""
    return out + (varint(update_time_ms) if update_time_ms else b"")


def text(value):
    """Without numbers: every text is written out."""
    return b"\1" + varint(len(value.encode())) + value.encode()


def rows(reports):
    out, before = b"", 0
    for node, received_ms, *readings in reports:
        out += varint(len(readings)) + text(node) + zigzag(received_ms - before)
        out += b"".join(reading(received_ms, **fields) for fields in readings)
        before = received_ms
    return out


def one(name, value=None, unit="", **more):
    return {"name": name, "value": value, "unit": unit, **more}


def documented():
    """The reports of docs/segment-format.md."""
    return [("node-7", T0, one("temperature", D("22.50"), "Cel"), one("door", True, time_us=T0 * 1000 - 1500000)),
            ("node-7", T0 + 1000, one("temperature", D("22.50"), "Cel"))]


def site():
    """Two rounds of forty nodes with a report of four readings each, the usual case."""
    for turn in range(80):
        node, at = f"site/room-{turn % 40 // 4:02}/sensor-{turn % 40 * 7919 % 65536:04x}", T0 + turn * 25
        taken = {"time_us": (at - 20 - turn % 3) * 1000}
        yield (node, at, one("temperature", D(2100 + turn * 37 % 250).scaleb(-2), "Cel", **taken),
               one("humidity", D(400 + turn * 11 % 90).scaleb(-1), "%RH", **taken),
               one("battery", D(3300 - turn), "mV", **taken), one("rssi", D(-60 - turn % 17), "dBm", **taken))


def kinds():
    """Every kind, with and without everything that a reading may have."""
    for turn in range(3):
        at = T0 + turn * 1000
        yield ("a", at, one("n", D("1.0"), "m"), one("s", f"text {turn}"), one("b", turn == 1), one("d", b"\0\xff"),
               one("empty", ""), one("total", sum=D("12.5"), unit="kWh"),
               one("both", D(turn), sum=D("100").scaleb(turn)))
        yield ("b", at, one("n", D("1.0"), "m", time_us=at * 1000 - 1, dated=True, update_time_ms=60000),
               one("b", False, time_us=at * 1000, dated=True), one("b", True, time_us=at * 1000, dated=True),
               one("s", "gr\u00fcn", time_us=at * 1000 + 5), one("d", b"", time_us=at * 1000 - 1, dated=True))


def doubles():
    """Doubles that came from decimals, from singles, and ones that did neither; decimals among them."""
    for turn, value in enumerate((22.3, 22.31, -0.07, 1013.25, 0.0)):
        single = struct.unpack("<f", struct.pack("<f", 21.37 + turn))[0]
        yield (f"n{turn % 2}", T0 + turn, one("decimal", value), one("single", single),
               one("any", (1 / 3, -0.0, 5e-324, 1e300, -1 / 3)[turn]), one("half", 1.5 * turn),
               one("mixed", value if turn % 2 else D("22.50")))


def exactly(mantissa, exponent):
    return D((int(mantissa < 0), tuple(map(int, str(abs(mantissa)))), exponent))


def edges():
    """The largest and the smallest that can be said, and times that go back."""
    for turn, mantissa in enumerate((2 ** 63 - 1, -2 ** 63, 0, -1, 10)):
        for exponent in (127, -128, 0, -2):
            yield ("", T0 - turn * 100000, one("x", exactly(mantissa, exponent)),
                   one("y" * 128, D(mantissa), time_us=-2 ** 63 if turn % 2 else 2 ** 63 - 1,
                       update_time_ms=2 ** 32 - 1))


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    for make in (documented, site, kinds, doubles, edges):
        path = folder / make.__name__
        path.with_suffix(".rows").write_bytes(rows(list(make())))
        done = subprocess.run([program, "convert"], input=path.with_suffix(".rows").read_bytes(), check=True,
                              capture_output=True)
        path.with_suffix(".columns").write_bytes(done.stdout)
        shown = subprocess.run([sys.executable, ROOT / "docs/examples/columnar.py", path.with_suffix(".columns")],
                               check=True, capture_output=True)
        path.with_suffix(".json").write_bytes(shown.stdout)


if __name__ == "__main__":
    main()

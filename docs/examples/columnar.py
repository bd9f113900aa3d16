#!/usr/bin/env python3
"""columnar: reads wakegate's segments, rows and columns, by nothing but docs/segment-format.md.

    columnar.py FILE...              messages (rows or columns, plain or as a zstd frame) as a JSON object a reading
    columnar.py --database FILE      what waits in a telemetry.db, oldest first

Needs zstandard only for what is compressed. Decimals keep the digits that the node wrote.
"""
import argparse
import decimal
import json
import pathlib
import sqlite3
import struct
import sys

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
COMPRESSED = 128  # added to the codec
NOTHING, NUMBER, STRING, BOOLEAN, DATA, DATED_BOOLEAN = range(6)
UNIT, TIME, SUM, UPDATE_TIME = 0x10, 0x20, 0x40, 0x80
WORD = 1 << 64


def signed(value):
    """Modulo 2^64, as a signed number."""
    value %= WORD
    return value - WORD if value >> 63 else value


class Cursor:
    """Bytes that are read in order; IndexError beyond the end."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, size):
        if size > self.left():
            raise IndexError("cut off")
        self.at += size
        return self.data[self.at - size:self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value % WORD

    def zigzag(self):
        value = self.varint()
        return -(value + 1 >> 1) if value & 1 else value >> 1

    def texts(self, count):
        """A table of texts, each told by what it shares with the one before."""
        shared, own = self.integers(count), self.integers(count)
        texts = []
        for start, size in zip(shared, own):
            texts.append((texts[-1][:start] if texts else b"") + self.take(size))
        return texts

    def integers(self, count):
        if count == 0:
            return []
        head = self.byte()
        width, order = head & 0x0F, head >> 4 & 3
        starts = [self.zigzag() for _ in range(order)]
        base = self.zigzag()
        scale = 10 ** self.byte() if head & 0x40 else 1
        left = count - order
        planes = [self.take(left) for _ in range(width)]
        values = [base + scale * sum(plane[i] << 8 * n for n, plane in enumerate(planes)) for i in range(left)]
        for start in reversed(starts):
            values.insert(0, start)
            for i in range(1, len(values)):
                values[i] += values[i - 1]
        return [signed(value) for value in values]


def to_decimal(mantissa, exponent):
    return decimal.Decimal((int(mantissa < 0), tuple(map(int, str(abs(mantissa)))), exponent))


def to_double(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


class Numbers:
    """A column of numbers: what docs/segment-format.md says under that name."""

    def __init__(self, cursor, nodes):
        self.cursor, self.nodes = cursor, nodes

    def read(self):
        if not self.nodes:
            return []
        form = self.cursor.byte()
        shortest, unscaled = form & 1, form & 2
        codes = [1] * len(self.nodes) if shortest else self.cursor.integers(len(self.nodes))
        decimals = [i for i, code in enumerate(codes) if code]
        doubles = [i for i, code in enumerate(codes) if not code]
        smallest = self.cursor.zigzag() if decimals and not unscaled else 0
        out = [None] * len(codes)
        for i, told in zip(decimals, self.told(decimals)):
            if shortest:
                out[i] = self.shortened(told, smallest)
            else:
                exponent = (codes[i] - 1 >> 1) ^ -(codes[i] - 1 & 1)
                out[i] = to_decimal(told if unscaled else self.divide(told, exponent - smallest), exponent)
        if doubles:
            places = self.cursor.byte()
            for i, told in zip(doubles, self.told(doubles)):
                out[i] = self.rounded(told, places, form & 8) if form & 4 else self.restored(told, places)
        return out

    def told(self, which):
        """The integers of these places: a node's first one as it is, later ones by their difference."""
        known = set()
        is_first = [not (self.nodes[i] in known or known.add(self.nodes[i])) for i in which]
        firsts = iter(self.cursor.integers(sum(is_first)))
        repeats = iter(self.cursor.integers(len(which) - sum(is_first)))
        last = {}
        for i, first in zip(which, is_first):
            last[self.nodes[i]] = next(firsts) if first else signed(last[self.nodes[i]] + next(repeats))
            yield last[self.nodes[i]]

    @staticmethod
    def divide(told, places):
        """Exact, as the writer multiplied."""
        return told // 10 ** places

    @staticmethod
    def shortened(told, exponent):
        if told == 0:
            return to_decimal(0, 0)
        while exponent < 0 and told % 10 == 0:
            told, exponent = told // 10, exponent + 1
        return to_decimal(told, exponent)

    @staticmethod
    def rounded(told, places, single):
        real = told / 10 ** places
        return struct.unpack("<f", struct.pack("<f", real))[0] if single else real

    @staticmethod
    def restored(told, bits_left_out):
        if told < 0:
            return to_double((-1 - told << bits_left_out) | 1 << 63)
        return to_double(told << bits_left_out)


class Columns:
    """A message of columns, version 2."""

    def __init__(self, data):
        self.cursor = cursor = Cursor(data)
        if cursor.byte() != 2:
            raise ValueError("not columns")
        (self.readings, runs, shapes, _, fields, labels, nodes, values, _) = (cursor.varint() for _ in range(9))
        labels, nodes, self.values = cursor.texts(labels), cursor.texts(nodes), cursor.texts(values)
        self.fields = [self.field(labels) for _ in range(fields)]
        shapes = [[cursor.varint() for _ in range(cursor.varint())] for _ in range(shapes)]
        self.read_runs(runs, shapes, nodes)
        self.read_columns()
        if cursor.left():
            raise ValueError("bytes are left over")

    def field(self, labels):
        flags, name, unit = self.cursor.byte(), self.cursor.varint(), self.cursor.varint()
        return flags, labels[name], labels[unit - 1] if unit else b""

    def read_runs(self, count, shapes, nodes):
        numbers, told, times = (self.cursor.integers(count) for _ in range(3))
        self.rows, self.starts, self.of_field, fresh = [], set(), [[] for _ in self.fields], 0
        for shape, node, received in zip(numbers, told, times):
            fresh, node = (fresh + 1, fresh) if node == 0 else (fresh, node - 1)
            self.starts.add(len(self.rows))
            for field in shapes[shape]:
                self.of_field[field].append(len(self.rows))
                flags, name, unit = self.fields[field]
                self.rows.append({"node": nodes[node], "received_ms": received, "name": name, "unit": unit,
                                  "dated": bool(flags & 0x10), "number_of_node": node})

    def read_columns(self):
        for (flags, _, _), places in zip(self.fields, self.of_field):
            kind = flags & 7
            if kind == NUMBER:
                self.put(places, "value", self.numbers(places))
            elif kind == BOOLEAN:
                self.put(places, "value", map(bool, self.cursor.integers(len(places))))
            elif kind in (STRING, DATA):
                texts = (self.values[i] for i in self.cursor.integers(len(places)))
                self.put(places, "value", (text if kind == DATA else text.decode() for text in texts))
            if flags & SUM:
                self.put(places, "sum", self.numbers(places))
            if flags & TIME:
                self.put(places, "time_us", self.cursor.integers(len(places)))
            if flags & UPDATE_TIME:
                self.put(places, "update_time_ms", self.cursor.integers(len(places)))

    def numbers(self, places):
        return Numbers(self.cursor, [self.rows[i]["number_of_node"] for i in places]).read()

    def put(self, places, key, values):
        for place, value in zip(places, values):
            self.rows[place][key] = value

    def __iter__(self):
        for i, row in enumerate(self.rows):
            if i in self.starts:
                time_us = row["received_ms"] * 1000
            if "time_us" in row:
                row["time_us"] = time_us = signed(row["time_us"] + time_us)
            yield {key: value for key, value in row.items() if key != "number_of_node"}


class Rows:
    """A segment of rows, version 1."""

    def __init__(self, data):
        self.cursor, self.known = Cursor(data), []

    def text(self):
        code = self.cursor.varint()
        if code > 1:
            return self.known[code - 2]
        text = self.cursor.take(self.cursor.varint())
        if code == 0:
            self.known.append(text)
        return text

    def number(self):
        code = self.cursor.varint()
        if code == 0:
            return struct.unpack("<d", self.cursor.take(8))[0]
        exponent = (code - 1 >> 1) ^ -(code - 1 & 1)
        return to_decimal(self.cursor.zigzag(), exponent)

    def reading(self, row):
        flags = self.cursor.byte()
        kind = flags & 7
        row.update(name=self.text(), unit=self.text() if flags & UNIT else b"")
        row["dated"] = bool(flags & TIME) and (kind == DATED_BOOLEAN or (kind != BOOLEAN and bool(flags & 8)))
        if kind == NUMBER:
            row["value"] = self.number()
        elif kind in (STRING, DATA):
            text = self.cursor.take(self.cursor.varint())
            row["value"] = text if kind == DATA else text.decode()
        elif kind in (BOOLEAN, DATED_BOOLEAN):
            row["value"] = bool(flags & 8)
        if flags & SUM:
            row["sum"] = self.number()
        if flags & TIME:
            row["time_us"] = signed(self.cursor.zigzag() + row["received_ms"] * 1000)
        if flags & UPDATE_TIME:
            row["update_time_ms"] = self.cursor.varint()
        return row

    def __iter__(self):
        received_ms = 0
        while self.cursor.left():
            count, node = self.cursor.varint(), self.text()
            received_ms = signed(received_ms + self.cursor.zigzag())
            for _ in range(count):
                yield self.reading({"node": node, "received_ms": received_ms})


def unpack(data, codec):
    """The readings of a stored segment, in their order."""
    if codec & COMPRESSED:
        import zstandard
        data = zstandard.ZstdDecompressor().decompress(data)
    return {1: Rows, 2: Columns}[codec & ~COMPRESSED](data)


def guess_codec(data):
    """A file says no codec: a zstd frame has its magic, columns begin with their version and rows rarely do."""
    compressed = COMPRESSED if data.startswith(ZSTD_MAGIC) else 0
    for codec in (2, 1):
        try:
            list(unpack(data, codec | compressed))
            return codec | compressed
        except (ValueError, IndexError):
            continue
    raise ValueError("neither rows nor columns")


def plain(value):
    """What JSON has no word for: data becomes hex, decimals keep their digits as text."""
    return value.hex() if isinstance(value, bytes) else str(value)


def line(row):
    shown = {key: row[key].decode(errors="replace") for key in ("node", "name")}
    shown.update({key: value for key, value in row.items() if key not in shown and key not in ("unit", "dated")})
    if row["unit"]:
        shown["unit"] = row["unit"].decode(errors="replace")
    if row["dated"]:
        shown["dated"] = True
    return json.dumps(shown, default=plain)


def stored(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        yield from database.execute("SELECT data, codec FROM segment ORDER BY first")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", action="store_true", help="the files are telemetry.db files")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    for path in arguments.files:
        found = stored(path) if arguments.database else [(path.read_bytes(), guess_codec(path.read_bytes()))]
        for data, codec in found:
            for row in unpack(data, codec):
                print(line(row))


if __name__ == "__main__":
    sys.exit(main())

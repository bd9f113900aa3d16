#!/usr/bin/env python3
"""sparkplug: reads what wakegate publishes as Sparkplug B, with nothing but the standard library.

    sparkplug.py FILE...     payloads as JSON, one a line

consumer.py uses it: births say which metric an alias is, the body of data says which sequence numbers they have.
"""
import json
import pathlib
import re
import struct
import sys
import urllib.parse

PREFIX = "spBv1.0/"
BODY = re.compile(rb"boot=(\d+) first=(\d+) last=(\d+)")
REBIRTH = bytes.fromhex("12180a144e6f646520436f6e74726f6c2f526562697274687001")  # Node Control/Rebirth = true
METRIC = {1: "name", 2: "alias", 3: "timestamp", 4: "datatype", 5: "is_historical", 7: "is_null"}
VALUES = range(10, 17)  # fields of a metric
DOUBLE, STRING = 6, 8  # fields of a property
FLOATS = {12, 13}


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    """The fields of a protobuf message as (number, value): integers, bytes, or the bytes of fixed numbers."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(wire)
            if size is None:
                size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        if at > len(data):
            raise ValueError("cut off")
        yield tag >> 3, value


def properties(data):
    """The unit and the sum, as far as they are said."""
    keys = [value.decode() for number, value in fields(data) if number == 1]
    values = [dict(fields(value)) for number, value in fields(data) if number == 2]
    found = {}
    for key, value in zip(keys, values):
        if key == "engUnit" and STRING in value:
            found["unit"] = value[STRING].decode()
        if key == "sum" and DOUBLE in value:
            found["sum"] = struct.unpack("<d", value[DOUBLE])[0]
    return found


def metric(data):
    found = {}
    for number, value in fields(data):
        if number in METRIC:
            found[METRIC[number]] = value.decode() if number == 1 else value
        elif number == 9:
            found.update(properties(value))
        elif number in FLOATS:
            found["value"] = struct.unpack("<d" if number == 13 else "<f", value)[0]
        elif number in VALUES:
            found["value"] = bool(value) if number == 14 else value.decode() if number == 15 else value
    return found


def decode(payload):
    """timestamp, seq, body and the metrics of a payload."""
    found = {"metrics": []}
    for number, value in fields(payload):
        if number == 2:
            found["metrics"].append(metric(value))
        elif number in (1, 3, 5):
            found[{1: "timestamp", 3: "seq", 5: "body"}[number]] = value
    return found


class EdgeNodes:
    """What births have told: edge node -> alias, or DEVICE/NAME where there are no aliases -> [name, unit]."""

    def __init__(self, known=None):
        self.known = {} if known is None else known

    def take(self, topic, payload):
        """(edge node, boot, first number, rows) of data, else None. A row whose birth was missed has an alias
        instead of a name: ask for a rebirth."""
        _, kind, edge, *device = topic[len(PREFIX):].split("/")
        known = self.known.setdefault(edge, {})
        message = decode(payload)
        if kind == "NBIRTH":
            known.clear()
        elif kind == "DBIRTH":
            for told in message["metrics"]:
                known[self.key(device[0], told)] = [told["name"], told.get("unit")]
        elif kind == "DDATA":
            boot, first, _ = map(int, BODY.fullmatch(message["body"]).groups())
            return edge, boot, first, [self.row(device[0], known, told) for told in message["metrics"]]
        return None

    def key(self, device, told):
        return str(told["alias"]) if "alias" in told else f"{device}/{told['name']}"

    def row(self, device, known, told):
        name, unit = known.get(self.key(device, told), (told.get("name"), None))
        row = {"node": urllib.parse.unquote(device), "name": name, "time_ms": told.get("timestamp", 0), "unit": unit,
               "value": told.get("value"), "sum": told.get("sum")}
        return row if name is not None else {**row, "alias": told["alias"]}


def main():
    for path in sys.argv[1:]:
        print(json.dumps(decode(pathlib.Path(path).read_bytes()), default=bytes.hex))


if __name__ == "__main__":
    main()

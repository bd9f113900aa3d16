#!/usr/bin/env python3
"""consumer: turns wakegate's batches at an MQTT broker into rows, a JSON object a line, each reading once.

    consumer.py --broker 127.0.0.1:1883 --topic 'telemetry/+' --state seen.json
    consumer.py --topic 'telemetry/+' --topic 'spBv1.0/#' --state seen.json

Needs paho-mqtt 2; zstandard and cbor2, columnar.py and sparkplug.py beside it, only for messages that use them. Whoever keeps rows in a database writes the
rows and what was seen in one transaction, instead of the state file. docs/telemetry.md describes the batches.
"""
import argparse
import bisect
import decimal
import json
import os
import re
import sys

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
CBOR_LABELS = {-6: "bs", -5: "bv", -4: "bu", -3: "bt", -2: "bn", -1: "bver", 0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb",
               5: "s", 6: "t", 7: "ut", 8: "vd"}
PAIR = re.compile(r"(\w+)=(\S+)")


class Seen:
    """A set of sequence numbers as ranges: a year of readings is a handful of them."""

    def __init__(self, ranges=()):
        self.firsts = [first for first, _ in ranges]
        self.lasts = [last for _, last in ranges]

    def add(self, number):
        """True if the number is new."""
        at = bisect.bisect_right(self.firsts, number)
        if at and number <= self.lasts[at - 1]:
            return False
        joins_left = at > 0 and self.lasts[at - 1] == number - 1
        joins_right = at < len(self.firsts) and self.firsts[at] == number + 1
        if joins_left and joins_right:
            self.lasts[at - 1] = self.lasts.pop(at)
            del self.firsts[at]
        elif joins_left:
            self.lasts[at - 1] = number
        elif joins_right:
            self.firsts[at] = number
        else:
            self.firsts.insert(at, number)
            self.lasts.insert(at, number)
        return True

    def ranges(self):
        return list(zip(self.firsts, self.lasts))


class Batch:
    """Rows with the sequence numbers from `first` on, without a hole; or gaps."""

    def __init__(self, gateway, facts, rows=(), gaps=()):
        self.gateway, self.rows, self.gaps = gateway, rows, gaps
        self.boot, self.first = int(facts.get("boot", 0)), int(facts.get("first", 0))


def parse(payload):
    """A batch, whatever the format: the first bytes say which it is."""
    if payload.startswith(ZSTD_MAGIC):
        import zstandard
        payload = zstandard.ZstdDecompressor().decompress(payload, max_output_size=64 << 20)
    if payload.startswith(b"W"):
        return parse_columns(payload)
    if payload.startswith(b"["):
        return parse_senml(json.loads(payload, parse_float=decimal.Decimal))
    import cbor2
    return parse_senml([{CBOR_LABELS.get(label, label): value for label, value in record.items()}
                        for record in cbor2.loads(payload)])


def parse_columns(payload):
    import columnar
    head = columnar.Cursor(payload[1:])
    gateway = head.take(head.varint()).decode()
    boot, first, last = (head.varint() for _ in range(3))
    rows = []
    for row in columnar.Columns(head.take(head.left())):
        time_us = row.get("time_us", row["received_ms"] * 1000)
        rows.append({"node": row["node"].decode(), "name": row["name"].decode(),
                     "time": decimal.Decimal(time_us).scaleb(-6), "unit": row["unit"].decode() or None,
                     "value": row.get("value"), "sum": row.get("sum")})
    if len(rows) != last - first + 1:
        raise ValueError(f"{len(rows)} readings have the numbers {first} to {last}")
    return Batch(gateway, {"boot": boot, "first": first}, rows)


def parse_senml(pack):
    label, *readings = resolve(pack)
    gateway, _, kind = label["name"].rpartition("/")
    if kind == "gap":
        return Batch(gateway, {}, gaps=[dict(PAIR.findall(record["value"])) for record in (label, *readings)])
    rows = []
    for reading in readings:
        node, _, name = reading.pop("name").partition("/")
        rows.append({"node": node, "name": name, **reading})
    return Batch(gateway, dict(PAIR.findall(label["value"])), rows)


def resolve(pack):
    """Records with base name and base time applied (RFC 8428 section 4.6); wakegate uses no other base fields."""
    base_name, base_time = "", 0
    for record in pack:
        base_name = record.get("bn", base_name)
        base_time = decimal.Decimal(record.get("bt", base_time))
        value = next((record[key] for key in ("v", "vs", "vb", "vd") if key in record), None)
        yield {"name": base_name + record.get("n", ""), "time": base_time + decimal.Decimal(record.get("t", 0)),
               "unit": record.get("u"), "value": value, "sum": record.get("s")}


class Consumer:
    """Feed it with take(); it calls row() and gap() once for each, however often the broker repeats."""

    def __init__(self, row, gap, state=None):
        state = state or {"seen": {}, "births": {}}
        self.row, self.gap, self.births = row, gap, state["births"]
        self.ask = lambda topic, payload: None  # publishes
        self.asked = set()  # Sparkplug topics on which a rebirth is asked for
        self.seen = {gateway: Seen(ranges) for gateway, ranges in state["seen"].items()}

    def take(self, payload, topic=""):
        batch = self.parse_sparkplug(payload, topic) if topic.startswith("spBv1.0/") else parse(payload)
        for gap in batch.gaps:
            self.gap({"gateway": batch.gateway, **gap})
        if not batch.rows:
            return
        seen = self.seen.setdefault(batch.gateway, Seen())
        for number, row in enumerate(batch.rows, batch.first):
            if seen.add(number):
                self.row({"gateway": batch.gateway, "boot": batch.boot, "sequence": number, **row})

    def parse_sparkplug(self, payload, topic):
        import sparkplug
        _, group, kind, *edge = topic.split("/")
        if group == "STATE":
            return Batch("", {})
        command = f"spBv1.0/{group}/NCMD/{edge[0]}"
        if kind == "NBIRTH":
            self.asked.discard(command)
        data = sparkplug.EdgeNodes(self.births).take(topic, payload)
        if not data:
            return Batch("", {})
        edge, boot, first, rows = data
        for row in rows:
            row["time"] = decimal.Decimal(row.pop("time_ms")).scaleb(-3)
        if command not in self.asked and any("alias" in row for row in rows):
            self.asked.add(command)
            self.ask(command, sparkplug.REBIRTH)
        return Batch(edge, {"boot": boot, "first": first}, rows)

    def state(self):
        return {"seen": {gateway: seen.ranges() for gateway, seen in self.seen.items()}, "births": self.births}


def plain(value):
    """What JSON has no word for: decimals keep their digits, data becomes hex."""
    return value.hex() if isinstance(value, bytes) else str(value)


def print_line(thing):
    print(json.dumps({key: value for key, value in thing.items() if value is not None}, default=plain), flush=True)


def load_state(path):
    if not path or not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save_state(path, state):
    """Replaces the file as a whole, so that a power cut leaves the old one or the new one."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def listen(arguments, consumer):
    """Acknowledges a message when its rows are out, so that the broker repeats what a crash left open."""
    from paho.mqtt import client as mqtt
    host, _, port = arguments.broker.partition(":")

    def on_connect(client, userdata, flags, reason, properties):
        client.subscribe([(topic, 1) for topic in arguments.topic or ["telemetry/+"]])

    def on_message(client, userdata, message):
        try:
            consumer.take(message.payload, message.topic)
        except (ValueError, LookupError, TypeError, ArithmeticError) as fault:
            print(f"not a batch of wakegate on {message.topic}: {fault}", file=sys.stderr)
        if arguments.state:
            save_state(arguments.state, consumer.state())
        client.ack(message.mid, message.qos)

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=arguments.client_id, manual_ack=True,
                         clean_session=False)
    client.on_connect, client.on_message = on_connect, on_message
    consumer.ask = client.publish
    client.connect(host, int(port or 1883))
    client.loop_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--broker", default="127.0.0.1:1883", help="HOST[:PORT]")
    parser.add_argument("--topic", action="append", help="topic filter, telemetry/+ if none is given")
    parser.add_argument("--client-id", default="wakegate-consumer", help="the broker keeps messages for it")
    parser.add_argument("--state", help="file that remembers what was seen")
    arguments = parser.parse_args()
    listen(arguments, Consumer(print_line, lambda gap: print_line({"gap": gap}), load_state(arguments.state)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass

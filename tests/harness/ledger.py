"""ledger: the readings that simulated nodes made, as the simulator wrote them down, and SenML to compare them with."""
import decimal
import json

LABELS = {-2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs", -1: "bver", 0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb",
          5: "s", 6: "t", 7: "ut", 8: "vd"}


def senml_records(payload, is_cbor):
    """Resolved records (RFC 8428 section 4.6) as (name, time in ms, value), decoded without our own codecs."""
    if is_cbor:
        import cbor2  # the quickstart reads JSON only and does without
        pack = [{LABELS.get(key, key): value for key, value in record.items()} for record in cbor2.loads(payload)]
    else:
        pack = json.loads(payload, parse_float=decimal.Decimal)
    base = {"bn": "", "bt": 0, "bv": 0}
    for record in pack:
        base.update({key: record[key] for key in base if key in record})
        value = next((record[key] for key in ("v", "vs", "vb", "vd") if key in record), None)
        if value is None:
            continue
        if "v" in record and base["bv"]:
            value = decimal.Decimal(value) + decimal.Decimal(base["bv"])
        time_s = decimal.Decimal(base["bt"]) + decimal.Decimal(record.get("t", 0))
        yield base["bn"] + record.get("n", ""), round(time_s * 1000), comparable(value)


def comparable(value):
    """One form for the same value, whatever it was carried in."""
    if isinstance(value, bool) or isinstance(value, str):
        return value
    return round(decimal.Decimal(value), 6).normalize()


def ledger_value(text):
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("note "):
        return text
    return comparable(decimal.Decimal(text))


class Ledger:
    """`made` maps (node, time in ms) to (name, value); `kept` is the set of (node, time) acknowledged."""

    def __init__(self, path):
        self.made, self.kept = {}, set()
        for line in open(path):
            event, node, time_ms, *rest = line.split(maxsplit=4)
            key = (node, int(time_ms))
            if event == "made":
                assert key not in self.made, f"made twice: {line}"
                self.made[key] = (rest[0], ledger_value(rest[1].strip()))
            else:
                self.kept.add(key)

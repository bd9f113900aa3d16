"""SenML against json, cbor2 and the PyPI packages kpn-senml and senml: their packs read by ours, ours read by them."""
import base64
import decimal
import json
import random
import subprocess

import cbor2
import pytest

from harness.find import ours, scaled

NOW = 1_700_000_000
LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6, "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4,
          "s": 5, "t": 6, "ut": 7, "vd": 8}
NAMES = {label: name for name, label in LABELS.items()}


def dump(payload, form, *write):
    """What senml_dump says of a pack."""
    done = subprocess.run([ours("senml_dump"), form, str(NOW), *write], input=payload, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def readings(payload, form):
    return [json.loads(line, parse_float=decimal.Decimal) for line in dump(payload, form).splitlines()]


def number(chance):
    """A number as nodes send it: whole, decimal, or a float of any width."""
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randrange(-10**chance.randrange(1, 18), 10**chance.randrange(1, 18))
    if kind == 1:
        return decimal.Decimal(chance.randrange(-10**6, 10**6)).scaleb(-chance.randrange(1, 6))
    return chance.uniform(-1e3, 1e3) if kind == 2 else chance.randrange(-2048, 2048) / 8


def make_pack(chance):
    """Records with JSON's labels and Python's values, base fields wherever they please."""
    pack = []
    for index in range(chance.randrange(1, 40)):
        record = {"n": f"s{index % 5}"} if index or chance.random() < 0.5 else {"bn": "urn:dev:x:", "n": "first"}
        if chance.random() < 0.2:
            record["bn"] = chance.choice(["", "urn:dev:mac:0024befffe804ff1/", "room-4."])
        if chance.random() < 0.2:
            record["bt"] = chance.choice([NOW, decimal.Decimal("1276020076.001"), 0, -3])
        if chance.random() < 0.1:
            record["bu"] = "Cel"
        if chance.random() < 0.1:
            record["bv"] = number(chance)
        kind, value = chance.choice([("v", number(chance)), ("v", number(chance)), ("vs", "Grüße \"\\\n\u20ac\U0001f321"),
                                     ("vb", chance.random() < 0.5), ("vd", chance.randbytes(chance.randrange(9)))])
        record[kind] = value
        if chance.random() < 0.3:
            record["u"] = "%RH"
        if chance.random() < 0.4:
            record["t"] = chance.choice([-1, 2, decimal.Decimal("-0.25"), decimal.Decimal("12.5")])
        if chance.random() < 0.2:
            record["s"] = chance.randrange(1000)
        if chance.random() < 0.1:
            record["ut"] = 60
        if chance.random() < 0.1:
            record["unknown"] = {"deep": [1, {"er": None}]}
        pack.append(dict(chance.sample(list(record.items()), len(record))))
    return pack


def exact(value):
    return decimal.Decimal(value) if not isinstance(value, decimal.Decimal) else value


def resolve(pack):
    """RFC 8428 section 4.6, written from the standard alone."""
    base = {"bn": "", "bt": 0, "bu": None, "bv": None}
    for record in pack:
        base.update({key: record[key] for key in base if key in record})
        found = {"name": base["bn"] + record.get("n", "")}
        unit = record.get("u", base["bu"])
        if unit:
            found["unit"] = unit
        if "v" in record:
            found["value"] = exact(record["v"]) + exact(base["bv"] or 0)
        found.update({"value": record[key] for key in ("vs", "vb") if key in record})
        if "vd" in record:
            found["data"] = record["vd"].hex()
        if "s" in record:
            found["sum"] = exact(record["s"])
        time = exact(base["bt"]) + exact(record.get("t", 0))
        if time:
            found["time_us"] = int(time * 10**6) + (0 if time >= 2**28 else NOW * 10**6)
        if "ut" in record:
            found["update_ms"] = record["ut"] * 1000
        yield found


def same(ours_says, standard_says):
    """Numbers are equal as doubles at least, which is what the standard asks for; decimals exactly."""
    assert ours_says.keys() == standard_says.keys(), (ours_says, standard_says)
    for key, value in standard_says.items():
        if isinstance(value, decimal.Decimal):
            assert float(ours_says[key]) == pytest.approx(float(value), rel=1e-15, abs=1e-300), (ours_says, standard_says)
        else:
            assert ours_says[key] == value, (ours_says, standard_says)


def to_json(pack):
    def default(value):
        if isinstance(value, bytes):
            return base64.urlsafe_b64encode(value).decode().rstrip("=")
        return float(value)
    return json.dumps(pack, default=default, ensure_ascii=False).encode()


def to_cbor(pack, **options):
    return cbor2.dumps([{LABELS.get(key, key): value for key, value in record.items()} for record in pack], **options)


@pytest.mark.parametrize("form", ["json", "cbor", "cbor-canonical"])
def test_packs_of_the_standard_library_and_cbor2_are_read_exactly(form):
    for seed in range(scaled("SEED", 1), scaled("SEED", 1) + 60):
        pack = make_pack(random.Random(seed))
        payload = to_json(pack) if form == "json" else to_cbor(pack, canonical=form == "cbor-canonical")
        found = readings(payload, form.partition("-")[0])
        assert len(found) == len(pack), f"seed {seed}"
        for ours_says, standard_says in zip(found, resolve(pack)):
            same(ours_says, standard_says)


def test_our_packs_say_the_same_to_cbor2_and_json():
    for seed in range(scaled("SEED", 1), scaled("SEED", 1) + 40):
        pack = to_cbor(make_pack(random.Random(seed)))
        as_json, as_cbor = dump(pack, "cbor", "json"), dump(pack, "cbor", "cbor")
        from_cbor = [{NAMES.get(key, key): value for key, value in record.items()} for record in cbor2.loads(as_cbor)]
        from_json = json.loads(as_json, parse_float=decimal.Decimal)
        for record in from_json:
            if "vd" in record:
                record["vd"] = base64.urlsafe_b64decode(record["vd"] + "===")
        for left, right, original in zip(resolve(from_cbor), resolve(from_json), readings(pack, "cbor"), strict=True):
            same(left, right)
            same(original, left)


def test_kpn_senml_packs_are_read():
    kpn = pytest.importorskip("kpn_senml")
    pack = kpn.SenmlPack("dev1:")
    for name, value in (("temperature", 22.5), ("open", True), ("count", 7)):
        pack.add(kpn.SenmlRecord(name, value=value, time=NOW + 2.5))
    pack.base_time = NOW
    for form, payload in (("json", pack.to_json().encode()), ("cbor", pack.to_cbor())):
        found = readings(payload, form)
        assert [(reading["name"], float(reading["value"])) for reading in found] == [
            ("dev1:temperature", 22.5), ("dev1:open", 1.0), ("dev1:count", 7.0)]
        assert {reading["time_us"] for reading in found} == {(NOW * 10 + 25) * 10**5}


def test_the_senml_package_reads_ours_and_is_read():
    senml = pytest.importorskip("senml")
    document = senml.SenMLDocument(
        [senml.SenMLMeasurement(name="t", time=1.5, value=22.5, unit="Cel"), senml.SenMLMeasurement(name="l", value="x")],
        base=senml.SenMLMeasurement(name="dev2:", time=NOW))
    found = readings(json.dumps(document.to_json()).encode(), "json")
    assert [reading["name"] for reading in found] == ["dev2:t", "dev2:l"]
    assert found[0]["time_us"] == NOW * 10**6 + 1_500_000 and found[1]["value"] == "x"
    again = senml.SenMLDocument.from_json(json.loads(dump(json.dumps(document.to_json()).encode(), "json", "json")))
    absolute = [measurement.to_absolute(again.base) for measurement in again.measurements]
    assert (absolute[0].name, absolute[0].time, absolute[0].value) == ("dev2:t", NOW + 1.5, 22.5)


@pytest.mark.parametrize("payload, why", [
    (b'[{"n":"a","v":1,"must_":1}]', b"EOPNOTSUPP"), (b'[{"bver":11,"n":"a","v":1}]', b"EOPNOTSUPP"),
    (b'[{"n":"a","v":NaN}]', b"EBADMSG"), (b'[{"n":"a","v":1}] ,', b"EBADMSG"), (b'[{"n":"a b","v":1}]', b"EBADMSG")])
def test_what_the_standard_refuses_is_refused(payload, why):
    done = subprocess.run([ours("senml_dump"), "json", str(NOW)], input=payload, capture_output=True, timeout=60)
    assert done.returncode == 1 and why in done.stderr

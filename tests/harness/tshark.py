"""tshark: Zigbee frames as Wireshark decodes them, its fields by name."""
import json
import struct
import subprocess

from .find import peer

NODE, COORDINATOR = 0x1001, 0x0000
DLT_802_15_4_WITHOUT_FCS = 230


def packet(asdu, to_gateway, counter, profile=0x0104, cluster=0x0019, endpoint=1):
    """A data frame between a node's endpoint and ours, without security."""
    own = 0 if profile == 0 else 1
    source, target = (NODE, COORDINATOR) if to_gateway else (COORDINATOR, NODE)
    source_endpoint, target_endpoint = (endpoint, own) if to_gateway else (own, endpoint)
    mac = bytes.fromhex("6188") + struct.pack("<BHHH", counter, 0x1A62, target, source)
    nwk = bytes.fromhex("0800") + struct.pack("<HHBB", target, source, 30, counter)
    aps = bytes([0x40, target_endpoint]) + struct.pack("<HHBB", cluster, profile, source_endpoint, counter)
    return mac + nwk + aps + asdu


def write_capture(path, packets):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 256, DLT_802_15_4_WITHOUT_FCS))
        for second, data in enumerate(packets):
            out.write(struct.pack("<IIII", second, 0, len(data), len(data)) + data)


def fields_of(tree):
    """All fields of a dissection by name, wherever they are nested; a list where there are several of a name."""
    found = {}
    for name, value in tree.items():
        values = value if isinstance(value, list) else [value]
        for one in values:
            for key, shown in (fields_of(one).items() if isinstance(one, dict) else [(name, one)]):
                found.setdefault(key, []).extend(shown if isinstance(shown, list) else [shown])
    return {name: shown[0] if len(shown) == 1 else shown for name, shown in found.items()}


def decode(capture):
    """The layers of each packet of a capture; none of them malformed."""
    shown = subprocess.run([peer("tshark"), "-r", capture, "-T", "json", "--no-duplicate-keys"], capture_output=True,
                           text=True, timeout=300, check=True)
    decoded = [one["_source"]["layers"] for one in json.loads(shown.stdout)]
    for layers in decoded:
        assert "_ws.malformed" not in json.dumps(layers), layers
    return decoded


def number(shown):
    """Of a field, however it is shown."""
    return {"True": 1, "False": 0}[shown] if shown in ("True", "False") else int(shown, 0)

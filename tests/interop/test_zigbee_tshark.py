"""Frames of the interview and what follows it: tshark decodes what the driver sends, and takes, field by field."""
import subprocess

import pytest

from harness.find import ours
from harness.tshark import decode, fields_of, number, packet, write_capture

ZDP, ZCL = "zbee_zdp.", "zbee_zcl."
NODE, GATEWAY = "00:12:4b:00:14:d2:69:37", "00:12:4b:00:de:ad:be:ef"
NWK = 0x1A2B
TEMPERATURE = "zbee_zcl_meas_sensing.tempmeas.attr"
BATTERY = "zbee_zcl_general.power_config.attr"


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """(what, way) -> the fields of each frame, in order."""
    lines = subprocess.run([ours("zigbee_frames")], capture_output=True, text=True, check=True, timeout=120).stdout
    said = [line.split() for line in lines.splitlines()]
    capture = tmp_path_factory.mktemp("tshark") / "frames.pcap"
    write_capture(capture, [
        packet(bytes.fromhex(data), way == "to", counter, *(int(word, 16) for word in (profile, cluster, endpoint)))
        for counter, (_, way, profile, cluster, endpoint, data) in enumerate(said)])
    decoded = decode(capture)
    assert len(decoded) == len(said)
    found = {}
    for (what, way, profile, cluster, *_), layers in zip(said, decoded):
        is_zdp = profile == "0000"
        shown = layers["zbee_aps"]["zbee_aps.zdp_cluster" if is_zdp else "zbee_aps.cluster"]
        assert int(shown, 0) == int(cluster, 16)
        found.setdefault((what, way), []).append(fields_of(layers["zbee_zdp" if is_zdp else "zbee_zcl"]))
    return found


def check(fields, prefix="", **expected):
    """Compares numbers, lists of numbers, and texts. A name's `__` is a point."""
    for name, value in expected.items():
        shown = fields[prefix + name.replace("__", ".")]
        if isinstance(value, list):
            assert [number(one) for one in shown] == value, f"{name} is {shown}, not {value}"
        else:
            assert (number(shown) if isinstance(value, int) else shown) == value, f"{name} is {shown}, not {value}"


def same_sequence(asked, said):
    name = ZDP + "seqno" if ZDP + "seqno" in asked else ZCL + "cmd.tsn"
    assert asked[name] == said[name]


def check_command(fields, command, to_client=0, quiet=1, **expected):
    check(fields, ZCL, type=0, ms=0, dir=to_client, ddr=quiet, cmd__id=command, **expected)


def test_what_a_node_is(frames):
    [asked], [said] = frames["node", "from"], frames["node", "to"]
    check(asked, ZDP, nwk_addr=NWK)
    check(said, ZDP, status=0, nwk_addr=NWK, node__type=2, cinfo=0, node__manufacturer=0x117C)
    same_sequence(asked, said)


def test_its_endpoints_and_clusters(frames):
    [asked], [said] = frames["endpoints", "from"], frames["endpoints", "to"]
    check(asked, ZDP, nwk_addr=NWK)
    check(said, ZDP, status=0, nwk_addr=NWK, ep_count=2, endpoint=[1, 242])
    [asked], [said] = frames["clusters", "from"], frames["clusters", "to"]
    check(asked, ZDP, nwk_addr=NWK, endpoint=1)
    check(said, ZDP, status=0, endpoint=1, profile=0x0104, app__device=0x0302, in_count=3, in_cluster=[0, 1, 0x402],
          out_count=1, out_cluster=0x19)
    same_sequence(asked, said)


def test_who_made_it_and_what_it_runs(frames):
    [asked], [said] = frames["maker", "from"], frames["maker", "to"]
    check_command(asked, 0x00)
    check(asked, "zbee_zcl_general.basic.", attr_id=[4, 5])
    check_command(said, 0x01, to_client=1, attr__status=[0, 0])
    assert said[ZCL + "attr.str"] == ["ACME", "soil"]
    same_sequence(asked, said)
    [asked], [said] = frames["build", "from"], frames["build", "to"]
    check(asked, "zbee_zcl_general.basic.", attr_id=[7, 0x4000])
    check_command(said, 0x01, to_client=1, attr__status=[0x86, 0x86])
    # The attributes of OTA Upgrade are the client's, so they are asked for by the server.
    [asked], [said] = frames["firmware", "from"], frames["firmware", "to"]
    check_command(asked, 0x00, to_client=1)
    check(asked, "zbee_zcl_general.ota.", attr_id=[2, 7, 8])
    check_command(said, 0x01, attr__status=[0, 0, 0])
    check(said, "zbee_zcl_general.ota.", file__version=0x01020304, manufacturer_code=0x117C, image__type=0x4203)


def test_bindings(frames):
    for asked, cluster in zip(frames["binding", "from"], (0x0402, 0x0001), strict=True):
        check(asked, ZDP, bind__src64=NODE, bind__src_ep=1, cluster=cluster, addr_mode=3, bind__dst64=GATEWAY,
              bind__dst_ep=1)
    assert all(said[ZDP + "status"] == "0" for said in frames["binding", "to"])


def test_reporting(frames):
    temperature, battery = frames["reporting", "from"]
    check_command(temperature, 0x06, attr__dir=0, attr__data__type=0x29, attr__minint=10, attr__maxint=1800)
    check(temperature, TEMPERATURE, _idd=0, __value=20)
    check_command(battery, 0x06, attr__dir=[0, 0], attr__data__type=[0x20, 0x20], attr__minint=[10, 10],
                  attr__maxint=[43200, 43200])
    check(battery, BATTERY, _id=[0x21, 0x20], __batt_percentage=2, __batt_voltage=1)
    for asked, said in zip(frames["reporting", "from"], frames["reporting", "to"], strict=True):
        check_command(said, 0x07, to_client=1, attr__status=0)
        same_sequence(asked, said)
    [refused] = frames["refusal", "to"]
    check_command(refused, 0x07, to_client=1, quiet=0, attr__status=0x8C, attr__dir=0)
    check(refused, BATTERY, _id=0x20)


def test_values(frames):
    temperature, battery = frames["values", "from"]
    check_command(temperature, 0x00)
    check(temperature, TEMPERATURE, _idd=0)
    check(battery, BATTERY, _id=[0x21, 0x20])
    temperature, battery = frames["values", "to"]
    check_command(temperature, 0x01, to_client=1, attr__status=0, attr__data__type=0x29)
    check(temperature, TEMPERATURE, _idd=0, __value=2150)
    check(battery, BATTERY, __batt_percentage=180)


def test_the_time(frames):
    [asked], [said] = frames["time", "to"], frames["time", "from"]
    check_command(said, 0x01, to_client=1)
    # Alike records stand together in what tshark prints.
    assert sorted(number(one) for one in said[ZCL + "attr.status"]) == [0, 0, 0, 0, 0x86]
    assert sorted(number(one) for one in said[ZCL + "attr.data.type"]) == [0x18, 0x23, 0x2B, 0xE2]
    assert sorted(number(one) for one in said["zbee_zcl_general.time.attr_id"]) == [0, 1, 2, 7, 0x9999]
    check(said, "zbee_zcl_general.time.", attr__time_status=3)
    assert said[ZCL + "attr.utc"].startswith("Feb  2, 2026 02:56:40")
    same_sequence(asked, said)


def test_default_responses(frames):
    [asked], [said] = frames["unserved", "to"], frames["unserved", "from"]
    check_command(said, 0x0B, to_client=1, cmd__id__rsp=0x02, attr__status=0x81)
    same_sequence(asked, said)
    # The report comes from the server side, so its answer goes to the server.
    [asked], [said] = frames["report", "to"], frames["report", "from"]
    check_command(asked, 0x0A, to_client=1, quiet=0)
    check_command(said, 0x0B, cmd__id__rsp=0x0A, attr__status=0)
    same_sequence(asked, said)


def test_who_may_come_who_goes_and_who_is_there(frames):
    [said] = frames["permit", "from"]
    check(said, ZDP, duration=180, significance=1)
    [said] = frames["leave", "from"]
    check(said, ZDP, ext_addr=NODE, leave__children=0, leave__rejoin=0)
    [asked], [said] = frames["stranger", "from"], frames["stranger", "to"][1:]
    check(asked, ZDP, nwk_addr=NWK, req_type=0)
    check(said, ZDP, status=0, ext_addr=NODE, nwk_addr=NWK)

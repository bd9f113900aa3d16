"""OTA Upgrade frames: tshark decodes what our server sends, field by field."""
import subprocess

import pytest

from harness.find import ours
from harness.tshark import decode, fields_of, packet, write_capture

OTA = "zbee_zcl_general.ota."
FILE = {"manufacturer_code": 0x115F, "image.type": 0x4201, "file.version": 0x02000000}
OLD = dict(FILE, **{"file.version": 0x01020304})


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """(situation, way) -> the fields of each frame, in order."""
    lines = subprocess.run([ours("upgrade_frames")], capture_output=True, text=True, check=True, timeout=120).stdout
    said = [line.split() for line in lines.splitlines()]
    capture = tmp_path_factory.mktemp("tshark") / "frames.pcap"
    write_capture(capture, [packet(bytes.fromhex(data), way == "to", counter)
                            for counter, (_, way, data) in enumerate(said)])
    decoded = decode(capture)
    assert len(decoded) == len(said)
    found = {}
    for (what, way, _), layers in zip(said, decoded):
        assert "zbee_zcl" in layers, layers
        found.setdefault((what, way), []).append(fields_of(layers["zbee_zcl"]))
    return found


def check(fields, **expected):
    for name, value in expected.items():
        shown = fields[name]
        assert int(shown, 0) == value, f"{name} is {shown}, not {value:#x}"


def check_ota(fields, command, of_file, **expected):
    check(fields, **{OTA + name.replace("__", "."): value for name, value in expected.items()},
          **{OTA + name: value for name, value in (of_file or {}).items()})
    sent = fields.get(OTA + "cmd.srv_tx.id") or fields.get(OTA + "cmd.srv_rx.id")
    assert int(sent, 0) == command


def test_a_query_and_its_answer(frames):
    [asked], [said] = frames["query", "to"], frames["query", "from"]
    check_ota(asked, 0x01, OLD, hw_ver=16)
    check_ota(said, 0x02, FILE, status=0, image__size=1062)
    [said] = frames["none", "from"]
    check_ota(said, 0x02, None, status=0x98)
    check(said, **{"zbee_zcl.cmd.tsn": 0x2A})


def test_a_block_and_its_answer(frames):
    [asked], [said] = frames["block", "to"], frames["block", "from"]
    check_ota(asked, 0x03, FILE, file__offset=216, max_data_size=50)
    check_ota(said, 0x05, FILE, status=0, file__offset=216, data_size=50)
    data = bytes.fromhex(said[OTA + "image.data"].replace(":", ""))
    assert data == bytes((i * 7 + 3) % 256 for i in range(216 - 62, 216 - 62 + 50))
    assert said["zbee_zcl.ddr"] in ("1", "True") and said["zbee_zcl.dir"] in ("1", "True")


def test_a_page_is_answered_by_blocks(frames):
    [asked], [said] = frames["page", "to"], frames["page", "from"]
    check_ota(asked, 0x04, FILE, file__offset=300, max_data_size=40, page__size=40, rsp_spacing=20)
    check_ota(said, 0x05, FILE, status=0, file__offset=300, data_size=40)


def test_wait_tells_how_long(frames):
    [asked], [said] = frames["wait", "to"], frames["wait", "from"]
    check_ota(asked, 0x03, FILE, min_block_period=300)
    assert asked[OTA + "ieee_addr"].replace(":", "").removeprefix("0x") == "1122334455667788"
    check_ota(said, 0x05, None, status=0x97, current_time=0, request_time=60)


def test_an_end_is_answered(frames):
    [asked], [said] = frames["good", "to"], frames["good", "from"]
    check_ota(asked, 0x06, FILE, status=0)
    check_ota(said, 0x07, FILE, current_time=0, upgrade_time=1)
    [said] = frames["staged", "from"]
    check_ota(said, 0x07, FILE, current_time=0, upgrade_time=0xFFFFFFFF)
    [asked], [said] = frames["bad", "to"], frames["bad", "from"]
    check_ota(asked, 0x06, FILE, status=0x96)
    check(said, **{"zbee_zcl.cmd.id": 0x0B, "zbee_zcl.cmd.id.rsp": 0x06})


def test_an_abort_is_a_status(frames):
    [said] = frames["abort", "from"]
    check_ota(said, 0x05, None, status=0x95)


def test_what_is_said_unasked(frames):
    questions = [said for said in frames["unasked", "from"] if OTA + "payload.type" not in said]
    notifies = [said for said in frames["unasked", "from"] if OTA + "payload.type" in said]
    assert len(questions) == 2 and notifies
    for said in notifies:
        check_ota(said, 0x00, None, payload__type=0, query_jitter=100)
    for said in questions:
        check(said, **{"zbee_zcl.cmd.id": 0x00})
        attributes = said[OTA + "attr_id"]
        assert [int(one, 0) for one in attributes] == [1, 2, 4, 6, 7, 8]

"""Zigbee OTA upgrade files in the wrappers of vendors: zigpy reads the same file in them as wakegate, and what a node
is served is what zigpy reads."""
import hashlib
import json
import struct
import subprocess

import pytest

from harness import zigbee_image
from harness.find import ours

SIZE = 3000


def plain(**options):
    return zigbee_image.image(SIZE, **options)


def with_elements(elements, **options):
    """A file with these elements, `elements` already laid out, in place of the usual one."""
    head = bytearray(plain(hardware=None, **options)[:56])
    head[52:56] = struct.pack("<I", 56 + len(elements))
    return bytes(head) + elements


def ikea(file):
    return b"NGIS" + bytes(12) + struct.pack("<II", 616, len(file)) + bytes(616 - 24) + file + bytes(512)


def third_reality(file):
    tail = struct.pack("<II", 1, 88 + len(file)) + bytes(80) + file
    return hashlib.sha512(tail).digest() + tail


def legrand(file):
    return struct.pack("<I", len(file)) + file + bytes([17]) + bytes(16)


def telink():
    data = bytes(range(256)) * 4
    return with_elements(struct.pack("<HIH", 0xF000, len(data), 0) + data)


def element(tag, data):
    return struct.pack("<HI", tag, len(data)) + data


VARIANTS = {
    "plain": plain(),
    "no-hardware": plain(hardware=None),
    "ikea": ikea(plain(manufacturer=0x117C)),
    "ikea-elements": with_elements(element(0xFFBF, b"ab") + element(0xFFBE, b"c") + element(0, zigbee_image.gbl(500))),
    "legrand": legrand(plain(manufacturer=0x1021)),
    "third-reality": third_reality(plain(manufacturer=0x1233)),
    "telink": telink(),
    "hue": with_elements(bytes.fromhex("2a0001") + bytes(500), manufacturer=0x100B),
}


def inspect(path, code=0):
    done = subprocess.run([ours("wakegate"), "image", "inspect", "--json", path], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("name", VARIANTS)
def test_zigpy_reads_the_same_file(tmp_path, name):
    image = pytest.importorskip("zigpy.ota.image", reason="zigpy is not installed (tests/peers/requirements.txt)")
    path = tmp_path / name
    path.write_bytes(VARIANTS[name])
    said = inspect(path)
    theirs, _ = image.parse_ota_image(VARIANTS[name])
    header = theirs.header
    assert said["format"] == "zigbee-ota"
    assert said["version"] == f"0x{header.file_version:08x}"
    assert said["hardware"] == f"{header.manufacturer_id:04x}-{header.image_type:04x}"
    assert said["payload_size"] == header.image_size
    ours_is = VARIANTS[name][said["payload_offset"]:][:said["payload_size"]]
    assert theirs.serialize() == ours_is


@pytest.mark.parametrize("name", VARIANTS)
def test_zigpy_reads_what_a_node_is_served(tmp_path, name):
    image = pytest.importorskip("zigpy.ota.image", reason="zigpy is not installed (tests/peers/requirements.txt)")
    path = tmp_path / name
    path.write_bytes(VARIANTS[name])
    served = subprocess.run([ours("upgrade_frames"), path], capture_output=True, check=True, timeout=120).stdout
    theirs, rest = image.parse_ota_image(served)
    assert rest == b"" and theirs.serialize() == served
    wrapped, _ = image.parse_ota_image(VARIANTS[name])
    assert wrapped.serialize() == served


def test_both_tell_a_damaged_gbl(tmp_path):
    validators = pytest.importorskip("zigpy.ota.validators", reason="zigpy is not installed")
    good = zigbee_image.gbl(500)
    assert validators.validate_firmware(good) == validators.ValidationResult.VALID
    bad = bytearray(good)
    bad[200] ^= 1
    with pytest.raises(validators.ValidationError):
        validators.validate_firmware(bytes(bad))
    path = tmp_path / "bad"
    path.write_bytes(with_elements(element(0, bytes(bad))))
    assert "the checksum of its GBL content is wrong" in inspect(path, code=5)


def test_a_cut_file_is_refused(tmp_path):
    path = tmp_path / "cut"
    path.write_bytes(ikea(plain())[:2000])
    assert "malformed" in inspect(path, code=5)

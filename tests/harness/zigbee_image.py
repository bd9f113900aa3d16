"""zigbee_image: Zigbee OTA upgrade files made up for tests, with a GBL file whose checksum is right inside."""
import hashlib
import struct
import zlib

MAGIC = 0x0BEEF11E
HARDWARE = 1 << 2


def gbl(size):
    """A Gecko bootloader file with a program of `size` bytes."""
    program = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(size // 32 + 1))[:size]
    body = struct.pack("<II8s", 0x03A617EB, 8, b"\0\0\0\3") + struct.pack("<II", 0xFE0101FE, size) + program
    body += struct.pack("<II", 0xFC0404FC, 4)
    return body + struct.pack("<I", zlib.crc32(body))


def image(size, manufacturer=0x1286, image_type=0x0203, version=0x20, hardware=(1, 2), text=b"simulated"):
    """An upgrade file of exactly `size` bytes."""
    header_size = 56 + (4 if hardware else 0)
    data = gbl(size - header_size - 6 - 36)
    header = struct.pack("<IHHHHHIH32sI", MAGIC, 0x0100, header_size, HARDWARE if hardware else 0, manufacturer,
                         image_type, version, 2, text, size)
    found = header + (struct.pack("<HH", *hardware) if hardware else b"") + struct.pack("<HI", 0, len(data)) + data
    assert len(found) == size
    return found

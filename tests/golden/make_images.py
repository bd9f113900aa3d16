#!/usr/bin/env python3
"""make_images: makes the golden firmware images and public keys with software nobody here wrote.

Usage: make_images.py FOLDER

Needs imgtool 2.5.0 (MCUboot), esptool 5.6.0 (ESP-IDF), zigpy 2.4.0 (Zigbee OTA) and openssl. Writes images/ and keys/
into FOLDER; the private keys are thrown away, so a second run makes other bytes of the same kinds.
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

PAYLOAD = bytes(range(100))
IMGTOOL_TYPES = {"p256": "ecdsa-p256", "ed25519": "ed25519", "rsa2048": "rsa-2048", "rsa3072": "rsa-3072"}
VARIANTS = {
    "mcuboot-p256": ["p256"],
    "mcuboot-ed25519": ["ed25519"],
    "mcuboot-rsa2048": ["rsa2048"],
    "mcuboot-rsa3072": ["rsa3072"],
    "mcuboot-p256-padded-signature": ["p256", "--pad-sig"],
    "mcuboot-p256-full-key": ["p256", "--public-key-format", "full"],
    "mcuboot-p256-protected": ["p256", "-s", "7", "-d", "(1, 1.2.3+4)", "--custom-tlv", "0xa0", "0x11"],
    "mcuboot-p256-hardware": ["p256", "--custom-tlv", "0x57a0", "soil-1"],
    "mcuboot-ed25519-sha512": ["ed25519", "--sha", "512"],
    "mcuboot-ed25519-pure": ["ed25519", "--pure"],
    "mcuboot-unsigned": [None],
    "mcuboot-slot": ["p256", "-S", "1024", "--pad", "--confirm", "-M", "2", "--align", "1"],
    "mcuboot-slot-32": ["p256", "-S", "1024", "--pad", "--confirm", "-M", "2", "--max-align", "32", "--align", "1"],
}


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def tool(name):
    return str(pathlib.Path(sys.executable).parent / name)


def make_keys(scratch, keys):
    for name, kind in IMGTOOL_TYPES.items():
        run(tool("imgtool"), "keygen", "-t", kind, "-k", f"{scratch}/{name}.key")
        run(tool("imgtool"), "getpub", "-e", "pem", "-k", f"{scratch}/{name}.key", "-o", f"{keys}/{name}.pem")


def make_mcuboot(scratch, images):
    payload = scratch / "payload.bin"
    payload.write_bytes(PAYLOAD)
    for name, (key, *options) in VARIANTS.items():
        slot = [] if "-S" in options else ["-S", "0x20000"]
        signer = ["-k", f"{scratch}/{key}.key"] if key else []
        run(tool("imgtool"), "sign", "-v", "1.2.3+4", "-H", "32", "--pad-header", *slot, *signer, *options,
            str(payload), f"{images}/{name}.bin")
    run(tool("imgtool"), "keygen", "-t", "ecdsa-p256", "-k", f"{scratch}/encryption.key")
    run(tool("imgtool"), "getpub", "-e", "pem", "-k", f"{scratch}/encryption.key", "-o", f"{scratch}/encryption.pem")
    run(tool("imgtool"), "sign", "-v", "1.2.3+4", "-H", "32", "--pad-header", "-S", "0x20000", "-k",
        f"{scratch}/p256.key", "-E", f"{scratch}/encryption.pem", str(payload), f"{images}/mcuboot-encrypted.bin")


def elf_with(section, address):
    """A RISC-V ELF file with one loadable section, as little as esptool needs."""
    names = b"\0.flash.rodata\0.shstrtab\0"
    data_at = 52
    names_at = data_at + len(section)
    sections_at = (names_at + len(names) + 3) & ~3
    header = b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack(
        "<HHIIIIIHHHHHH", 2, 243, 1, address, 0, sections_at, 0, 52, 32, 0, 40, 3, 2)
    table = bytes(40)
    table += struct.pack("<IIIIIIIIII", 1, 1, 2, address, data_at, len(section), 0, 0, 4, 0)
    table += struct.pack("<IIIIIIIIII", 15, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)
    body = header + section + names
    return body + bytes(sections_at - len(body)) + table


def make_esp(scratch, images):
    description = struct.pack("<II8x32s32s16s16s32s32s80x", 0xABCD5432, 3, b"v2.0.1-7-gabc", b"soil sensor",
                              b"12:00:00", b"Jan  1 2026", b"v5.3", bytes(32))
    elf = scratch / "app.elf"
    elf.write_bytes(elf_with(description + PAYLOAD, 0x3C000020))
    for name, options in {"esp-idf": [], "esp-idf-no-hash": ["--dont-append-digest"],
                          "esp-idf-padded": ["--pad-to-size", "1KB"]}.items():
        run(tool("esptool"), "--chip", "esp32c3", "elf2image", *options, "-o", f"{images}/{name}.bin", str(elf))
    run("openssl", "genrsa", "-out", f"{scratch}/boot.pem", "3072")
    run(tool("espsecure"), "sign-data", "--version", "2", "--keyfile", f"{scratch}/boot.pem", "--output",
        f"{images}/esp-idf-secure-boot.bin", f"{images}/esp-idf.bin")


def make_zigbee(images):
    from zigpy.ota.image import ElementTagId, FieldControl, OTAImage, OTAImageHeader, SubElement
    from zigpy.types import EUI64

    def build(**optional):
        header = OTAImageHeader(
            upgrade_file_id=OTAImageHeader.MAGIC_VALUE, header_version=0x0100, header_length=0,
            field_control=FieldControl(0), manufacturer_id=0x117C, image_type=0x4203, file_version=0x01020304,
            stack_version=2, header_string=b"soil sensor".ljust(32, b"\0").decode(), image_size=0)
        for key, value in optional.items():
            setattr(header, key, value)
        image = OTAImage(header=header, subelements=[SubElement(tag_id=ElementTagId.UPGRADE_IMAGE, data=PAYLOAD)])
        header.header_length = len(header.serialize())
        header.image_size = header.header_length + len(image.subelements[0].serialize())
        return image.serialize()

    plain = build()
    (images / "zigbee-ota.bin").write_bytes(plain)
    (images / "zigbee-ota-wrapped.bin").write_bytes(b"NGIS" + bytes(60) + plain + bytes(17))
    (images / "zigbee-ota-optional.bin").write_bytes(build(
        field_control=FieldControl.DEVICE_SPECIFIC_FILE_PRESENT | FieldControl.HARDWARE_VERSIONS_PRESENT,
        upgrade_file_destination=EUI64.convert("00:11:22:33:44:55:66:77"),
        minimum_hardware_version=2, maximum_hardware_version=5))


def main():
    folder = pathlib.Path(sys.argv[1])
    images, keys = folder / "images", folder / "keys"
    for place in (images, keys):
        place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        make_keys(pathlib.Path(scratch), keys)
        make_mcuboot(pathlib.Path(scratch), images)
        make_esp(pathlib.Path(scratch), images)
    make_zigbee(images)


if __name__ == "__main__":
    main()

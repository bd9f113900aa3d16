#!/usr/bin/env python3
"""layers: fails on an include that the table of folders in docs/architecture.md does not allow.

Usage: layers.py ROOT
"""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "protocols": {"protocols"},
    "store": {"store"},
    "config": {"config"},
    "drivers": {"drivers", "protocols", "config"},
    "gateway": {"gateway", "drivers", "protocols", "store", "config"},
    "tests": {"tests", "gateway", "drivers", "protocols", "store", "config"},
}
# An outside library has one home: header -> where it may be included (a folder or a file, without its extension).
HOMES = {
    r"sqlite3\.h": ["store/"],
    r"libconfig\.h": ["config/"],
    r"zmq\.h": ["drivers/message_socket"],
    r"MQTTAsync\.h": ["drivers/uplink_mqtt"],
    r"coap3?/coap\.h": ["drivers/coap_dtls"],
    r"curl/curl\.h": ["drivers/http_fetch"],
    r"zstd\.h": ["gateway/batch", "gateway/segment"],
    r"jansson\.h": ["protocols/", "gateway/"],
    r"gmp\.h": ["gateway/hogweed"],
    r"nettle/.*": ["gateway/hogweed", "gateway/digest"],
    r"openssl/.*": ["gateway/signing_key"],
    r"check\.h": ["tests/"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def faults(root):
    for path in sorted(p for folder in MAY_INCLUDE for p in (root / folder).rglob("*.[ch]")):
        name = path.relative_to(root).as_posix()
        folder = name.split("/")[0]
        for ours, outside in INCLUDE.findall(path.read_text()):
            target = ours or outside
            if ours and target.split("/")[0] not in MAY_INCLUDE[folder]:
                yield f"{name}: {folder}/ may not include {target}"
            for pattern, homes in HOMES.items():
                if folder == "tests" or not re.fullmatch(pattern, target):
                    continue
                if not any(name.startswith(home) for home in homes):
                    yield f"{name}: {target} belongs to {', '.join(homes)}"


def main():
    found = list(faults(pathlib.Path(sys.argv[1])))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

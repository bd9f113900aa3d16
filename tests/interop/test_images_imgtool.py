"""MCUboot images: imgtool verifies what wakegate signs, wakegate verifies what imgtool signs, for every key type."""
import json
import subprocess
import sys

import pytest

from harness.find import ours

PAYLOAD = bytes(range(256)) * 13
KEY_TYPES = {"ecdsa-p256": "ecdsa-p256", "ed25519": "ed25519", "rsa-2048": "rsa-2048", "rsa-3072": "rsa-3072"}


def imgtool(*arguments, good=True):
    pytest.importorskip("imgtool", reason="imgtool is not installed (tests/peers/requirements.txt)")
    done = subprocess.run([sys.executable, "-m", "imgtool.main", *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert (done.returncode == 0) == good, done.stdout + done.stderr
    return done.stdout


def wakegate(*arguments, code=0):
    done = subprocess.run([ours("wakegate"), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def payload(tmp_path):
    path = tmp_path / "app.bin"
    path.write_bytes(PAYLOAD)
    return path


def imgtool_key(folder, kind):
    private, public = folder / f"{kind}.key", folder / f"{kind}.pem"
    imgtool("keygen", "-t", kind, "-k", private)
    imgtool("getpub", "-e", "pem", "-k", private, "-o", public)
    return private, public


def imgtool_sign(key, payload, output, *options):
    imgtool("sign", "-k", key, "-v", "1.2.3+4", "-H", "512", "--pad-header", "-S", "0x20000", *options, payload, output)


@pytest.mark.parametrize("options", [[], ["--pad", "--confirm"], ["--header-size", "512"], ["--hardware", "soil-1"]])
@pytest.mark.parametrize("kind", ["ecdsa-p256", "ed25519"])
def test_imgtool_verifies_what_wakegate_signs(tmp_path, payload, kind, options):
    output = tmp_path / "app.signed.bin"
    wakegate("key", "create", tmp_path / "release", "--type", kind)
    wakegate("image", "sign", "--key", tmp_path / "release.key", "--version", "7.6.5+4", "--slot-size", 65536, *options,
             payload, output)
    said = imgtool("verify", "-k", tmp_path / "release.key", output)
    assert "Image was correctly validated" in said and "7.6.5+4" in said
    imgtool("verify", "-k", tmp_path / "release.pem", output)
    assert PAYLOAD in output.read_bytes()
    if "--pad" in options:
        assert output.stat().st_size == 65536


def test_imgtool_refuses_what_was_changed_after_wakegate_signed(tmp_path, payload):
    output = tmp_path / "app.signed.bin"
    wakegate("key", "create", tmp_path / "release")
    wakegate("image", "sign", "--key", tmp_path / "release.key", "--version", "1.0.0", payload, output)
    changed = bytearray(output.read_bytes())
    changed[100] ^= 1
    output.write_bytes(changed)
    imgtool("verify", "-k", tmp_path / "release.pem", output, good=False)


@pytest.mark.parametrize("options", [[], ["--pad", "--confirm"], ["-s", "auto", "-d", "(1, 1.0.0)"], ["-d", "(0, 1.1.2+7)"],
                                     ["--public-key-format", "full"], ["--custom-tlv", "0x57a0", "soil-1"]])
@pytest.mark.parametrize("kind", KEY_TYPES)
def test_wakegate_verifies_what_imgtool_signs(tmp_path, payload, kind, options):
    output = tmp_path / "app.signed.bin"
    private, public = imgtool_key(tmp_path, kind)
    imgtool_sign(private, payload, output, *options)
    found = json.loads(wakegate("image", "inspect", "--json", "--key", public, output))
    assert found["format"] == "mcuboot" and found["version"] == "1.2.3+4" and found["signer"] == kind
    assert found["payload_offset"] == 512 and found["payload_size"] == len(PAYLOAD)
    assert found["hardware"] == ("soil-1" if "--custom-tlv" in options else "")
    assert found["requires"] == ("1.1.2+7" if "(0, 1.1.2+7)" in options else "")


@pytest.mark.parametrize("kind, options", [("ecdsa-p256", ["--pad-sig"]), ("ed25519", ["--sha", "512"]),
                                           ("ed25519", ["--pure"])])
def test_wakegate_verifies_imgtools_variants(tmp_path, payload, kind, options):
    output = tmp_path / "app.signed.bin"
    private, public = imgtool_key(tmp_path, kind)
    imgtool_sign(private, payload, output, *options)
    assert json.loads(wakegate("image", "inspect", "--json", "--key", public, output))["signer"] == kind


def test_wakegate_refuses_another_key_and_no_signature(tmp_path, payload):
    output = tmp_path / "app.signed.bin"
    private, _ = imgtool_key(tmp_path, "ecdsa-p256")
    _, other = imgtool_key(tmp_path, "ed25519")
    imgtool_sign(private, payload, output)
    assert "not trusted" in wakegate("image", "inspect", "--key", other, output, code=5)
    imgtool("sign", "-v", "1.0.0", "-H", "32", "--pad-header", "-S", "0x20000", payload, output)
    assert "carries no signature" in wakegate("image", "inspect", "--key", other, output, code=5)


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ed25519"])
def test_fingerprints_are_imgtools(tmp_path, kind):
    private, public = imgtool_key(tmp_path, kind)
    text = tmp_path / "hash"
    imgtool("getpubhash", "-e", "raw", "-k", private, "-o", text)
    assert json.loads(wakegate("key", "show", "--json", public))["fingerprint"] == text.read_bytes().hex()
    assert json.loads(wakegate("key", "show", "--json", private))["fingerprint"] == text.read_bytes().hex()

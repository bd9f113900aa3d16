"""Detached signatures: openssl verifies what wakegate makes and the other way round."""
import json
import subprocess

import pytest

from harness.find import ours, peer


def run(*arguments, code=0):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def verify_with_openssl(kind, public, signature, file):
    if kind == "ed25519":
        run(peer("openssl"), "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", file, "-sigfile",
            signature)
    else:
        run(peer("openssl"), "dgst", "-sha256", "-verify", public, "-signature", signature, file)


def sign_with_openssl(kind, folder, file, signature):
    private, public = folder / "release.key", folder / "release.pem"
    algorithm = ["ED25519"] if kind == "ed25519" else ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    run(peer("openssl"), "genpkey", "-algorithm", *algorithm, "-out", private)
    run(peer("openssl"), "pkey", "-in", private, "-pubout", "-out", public)
    if kind == "ed25519":
        run(peer("openssl"), "pkeyutl", "-sign", "-inkey", private, "-rawin", "-in", file, "-out", signature)
    else:
        run(peer("openssl"), "dgst", "-sha256", "-sign", private, "-out", signature, file)
    return public


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "firmware.bin"
    path.write_bytes(b"any firmware at all\n" * 100)
    return path


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ed25519"])
def test_openssl_verifies_what_wakegate_signs(tmp_path, file, kind):
    run(ours("wakegate"), "key", "create", tmp_path / "release", "--type", kind)
    run(ours("wakegate"), "image", "sign", "--detached", "--key", tmp_path / "release.key", file)
    verify_with_openssl(kind, tmp_path / "release.pem", f"{file}.sig", file)


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ed25519"])
def test_wakegate_verifies_what_openssl_signs(tmp_path, file, kind):
    signature = tmp_path / "detached"
    public = sign_with_openssl(kind, tmp_path, file, signature)
    said = run(ours("wakegate"), "image", "inspect", "--json", "--key", public, "--signature", signature, file)
    assert json.loads(said)["signer"] == "release"
    file.write_bytes(file.read_bytes() + b"x")
    run(ours("wakegate"), "image", "inspect", "--key", public, "--signature", signature, file, code=5)

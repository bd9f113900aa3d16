"""wakegate image import-index: the images of a folder as zigbee-OTA's index.json describes them."""
import hashlib
import json

import pytest

from harness import zigbee_image
from harness.find import free_port
from harness.gateway import Wakegate

HARDWARE = "1286-0203"


@pytest.fixture
def gateway(tmp_path):
    gateway = Wakegate(tmp_path, free_port(), images={"unsigned_hardware": [HARDWARE]})
    gateway.start()
    yield gateway
    gateway.stop()


def add(folder, name, data, **fields):
    """Puts a file into the folder and returns its entry."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    start = data.index(b"\x1e\xf1\xee\x0b")
    entry = {"fileName": path.name, "fileSize": len(data), "sha512": hashlib.sha512(data).hexdigest(),
             "url": f"https://example.org/raw/master/images/{name.removeprefix('images/')}", "otaHeaderString": "x",
             "manufacturerCode": int.from_bytes(data[start + 10:start + 12], "little"),
             "imageType": int.from_bytes(data[start + 12:start + 14], "little"),
             "fileVersion": int.from_bytes(data[start + 14:start + 18], "little")}
    return entry | fields


def write_index(folder, entries):
    (folder / "index.json").write_text(json.dumps(entries))


def run(gateway, *words):
    done = gateway.cli("image", "import-index", *map(str, words), check=False)
    return done.returncode, done.stdout, done.stderr


def test_good_files_are_imported_with_what_they_are_for(gateway, tmp_path):
    folder = tmp_path / "index"
    folder.mkdir()
    write_index(folder, [
        add(folder, "plug.ota", zigbee_image.image(1000), modelId="plug", manufacturerName=["One", "Two"],
            hardwareVersionMin=1, hardwareVersionMax=16, maxFileVersion=31, minFileVersion=2),
        add(folder, "images/Maker/lamp.ota", b"NGIS" + bytes(612) + zigbee_image.image(1100), modelId="lamp"),
        {"fileName": "elsewhere.ota", "fileSize": 1, "fileVersion": 1, "imageType": 0x0999, "manufacturerCode": 1,
         "sha512": "0" * 128},
    ])
    code, out, err = run(gateway, folder, "--dry-run")
    assert (code, err) == (0, "")
    assert "2 could be imported, 0 were here, 1 are not in the folder, 0 failed" in out
    assert gateway.ask("image", "list")["images"] == []
    code, out, err = run(gateway, folder)
    assert (code, err) == (0, "") and "2 imported, 0 were here, 1 are not in the folder, 0 failed" in out
    images = {image["name"]: image for image in gateway.ask("image", "list")["images"]}
    assert json.loads(images["plug.ota"]["only_for"]) == {
        "models": ["plug"], "makers": ["One", "Two"], "hardware": [1, 16], "versions": [2, 31]}
    assert json.loads(images["lamp.ota"]["only_for"]) == {"models": ["lamp"]}
    assert images["plug.ota"]["hardware"] == HARDWARE and not images["plug.ota"].get("signer")
    code, out, err = run(gateway, folder)
    assert (code, err) == (0, "") and "0 imported, 2 were here" in out
    gateway.stop()
    gateway.start()
    kept = {image["name"]: image["only_for"] for image in gateway.ask("image", "list")["images"]}
    assert kept == {name: image["only_for"] for name, image in images.items()}


def test_each_fault_is_told_and_nothing_of_it_is_imported(gateway, tmp_path):
    folder = tmp_path / "index"
    folder.mkdir()
    cut = add(folder, "cut.ota", zigbee_image.image(1300))
    (folder / "cut.ota").write_bytes(zigbee_image.image(1300)[:1200])
    entries = [
        add(folder, "good.ota", zigbee_image.image(1000), modelId="plug"),
        add(folder, "vague.ota", zigbee_image.image(1001)),
        add(folder, "digest.ota", zigbee_image.image(1002), modelId="plug", sha512="0" * 128),
        add(folder, "version.ota", zigbee_image.image(1003), modelId="plug", fileVersion=99),
        add(folder, "kind.ota", zigbee_image.image(1004), modelId="plug", imageType=0x0204),
        add(folder, "hardware.ota", zigbee_image.image(1005, image_type=0x0300)),
        cut | {"modelId": "plug"},
        {"fileName": "strange.ota"},
    ]
    write_index(folder, entries)
    code, out, err = run(gateway, folder)
    assert code == 1
    assert "1 imported, 0 were here, 0 are not in the folder, 7 failed" in out
    for name, clause in {
            "vague.ota": "does not say for which it is",
            "digest.ota": "another SHA-512",
            "version.ota": "another version",
            "kind.ota": "another manufacturer or image type",
            "hardware.ota": "images.unsigned_hardware does not list \"1286-0300\"",
            "cut.ota": "another size",
            "entry 8 (strange.ota)": "sha512 is not 128 hexadecimal digits"}.items():
        assert any(line.startswith(f"wakegate: {name}: ") and clause in line for line in err.splitlines()), (name, err)
    assert [image["name"] for image in gateway.ask("image", "list")["images"]] == ["good.ota"]


def test_an_index_that_says_otherwise_is_not_obeyed(gateway, tmp_path):
    folder = tmp_path / "index"
    folder.mkdir()
    entry = add(folder, "plug.ota", zigbee_image.image(1000), modelId="plug")
    write_index(folder, [entry])
    assert run(gateway, folder)[0] == 0
    write_index(folder, [entry | {"modelId": "lamp"}])
    code, _, err = run(gateway, folder)
    assert code == 1 and "plug.ota: it is here already, but for other nodes; remove it first" in err
    (folder / "index.json").write_text("{")
    code, _, err = run(gateway, folder)
    assert code == 1 and "index.json, line 1" in err

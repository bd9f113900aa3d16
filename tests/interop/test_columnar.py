"""Segments as docs/segment-format.md tells them: docs/examples/columnar.py shares no line with what writes them."""
import importlib.util
import json
import sqlite3
import struct
import subprocess
import sys

import pytest

from harness.find import ROOT, ours, scaled

EXAMPLE = ROOT / "docs" / "examples" / "columnar.py"
GOLDEN = ROOT / "tests" / "golden" / "segments"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.columns"))


@pytest.fixture(scope="module")
def columnar():
    spec = importlib.util.spec_from_file_location("columnar", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exact(row):
    """A row by its digits and bits: 22.50 is not 22.5, and the two zeros are two."""
    def told(value):
        if isinstance(value, float):
            return struct.pack("<d", value)
        return value.as_tuple() if hasattr(value, "as_tuple") else value
    return {key: told(value) for key, value in row.items()}


def run_example(*arguments):
    done = subprocess.run([sys.executable, EXAMPLE, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_golden_segments_say_what_stands_beside_them(name):
    expected = [json.loads(line) for line in (GOLDEN / f"{name}.json").read_text().splitlines()]
    assert len(expected) > 2
    assert run_example(GOLDEN / f"{name}.columns") == expected
    assert run_example(GOLDEN / f"{name}.rows") == expected


def test_there_are_golden_segments():
    assert len(NAMES) == 5


def test_the_writer_still_writes_the_golden_columns():
    for name in NAMES:
        done = subprocess.run([ours("segment_samples"), "convert"], input=(GOLDEN / f"{name}.rows").read_bytes(),
                              capture_output=True, check=True, timeout=60)
        assert done.stdout == (GOLDEN / f"{name}.columns").read_bytes(), name


def test_random_columns_say_what_their_rows_say(columnar, tmp_path):
    seed, pairs = scaled("SEED", 4711), 200
    print(f"seed {seed}")
    subprocess.run([ours("segment_samples"), "random", str(seed), str(pairs), tmp_path], check=True, timeout=120)
    readings = 0
    for number in range(pairs):
        rows = list(columnar.Rows((tmp_path / f"{number}.rows").read_bytes()))
        columns = list(columnar.Columns((tmp_path / f"{number}.columns").read_bytes()))
        assert list(map(exact, columns)) == list(map(exact, rows)), f"pair {number} of seed {seed}"
        readings += len(rows)
    assert readings > 10 * pairs


def test_cut_columns_are_refused(columnar):
    message = (GOLDEN / "kinds.columns").read_bytes()
    for size in range(len(message)):
        with pytest.raises((ValueError, IndexError)):
            columnar.Columns(message[:size])


def test_a_database_is_read_whatever_the_codec(tmp_path):
    zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed (tests/peers/requirements.txt)")
    path = tmp_path / "telemetry.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE segment(first INTEGER PRIMARY KEY, codec INTEGER, data BLOB)")
        for first, (form, codec) in enumerate((("rows", 1), ("columns", 2))):
            data = (GOLDEN / f"site.{form}").read_bytes()
            database.execute("INSERT INTO segment VALUES (?, ?, ?)", (first, codec, data))
            database.execute("INSERT INTO segment VALUES (?, ?, ?)",
                             (first + 2, codec + 128, zstandard.ZstdCompressor().compress(data)))
    expected = [json.loads(line) for line in (GOLDEN / "site.json").read_text().splitlines()]
    assert run_example("--database", path) == 4 * expected

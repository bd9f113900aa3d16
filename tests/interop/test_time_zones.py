"""Time zone files against Python's zoneinfo: every zone of this machine from 1970 to 2100, and windows by its clocks."""
import bisect
import datetime
import itertools
import json
import pathlib
import random
import subprocess
import zoneinfo

import pytest

from harness.find import ours, scaled

FOLDER = pathlib.Path("/usr/share/zoneinfo")
FIRST, LAST = 0, int(datetime.datetime(2101, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
DAY = 86400
WINDOWS = ["22:00-05:00", "Mon-Fri 22:00-05:00", "00:00-24:00", "Sun 02:00-03:00", "Sun 01:30-02:30; Wed 12:00-12:01",
           "Sat,Sun 00:00-24:00", "Fri-Mon 23:59-00:00"]


def zones():
    return sorted(name for name in zoneinfo.available_timezones() if (FOLDER / name).is_file())


def dump(lines):
    done = subprocess.run([ours("zone_dump")], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def read(name):
    with open(FOLDER / name, "rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key=name)


def offset_of(zone, at):
    return int(datetime.datetime.fromtimestamp(at, zone).utcoffset().total_seconds())


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no time zone files (package tzdata)")
def test_every_zone_is_read_as_by_zoneinfo():
    """At each change that we know, a second before it, and every ten days, so that none is missing."""
    names = zones()
    assert len(names) > 400
    checked = changes = 0
    for name, pieces in zip(names, dump(f"zone {FOLDER / name} {FIRST} {LAST}" for name in names), strict=True):
        zone, starts = read(name), [start for start, _ in pieces]
        times = {*starts, *(start - 1 for start in starts[1:]), *range(FIRST, LAST, 10 * DAY)}
        for at in times:
            assert pieces[bisect.bisect(starts, at) - 1][1] == offset_of(zone, at), (name, at)
        checked, changes = checked + len(times), changes + len(starts) - 1
    print(f"{len(names)} zones, {changes} changes, {checked} times compared")


def shows(text, zone, at):
    """Whether the clock of the zone shows a time in the window: what the documentation says, in other words."""
    local = datetime.datetime.fromtimestamp(at, zone)
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    for span in text.split("; "):
        days, _, times = span.rpartition(" ")
        begin, end = (int(time[:2]) * 60 + int(time[3:]) for time in times.split("-"))
        chosen = set()
        for part in days.split(",") if days else names:
            first, _, last = part.partition("-")
            first, last = names.index(first), names.index(last or first)
            chosen |= {(first + i) % 7 for i in range((last - first) % 7 + 1)}
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if end > begin:
            inside = day in chosen and begin <= minute < end
        else:
            inside = (day in chosen and minute >= begin) or ((day - 1) % 7 in chosen and minute < end)
        if inside:
            return True
    return False


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no time zone files (package tzdata)")
def test_windows_open_when_the_local_clock_shows_so():
    seed = scaled("SEED", 20261121)
    print(f"seed {seed}")
    chance = random.Random(seed)
    names = ["Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe", "America/New_York", "Africa/Casablanca",
             "Asia/Kathmandu", "America/Nuuk", "UTC", "Pacific/Apia", *chance.sample(zones(), 8)]
    for name, text in itertools.product(names, WINDOWS):
        zone, start = read(name), chance.randrange(0, LAST - 400 * DAY)
        pieces = dump([f"window {FOLDER / name} {start} {start + 380 * DAY} {text}"])[0]
        starts = [at for at, _ in pieces]
        times = {*starts, *(at - 1 for at in starts[1:]), *(chance.randrange(start, start + 380 * DAY) for _ in range(300))}
        for at in times:
            assert pieces[bisect.bisect(starts, at) - 1][1] == shows(text, zone, at), (name, text, at)

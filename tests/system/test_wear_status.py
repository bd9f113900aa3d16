"""wakegate: what `status` and `metrics` say of the wear of the card, after a day of writing that the gateway remembers."""
import sqlite3
import struct
import time

from harness.gateway import Wakegate

HOUR = 10**9 // 24  # bytes: 1 GB a day
TOTAL = 10**12


def remember(gateway, hours, total):
    """What the gateway keeps of its writes, as a day of it would have left it: see gateway/wear.h."""
    now_ms = int(time.time() * 1000)
    record = struct.pack("<BQqQII24Q", 1, now_ms, -total, total, 0, 23 * 3600 * 1000, *hours)
    with sqlite3.connect(gateway.data / "gateway.db") as database:
        database.execute("INSERT OR REPLACE INTO setting(name, value) VALUES('wear', ?)", (record,))
    database.close()


def wear_of(gateway):
    """Of `status`: the lines that begin with wear's."""
    lines = gateway.cli("status").stdout.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("wear"))
    return [" ".join(line.split()) for line in lines[first:first + 3]]


def test_a_day_of_writing_is_told_with_what_it_leaves_of_the_card(tmp_path, broker):
    gateway = Wakegate(tmp_path, broker.port, telemetry={"wear_budget": "100 MB/day", "card_endurance": "10 TB"})
    gateway.start()
    gateway.stop()
    remember(gateway, [0] + [HOUR] * 23, TOTAL)
    gateway.start()
    written, pace, budget = wear_of(gateway)
    # 23 hours of 1/24 GB; what it writes itself in its first seconds is far less than what is rounded off.
    assert written.startswith("wear 914 MB written in 24 h, 931 GB in all"), written
    assert pace.startswith("954 MB a day at this pace; the card lasts 27.4 years"), pace
    assert budget == "budget 100 MB a day, exceeded; readings wait up to 1.5 s for a commit"
    wear = gateway.ask("status")["wear"]
    years = (10 * 2**40 - wear["written_bytes"]) / wear["per_day_bytes"] / 365.25
    assert abs(wear["life_years"] - years) < 0.01 * years
    metrics = dict(line.rsplit(" ", 1) for line in gateway.cli("metrics").stdout.splitlines() if not line.startswith("#"))
    assert int(metrics["wakegate_written_bytes_total"]) >= TOTAL
    assert abs(float(metrics["wakegate_card_life_years"]) - years) < 0.01 * years
    assert gateway.stop() == 0


def test_a_new_gateway_knows_no_pace_yet(tmp_path, broker):
    gateway = Wakegate(tmp_path, broker.port, telemetry={"card_endurance": "10 TB"}).start()
    written, budget, _ = wear_of(gateway)
    assert "in all" in written and "a day" not in written
    assert budget.startswith("no budget; readings wait up to")
    assert "life_years" not in gateway.ask("status")["wear"]
    assert gateway.stop() == 0

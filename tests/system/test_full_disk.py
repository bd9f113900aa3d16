"""A disk that is full, for real: a small tmpfs, and no broker to drain to. Readings degrade as the config says."""
import os
import subprocess
import time

import cbor2
import pytest

from harness.broker import Broker
from harness.coap_load import POST, Load, request
from harness.gateway import Wakegate
from harness.process import wait_until
from harness.subscriber import Subscriber

DISK_BYTES = 6 << 20
REPORTS = 12_000  # of about 900 bytes that do not compress: more than the disk holds


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip("cannot mount a tmpfs (needs root)")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def report(number, start_s):
    """One dated reading of its own node and time, told apart by its time."""
    pack = [{-3: start_s + number, 0: "blob", 3: os.urandom(450).hex()}]
    return request(POST, "t", number, "ep=filler", 112, payload=cbor2.dumps(pack))


class FullDisk:
    """Fills the disk while there is no broker, then lets the queue drain into one."""

    def __init__(self, folder, when_full):
        self.broker = Broker(folder)
        self.gateway = Wakegate(folder, self.broker.port,
                                telemetry={"when_full": when_full, "commit_delay": "20 ms", "backlog_rate": 0, "retry_after": "1 s"}).start()
        self.start_s = int(time.time()) - REPORTS
        self.load = Load(self.gateway.coap_port, window=128)

    def fill(self):
        self.load.run(report(number, self.start_s) for number in range(REPORTS))
        return {(self.start_s + number) * 1000 for number, code in self.load.answers.items() if code == "2.04"}

    def takes_one_more(self):
        number = REPORTS + len(self.load.answers)  # the same message would get the same answer
        self.load.run([report(number, self.start_s)])
        return self.load.answers[number] == "2.04"

    def drain(self, enough):
        """The upstream's view, once `enough` of it is true or time is up."""
        self.broker.start()
        subscriber = Subscriber(self.broker.port)
        try:
            wait_until("the queue drains", lambda: enough(subscriber.upstream), 60)
        finally:
            subscriber.stop()
        return subscriber.upstream

    def stop(self):
        self.gateway.stop()
        self.broker.stop()


@pytest.fixture
def full_disk(tmp_path, small_disk, request):
    made = FullDisk(tmp_path, request.param)
    yield made
    made.stop()


@pytest.mark.parametrize("full_disk", ["refuse"], indirect=True)
def test_a_full_disk_refuses_with_5_03_and_loses_nothing_it_took(full_disk):
    kept = full_disk.fill()
    assert set(full_disk.load.codes) == {"2.04", "5.03"}
    assert len(kept) > 1000
    upstream = full_disk.drain(lambda found: kept <= {time_ms for _, time_ms in found.readings})
    assert upstream.faults == [] and upstream.gaps == []
    wait_until("the disk has room again", full_disk.takes_one_more, 60, 1)


@pytest.mark.parametrize("full_disk", ["drop_oldest"], indirect=True)
def test_a_full_disk_drops_the_oldest_and_says_which(full_disk):
    kept = full_disk.fill()
    assert len(kept) > 0.9 * REPORTS
    newest = max(kept)
    upstream = full_disk.drain(lambda found: found.gaps and newest in {time_ms for _, time_ms in found.readings})
    received = {time_ms for _, time_ms in upstream.readings}
    assert upstream.faults == []
    assert received <= kept
    assert upstream.missing() == 0, "every number is received or in a gap record"
    assert max(kept - received) < newest

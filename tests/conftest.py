"""Fixtures of all Python tests; what they are made of is in tests/harness."""
import pytest

from harness.broker import Broker
from harness.coap_node import HARDWARE, CoapNode
from harness.gateway import Wakegate
from harness.process import end_all


def pytest_sessionfinish():
    end_all()


@pytest.fixture
def broker(tmp_path):
    running = Broker(tmp_path).start()
    yield running
    running.stop()


@pytest.fixture
def gateway(tmp_path, broker):
    """The daemon with its defaults; a test that wants it otherwise has a fixture of its own."""
    running = Wakegate(tmp_path, broker.port).start()
    yield running
    running.stop()


@pytest.fixture
def node(gateway):
    """One that has checked in."""
    with CoapNode(gateway, "n1", HARDWARE) as one:
        one.check_in()
        yield one

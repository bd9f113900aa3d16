"""Fixtures of all Python tests; what they are made of is in tests/harness."""
import pytest

from harness.broker import Broker


@pytest.fixture
def broker(tmp_path):
    running = Broker(tmp_path).start()
    yield running
    running.stop()

import pytest

from whetstone.rewards.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox():
    with Sandbox() as opened:
        yield opened

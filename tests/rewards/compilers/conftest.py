import pytest

from whetstone.rewards.compilers import Compilers
from whetstone.rewards.installed import why_missing


@pytest.fixture
def needs():
    def check(*tools):
        for tool in tools:
            if reason := why_missing(tool):
                pytest.skip(reason)

    return check


@pytest.fixture(scope="package")
def compilers():
    with Compilers() as shared:
        yield shared

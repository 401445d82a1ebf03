import pytest

from rewards.compilers import Compilers
from rewards.installed import why_missing


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

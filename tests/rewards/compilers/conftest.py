import shutil

import pytest

from whetstone.rewards.compilers import Compilers


@pytest.fixture
def needs():
    def check(*tools):
        for tool in tools:
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")

    return check


@pytest.fixture(scope="package")
def compilers():
    with Compilers() as shared:
        yield shared

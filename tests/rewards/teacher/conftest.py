import copy
import importlib.util
import sqlite3
import sys
from pathlib import Path

import pytest
import yaml

from whetstone.rewards.teacher.config import TeacherConfig
from whetstone.rewards.teacher.providers import batched
from whetstone.rewards.teacher.store import LEASE_S

ROOT = Path(__file__).resolve().parents[3]


def _load(name):
    """A server's module: tests are no package, so it is loaded by its path."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


loopback = _load("loopback")
_load("raw")


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TEACHER_TEST_KEY", loopback.KEY)


@pytest.fixture(autouse=True)
def _gathers_quickly(monkeypatch):
    """Send batches soon: the requests of a test come at once."""
    monkeypatch.setattr(batched, "_GATHERING_S", 0.1)


@pytest.fixture
def server():
    with loopback.Loopback() as running:
        yield running


@pytest.fixture
def configure(server, tmp_path):
    """Make a config from conf/reward/teacher.yaml; keywords change it, nested ones by dict."""

    def make(provider="openai", **changes):
        values = yaml.safe_load((ROOT / "conf/reward/teacher.yaml").read_text())["teacher"]
        values |= {
            "provider": provider,
            "model": "teacher-small",
            "base_url": server.url + ("/v1" if provider == "openai" else ""),
            "api_key_env": "TEACHER_TEST_KEY",
            "cache": tmp_path / "cache" / "teacher.sqlite",
        }
        values = copy.deepcopy(values)
        for name, value in changes.items():
            both = isinstance(value, dict) and isinstance(values[name], dict) and name != "prices"
            values[name] = {**values[name], **value} if both else value
        return TeacherConfig.model_validate(values)

    return make


@pytest.fixture
def build(configure):
    """Build a reward, which is closed at the end."""
    opened = []

    def make(*args, **changes):
        opened.append(configure(*args, **changes).build())
        return opened[-1]

    yield make
    for reward in opened:
        reward.close()


@pytest.fixture
def age_claims():
    """Let the claims in a store expire, as time would: `age_claims(path)`."""

    def age(path):
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE claims SET expires = expires - ?", (LEASE_S + 1,))

    return age

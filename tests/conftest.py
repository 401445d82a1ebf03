"""Every test runs offline, quietly and away from the repository's outputs."""

import gc
import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
# What a developer has fetched must not make another test of one that takes a model from the Hub.
os.environ["WHETSTONE_MODELS_DIR"] = str(Path(__file__).with_name("no-models"))
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # tests share their cores: benchmarks/README.md
os.environ["OMP_NUM_THREADS"] = "1"  # there are as many workers as cores, and models are tiny
os.environ["MLX_DISABLE_COMPILE"] = "1"  # a C++ compiler would run for each fused operation


gc.disable()  # nothing that tests import is garbage


def pytest_collection_finish() -> None:
    """Take what is imported by now out of every collection of garbage: it stays to the end anyway.

    The trainer collects several times a run, and without this walks all of it each time.
    """
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder that the workers of one session share; who makes something there holds a lock."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def cache(shared) -> Path:
    """Base models that all runs of a session share; a run that needs one in the making waits."""
    return shared / "cache"

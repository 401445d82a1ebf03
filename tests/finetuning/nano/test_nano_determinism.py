"""The world is the same in every process: seeds alone decide, never Python's hash seed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from whetstone.finetuning.nano import corpus, problems

ROOT = Path(__file__).parents[3]

FINGERPRINT = """
import hashlib
from whetstone.finetuning.nano import Split, corpus, problems, show
made = [corpus(300, seed=3), show("dev", 3), *(problems(split, 40, seed=5) for split in Split)]
print(hashlib.sha256(repr(made).encode()).hexdigest())
"""

LOADED = """
import sys, whetstone.finetuning.nano
print(*sorted({"torch", "transformers", "tokenizers", "numpy"} & set(sys.modules)))
"""


def output(code, hash_seed):
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_processes_with_different_hash_seeds_make_the_same_world():
    assert output(FINGERPRINT, hash_seed="1") == output(FINGERPRINT, hash_seed="2")


def test_the_package_imports_no_training_stack():
    assert output(LOADED, hash_seed="0") == ""


@pytest.mark.parametrize("make", [corpus, lambda size, seed: problems("rl", size, seed)])
def test_another_seed_makes_another_draw(make):
    assert make(20, 0) == make(20, 0)
    assert make(20, 0) != make(20, 1)

"""The scoreboard of attacks: what is run harms no host, and who cannot grade has no figures."""

import importlib
import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from whetstone.rewards.audit.attack import Family
from whetstone.rewards.audit.attacks import ATTACKS

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def cheats(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("cheats")


@pytest.fixture
def graders(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("cheat_graders")


def test_no_attack_is_run_that_reaches_beyond_its_judge(cheats):
    chosen = cheats.chosen()
    left_out = {attack.family for attack in ATTACKS} - {attack.family for attack in chosen}
    assert left_out >= {
        *(Family.SECRET, Family.NETWORK, Family.FILES, Family.SHELL, Family.SIGNAL),
        *(Family.PROCESS, Family.EXHAUST, Family.FLOOD, Family.CRASH, Family.DESCRIPTOR),
        *(Family.TIMEOUT, Family.RETURN),
    }
    assert len(chosen) >= 40
    for attack in chosen:
        assert not attack.unsafe
        assert "@DIR@" not in attack.program
        for word in ("kill", "fork", "unlink", "rmtree", "remove(", "socket", "system("):
            assert word not in attack.program, attack.name


@pytest.mark.nightly
def test_our_own_judge_tells_right_from_wrong_and_pays_no_attack(cheats):
    """The first of each family, through the same driver as everybody."""
    firsts = {attack.family: attack for attack in reversed(cheats.chosen())}
    row = cheats.measure("whetstone", Path(sys.executable), "", [*firsts.values()])
    assert (row.failure, row.earned, row.lost) == ("", Counter(), 0)
    told = cheats.table([row], [*firsts.values()])
    assert told.splitlines()[-1].endswith("| 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |")


def test_a_grader_that_pays_wrong_programs_has_no_figures(cheats):
    attacks = cheats.chosen()[:1]
    row = cheats.row_of("x", [True, False], [1.0, 1.0, 1.0], attacks)
    assert "right programs get [1.0], wrong ones [1.0]" in row.failure
    assert cheats.row_of("x", [True, False], [1.0, 0.0, 1.0], attacks).earned == Counter(
        {attacks[0].family: 1}
    )
    assert cheats.row_of("x", [True, False], [1.0, 0.0, None], attacks).lost == 1


def test_a_judge_that_is_taken_along_has_said_nothing(graders, monkeypatch):
    question = graders.Question("", "", {"1": 1})

    assert graders.paid(lambda _: 0.5, question) == 0.5
    assert graders.paid(lambda _: os._exit(0), question) is None
    monkeypatch.setattr(graders, "DEADLINE_S", 0.2)
    assert graders.paid(lambda _: time.sleep(60), question) is None

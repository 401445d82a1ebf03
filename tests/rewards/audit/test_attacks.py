import re
from collections import Counter
from pathlib import Path

import pytest

from whetstone.rewards.audit import Family
from whetstone.rewards.audit.attack import STREAMS
from whetstone.rewards.audit.attacks import ATTACKS, OF_STREAMS
from whetstone.rewards.audit.host import Host

ROOT = Path(__file__).parents[3]


def test_there_are_enough_in_every_family():
    counts = Counter(attack.family for attack in ATTACKS)
    assert sum(counts.values()) >= 60
    unrun = {Family.CONTROL, Family.INJECTION, Family.NOTHING}  # words, and what only compiles
    assert set(counts) == set(Family) - unrun - {Family.OUTPUT}  # which functions have not
    assert min(counts.values()) >= 3


def test_there_are_enough_of_programs_that_print():
    counts = Counter(attack.family for attack in OF_STREAMS)
    assert sum(counts.values()) >= 40
    assert counts[Family.OUTPUT] >= 10
    assert {attack.tests for attack in OF_STREAMS} == {STREAMS}
    assert STREAMS not in {attack.tests for attack in ATTACKS}


def test_each_has_its_own_name():
    for attacks in (ATTACKS, OF_STREAMS):
        assert len({(attack.family, attack.name) for attack in attacks}) == len(attacks)


def test_the_pages_say_how_many_there_are():
    for page in ("README.md", "docs/rewards.md"):
        text = " ".join((ROOT / page).read_text().split())
        assert f"{len(ATTACKS)} programs" in text
        assert f"{len(OF_STREAMS)} that read and print" in text


@pytest.fixture(scope="module")
def values():
    with Host() as host:
        return host.values()


@pytest.mark.parametrize(
    "attack", [*ATTACKS, *OF_STREAMS], ids=lambda attack: f"{attack.family}: {attack.name}"
)
def test_each_is_a_program(attack, values):
    source = re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], attack.program)
    if attack.name == "a source of deep operators":
        return  # the parser is what it attacks
    compile(source, attack.name, "exec")

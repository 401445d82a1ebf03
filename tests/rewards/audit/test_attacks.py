import re
from collections import Counter

import pytest

from whetstone.rewards.audit import Family
from whetstone.rewards.audit.attacks import ATTACKS
from whetstone.rewards.audit.host import Host


def test_there_are_enough_in_every_family():
    counts = Counter(attack.family for attack in ATTACKS)
    assert sum(counts.values()) >= 60
    unrun = {Family.CONTROL, Family.INJECTION, Family.NOTHING}  # words, and what only compiles
    assert set(counts) == set(Family) - unrun
    assert min(counts.values()) >= 3


def test_each_has_its_own_name():
    assert len({(attack.family, attack.name) for attack in ATTACKS}) == len(ATTACKS)


@pytest.fixture(scope="module")
def values():
    with Host() as host:
        return host.values()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.family}: {attack.name}")
def test_each_is_a_program(attack, values):
    source = re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], attack.program)
    if attack.name == "a source of deep operators":
        return  # the parser is what it attacks
    compile(source, attack.name, "exec")

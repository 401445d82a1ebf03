"""The examples of the public classes, typed as they stand."""

import doctest
import sys

import pytest

import whetstone
from whetstone import rewards

PUBLIC = [name for name in rewards.EXPORTS if name != "Verdict"]


@pytest.mark.parametrize("name", PUBLIC)
def test_an_example_does_what_it_says(name):
    exported = getattr(whetstone, name)
    names = vars(sys.modules[exported.__module__])
    [found] = doctest.DocTestFinder(recurse=False).find(exported, name, globs={**names})
    assert found.examples, f"{name} has no example"
    assert doctest.DocTestRunner().run(found).failed == 0

"""A language takes what CONTRIBUTING lists: one is added to a copy of the tree, and compiled."""

import pytest

LANGUAGE = """
from whetstone.rewards.compilers.language import CodeExample, Language
from whetstone.rewards.compilers.python import PythonCompiler

TOY = Language(
    compiler=PythonCompiler,
    grammar="tree_sitter_python",
    functions="(function_definition) @function",
    example=CodeExample("def answer(n):\\n", " return n + 1\\n", " return n +\\n", " pass\\n"),
    comment="#",
)
"""
AUDIT = """
from whetstone.rewards.audit.nothing import audit_nothing
from whetstone.rewards.compiler import CompilerReward


def test_the_audit_knows_it():
    reward = CompilerReward()
    report = audit_nothing(reward, ["toy"])
    reward.close()
    assert report.passed
    assert report.right == 1.0
    assert len(report.findings) == 5
"""
TESTS = "tests/rewards/compilers"


@pytest.mark.nightly
def test_a_language_takes_what_is_promised(house):
    house.add("rewards/compilers/toy.py", LANGUAGE)
    house.insert(
        "rewards/languages.py", '        "python": ', '        "toy": frozenset({"toy"}),\n'
    )
    house.insert("pyproject.toml", '    "trl~=', '    "tree-sitter-toy~=0.1.0",\n')
    snippets = [f"== compiled: {n}\ndef f(a):\n    return a + {n}\n" for n in range(40)]
    house.add(f"{TESTS}/snippets/toy.txt", "".join(snippets))
    house.is_as_promised("a language", "toy")
    for name in ("conftest.py", "test_snippets.py"):
        house.copy(f"{TESTS}/{name}")
    (house.root / TESTS / "test_audit_toy.py").write_text(AUDIT)
    every = "test_every_snippet_ends_as_it_should"
    house.passes(f"{TESTS}/test_audit_toy.py", f"{TESTS}/test_snippets.py::{every}[toy]")

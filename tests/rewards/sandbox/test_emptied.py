"""No program makes what it is compared with fit by emptying its argument."""

import pytest

from whetstone.rewards.sandbox import Job, Sandbox, Tier

CHEATS = {
    "clears": "def f(x):\n    x.clear()\n    return type(x)()",
    "leaves one": "def f(x):\n    x[:] = [0]\n    return [0]",
    "sum of nothing": "def f(x):\n    x.clear()\n    return 0",
}
TESTS = {
    "clears": [
        "a = [3, 1, 2]\nassert f(a) == sorted(a)",
        "for a in ([3, 1], [2]):\n    assert f(a) == sorted(a)",
        "def check(g):\n    a = [3, 1, 2]\n    assert g(a) == sorted(a)\ncheck(f)",
        "class TestF:\n    def test_it(self):\n        a = [1]\n        assert f(a) == sorted(a)",
        "a = {3, 1}\nassert f(a) == set(a)",
    ],
    "leaves one": ["a = [3, 1, 2]\nassert f(a) == sorted(a)"],
    "sum of nothing": ["a = [3, 1]\nassert f(a) == sum(a)"],
}
HONEST = [
    ("def f(x):\n    x.sort()\n    return x", "a = [3, 1]\nassert f(a) == sorted(a)"),
    ("def f(x): return sorted(x)", "it = iter([3, 1])\na = [3, 1]\nassert f(it) == sorted(a)"),
    ("def f(x): return []", "it = iter([3, 1])\nlist(it)\nassert f(it) == sorted(it)"),
    ("def f(x):\n    x.append(0)\n    return sorted(x)", "a = [3, 1]\nassert f(a) == sorted(a)"),
    ("def f(x):\n    del x[1:]\n    return 1", "a = [3, 1]\nassert f(a) == len(a)"),
    ("def f(x):\n    x.reverse()\n    return x[:]", "a = [3, 1]\nassert f(a) == list(a)"),
    ("def f(x): return max(x)", "a = [3, 1]\nassert f(a) == max(a)"),
    (
        "def f(x): return sum(x) / len(x)",
        "class C:\n    a = [3, 1]\n    assert f(a) == sum(a) / len(a)\nassert C.a",
    ),
]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=1) as sandbox:
        yield sandbox


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize(
    ("program", "tests"), [(CHEATS[name], tests) for name in CHEATS for tests in TESTS[name]]
)
def test_emptying_an_argument_is_not_paid(sandbox, program, tests, tier):
    exec(f"{program}\n{tests}", {"__name__": "plain"})  # noqa: S102 - plain Python is deceived
    [result] = sandbox.run_many([Job(program, tests, tier=tier)])
    assert result.verdict == "failed"


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize(("program", "tests"), HONEST)
def test_who_changes_an_argument_in_earnest_passes(sandbox, program, tests, tier):
    exec(f"{program}\n{tests}", {"__name__": "plain"})  # noqa: S102 - as in plain Python
    [result] = sandbox.run_many([Job(program, tests, tier=tier)])
    assert result.verdict == "passed", result.detail

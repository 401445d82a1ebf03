"""What the tests do wrong whatever the program does masks it; what a program does never does."""

import ast

import pytest

from whetstone.rewards.sandbox import Job, Sandbox, Tier
from whetstone.rewards.sandbox.alone import standing_alone
from whetstone.rewards.sandbox.helpers import with_helpers


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=1) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("tests", "line"),
    [
        ("assert 1 == 2\nassert f(1) == 2", 1),
        ("wanted = [1, 2][5]\nassert f(1) == wanted", 1),
        ("def wanted(x):\n    return x.missing\nexpected = wanted(1)\nassert f(1) == expected", 3),
        ("import math\nassert math.sqrt(4) == 3\nassert f(1) == 2", 2),
        ("rows = open('rows.txt').read()\nassert f(1) == 2", 1),
        ("assert f(1) == 2\nassert len('abc') == 4", 2),
        (with_helpers("def g():\n    return 1\ndef f():", "assert g()\nassert 1 == 2"), 2),
    ],
)
@pytest.mark.parametrize("tier", Tier)
def test_the_tests_own_fault_is_no_program_s(sandbox, tests, line, tier):
    result = sandbox.run_many([Job("def f(x): return 2", tests, tier=tier)])[0]
    assert result.verdict == "infra_error"
    assert result.detail.startswith(f"the tests fail in line {line} whatever the program does: ")
    assert " in: " in result.detail


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("def f(x): x.clear()", "xs = [1]\nf(xs)\nassert xs == [1]"),
        ("def f(x): x.clear()", "xs = [1]\nys = (xs, 0)\nf(xs)\nassert ys[0] == [1]"),
        ("def f(x): x.clear()", "xs = [1]\ndef g():\n    return xs\nf(xs)\nassert g() == [1]"),
        ("def f(x): x[0].clear()", "xs = [1]\nd = {}\nd[0] = xs\nf(d)\nassert xs == [1]"),
        ("def f(x): next(x)", "it = iter([1, 2])\nf(it)\nassert next(it) == 1"),
        ("def f(x): pass", "ok = False\nif f(1) == 2:\n    ok = True\nassert ok"),
        (
            "def f(x): pass",
            "ok = False\ntry:\n    f(1).y\nexcept TypeError:\n    ok = True\nassert ok",
        ),
        ("def f(x): pass", "from solution import missing\nassert f(1) == 2"),
        ("def f(x): pass", "def check(f):\n    assert f(1) == 2\ncheck(f)"),
        (
            "def f(x): pass",
            "import io, sys\nsys.stdout = io.StringIO()\nf(1)\nassert sys.stdout.getvalue() == 'x'",
        ),
        (
            "import time\ndef f(x): time.sleep(0.2)",
            "import time\nt = time.time()\nf(1)\nassert time.time() - t < 0.1",
        ),
        (
            "import random\ndef f(x): return 0",
            "import random\nrandom.seed(f(1))\nassert random.random() == 5",
        ),
        ("limit = 3\ndef f(x): pass", "f(1)\nassert limit == 4"),
    ],
)
@pytest.mark.parametrize("tier", Tier)
def test_no_program_masks_itself(sandbox, program, tests, tier):
    [result] = sandbox.run_many([Job(program, tests, tier=tier)])
    assert result.verdict in {"failed", "error", "violation"}


def test_a_module_that_a_statement_changes_is_no_longer_pure():
    tests = "import math\nmath.pi = f(1)\nassert math.pi > 3\nassert abs(-1) == 1"
    assert standing_alone(ast.parse(tests).body, {"f"}) == [True, False, False, True]

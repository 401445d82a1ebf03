"""Programs and tests at random do in two processes what they do in one."""

import sys
from pathlib import Path

import pytest

from whetstone.rewards.sandbox import Job, Verdict

pytest.importorskip("hypothesis")
sys.path.insert(0, str(Path(__file__).parent / "differential"))
import cases as random_cases
from hypothesis import HealthCheck, given, settings

_AS_IT_IS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def _same(sandbox, case):
    program, taken, shown = case
    tests = random_cases.asserted(taken, shown)
    result = next(iter(sandbox.run_many([Job(program, tests, 10.0)])))
    assert result.verdict is Verdict.PASSED, f"{result.detail}\n{program}\n{tests}"


@given(case=random_cases.cases())
@settings(_AS_IT_IS, max_examples=50)
def test_a_few(sandbox, case):
    _same(sandbox, case)


@pytest.mark.nightly
@given(case=random_cases.cases())
@settings(_AS_IT_IS, max_examples=500)
def test_some(sandbox, case):
    _same(sandbox, case)


@pytest.mark.slow
@given(case=random_cases.cases())
@settings(_AS_IT_IS, max_examples=20_000)
def test_many(sandbox, case):
    _same(sandbox, case)

import pytest

from whetstone.rewards.grading import VERDICT_REWARDS, Grading, is_truncated
from whetstone.rewards.sandbox import Result, Verdict


def result(verdict, passed=0, total=4):
    return Result(verdict, "", passed, total, 0.0, 0.0)


def grading(*, partial_credit=False, quality_bonus=0.0, truncated_reward=None):
    return Grading(VERDICT_REWARDS, partial_credit, quality_bonus, truncated_reward)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.INFRA_ERROR])
def test_all_or_nothing_is_the_rule(verdict):
    assert grading().grade(result(verdict, 3), False, None) == VERDICT_REWARDS[verdict]


def test_partial_credit_is_the_share_of_tests():
    partial = grading(partial_credit=True)
    assert partial.grade(result(Verdict.FAILED, 3), False, None) == 0.75
    assert partial.grade(result(Verdict.ERROR, 1), False, None) == 0.25
    assert partial.grade(result(Verdict.PASSED, 4), False, None) == 1.0
    assert partial.grade(result(Verdict.VIOLATION, 3), False, None) == 0.0
    assert partial.grade(result(Verdict.ERROR, 0, 0), False, None) == 0.0


def test_the_bonus_is_for_programs_that_pass():
    bonus = grading(quality_bonus=0.1)
    assert bonus.grade(result(Verdict.PASSED, 4), False, 0.5) == pytest.approx(1.05)
    assert bonus.grade(result(Verdict.FAILED, 3), False, 1.0) == 0.0


def test_a_truncated_completion_has_its_own_reward():
    cut = grading(truncated_reward=-0.5)
    for verdict in (Verdict.FAILED, Verdict.ERROR, Verdict.SYNTAX_ERROR):
        assert cut.grade(result(verdict), True, None) == -0.5
        assert cut.grade(result(verdict), False, None) == VERDICT_REWARDS[verdict]
    assert cut.grade(result(Verdict.PASSED, 4), True, None) == 1.0
    assert cut.grade(result(Verdict.VIOLATION), True, None) == VERDICT_REWARDS[Verdict.VIOLATION]
    assert cut.grade(result(Verdict.INFRA_ERROR), True, None) is None


def test_truncation_by_length_and_by_the_end_token():
    end = frozenset({9})
    assert is_truncated([1, 2, 3], 3, None)
    assert not is_truncated([1, 2], 3, None)
    assert not is_truncated([1, 2, 9], 3, end)
    assert is_truncated([1, 2, 3], 3, end)
    assert not is_truncated([1, 2], 3, end)  # ended by a stop string
    assert is_truncated([1, 2], None, end)
    assert is_truncated(None, 3, end) is None
    assert is_truncated([1, 2], None, None) is None

import pytest

from whetstone.rewards.code_style import efficiency, readability
from whetstone.rewards.criteria import CriteriaReward

# The pair of the RLHF guides: the same function, written with and without care.
CAREFUL = '''def is_prime(n: int) -> bool:
    """Check if a number is prime."""
    if n < 2:
        return False
    for i in range(2, int(n**0.5) + 1):
        if n % i == 0:
            return False
    return True
'''
CARELESS = """def is_prime(n):
    for i in range(2, n):
        if n % i == 0:
            return False
    return True
"""
TESTS = "assert is_prime(7)\nassert not is_prime(1)\nassert not is_prime(9)\n"
NESTED = "def f(a, b):\n    return [x for x in a for y in b if x == y]\n"


def test_care_reads_better():
    assert readability(CAREFUL) == 1.0
    assert readability(CARELESS) == pytest.approx((0 + 0 + 1 + 1) / 4)
    assert readability("def (") == efficiency("def (") == 0.0


def test_loops_within_loops_cost():
    assert efficiency(CAREFUL) == efficiency("x = 1\n") == 1.0
    assert efficiency(NESTED) == 0.5
    assert efficiency("for x in a:\n    y = a.index(x)\n") == 0.5
    assert efficiency("def f(a):\n    return sum(x for x in a)\n") == 1.0


def test_the_careful_one_is_preferred_and_the_reasons_are_told():
    told = {}
    reward = CriteriaReward()
    careful, careless, broken = reward(
        prompts=["p"] * 3,
        completions=[CAREFUL, CARELESS, "def ("],
        tests=[TESTS] * 3,
        log_extra=told.__setitem__,
    )
    reward.close()
    assert careful == pytest.approx(0.8 + 0.2 * told["style"][0])  # ruff would write all(...)
    assert broken == pytest.approx(0.0)
    assert careful > careless > broken
    assert told["correctness"][0] == 1.0
    assert 0 < told["correctness"][1] < 1
    assert set(told) == {"correctness", "readability", "efficiency", "style"}


def test_a_criterion_without_weight_is_not_looked_at():
    weights = {"correctness": 0, "readability": 1, "efficiency": 1, "style": 0}
    reward = CriteriaReward(weights)
    assert reward(prompts=["p"], completions=[CAREFUL]) == [1.0]
    with pytest.raises(ValueError, match="needs a dataset column `tests`"):
        CriteriaReward()(prompts=["p"], completions=[CAREFUL])


@pytest.mark.parametrize(
    "weights", [{"correctness": 1.0}, dict.fromkeys(("correctness", "readability"), 0.0)]
)
def test_weights_name_every_criterion(weights):
    with pytest.raises(ValueError, match="weights"):
        CriteriaReward(weights)

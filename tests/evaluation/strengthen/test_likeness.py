"""Changed inputs stay what the tests show: what all of them have in common is kept."""

from random import Random

import pytest

from whetstone.evaluation.strengthen.likeness import Likeness
from whetstone.evaluation.strengthen.mutation import mutated
from whetstone.evaluation.strengthen.plain import is_plain, written

COUNTS = [(3,), (10,), (4,), (1,)]
LISTS = [([1, 4, 9],), ([2, 3],), ([5],)]
SENTENCES = [("two plus three",), ("one plus nine",), ("three plus two",)]
DATES = [("03-11-2000",), ("15-01-2012",)]
BRACKETS = [("()",), ("(())()",), ("",)]
BOARDS = [([[1, 2], [4, 3]],), ([[3, 1], [2, 4]],)]
PLACES = [([7, 8, 9], 0), ([5, 6], 1), ([3, 3, 3, 3], 2)]


@pytest.mark.parametrize(
    ("seen", "like", "unlike"),
    [
        (COUNTS, (2,), (0,)),
        (COUNTS, (21,), (22,)),
        (COUNTS, (7,), (7.0,)),
        (COUNTS, (7,), ("7",)),
        (LISTS, ([1, 2, 3],), ([3, 2],)),
        (LISTS, ([4, 9],), ([4, 4],)),
        (LISTS, ([4],), ([],)),
        (LISTS, ([9],), ([10],)),
        (SENTENCES, ("nine plus one",), ("nine minus one",)),
        (SENTENCES, ("three plus three",), ("two two",)),
        (DATES, ("15-11-2000",), ("15/11/2000",)),
        (DATES, ("15-1-20122",), ("15-112000",)),
        (BRACKETS, ("()()",), (")(",)),
        (PLACES, ([7, 9], 1), ([7], 1)),
        (PLACES, ([7], 0), ([7], -1)),
        ([("a", "abc"), ("bc", "abc")], ("c", "cab"), ("d", "cab")),
        (BOARDS, ([[4, 2], [1, 3]],), ([[4, 2], [4, 3]],)),
        ([(1, 5), (2, 3)], (2, 2), (2, 1)),
    ],
)
def test_what_all_inputs_share_is_kept(seen, like, unlike):
    likeness = Likeness(seen)
    assert all(map(likeness.holds, seen))
    assert likeness.holds(like)
    assert not likeness.holds(unlike)


def test_few_values_that_come_again_are_all_that_there_are():
    likeness = Likeness([("red",), ("green",), ("red",), ("red",), ("green",), ("green",)])
    assert likeness.holds(("red",))
    assert not likeness.holds(("rde",))


def test_without_reach_a_number_stays_in_its_range():
    assert Likeness([(3,), (9,)]).holds((12,))
    assert not Likeness([(3,), (9,)], reach=1).holds((12,))


@pytest.mark.parametrize(
    "value", [5, -2.5, True, "ab c", [1, 2, [3]], (1, "x"), {1, 2}, {"a": 1, "b": [2]}]
)
def test_a_change_keeps_the_type_and_comes_again(value):
    first, second = Random(3), Random(3)
    made = [mutated(value, first, [value]) for _ in range(60)]
    assert made == [mutated(value, second, [value]) for _ in range(60)]
    assert {type(one) for one in made} <= {type(value), int if type(value) is float else None}
    assert any(one != value for one in made)


@pytest.mark.parametrize("value", [None, 10**20, 1.5, "é\n", [(1,)], {"a": {2}}, set()])
def test_plain_data_is_written_as_it_is_read(value):
    assert written(value) is not None


class Liar(int):
    """Claims to be a number."""


def deep(levels):
    return [deep(levels - 1)] if levels else 0


@pytest.mark.parametrize(
    "value", [Liar(3), [Liar(3)], float("nan"), float("inf"), object(), 1j, b"x", deep(40)]
)
def test_anything_else_is_not(value):
    assert not is_plain(value)
    assert written(value) is None


@pytest.mark.parametrize("value", [10**5000, "x" * 3000], ids=["number", "text"])
def test_what_nobody_could_read_is_not_written(value):
    assert written(value) is None

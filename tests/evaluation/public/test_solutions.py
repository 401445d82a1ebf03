"""Of many published solutions one is the reference, and few others are kept."""

from itertools import count

import pytest

from whetstone.evaluation.public.solutions import reference_and_more

OLD, BLANK = "print 1", "  \n"


@pytest.mark.parametrize(
    ("solutions", "reference", "more"),
    [
        ([], None, ()),
        ([BLANK, "a = 1"], "a = 1", ()),
        ([OLD, "a = 1", "b = 2", "a = 1", "b = 2"], "a = 1", (OLD, "b = 2")),
        ([OLD], None, (OLD,)),
        (["a = 1", "b", "c", "d", "e", "f"], "a = 1", ("b", "c", "d", "e")),
    ],
)
def test_the_first_that_is_python_is_the_reference(solutions, reference, more):
    assert reference_and_more(solutions) == (reference, more)


def test_no_more_are_read_than_are_wanted():
    reference, more = reference_and_more(f"x = {number}" for number in count())
    assert (reference, more) == ("x = 0", ("x = 1", "x = 2", "x = 3", "x = 4"))

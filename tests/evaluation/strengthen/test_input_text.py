"""Changed input keeps its shape, and the numbers that count what follows."""

from random import Random

import pytest

from whetstone.evaluation.strengthen.input_text import InputText
from whetstone.evaluation.strengthen.inputs_outputs import InputsForm
from whetstone.rewards.sandbox import Case, StdioTests


def changes(*inputs, most=30):
    return InputsForm(StdioTests(tuple(Case(one, "1\n") for one in inputs))).inputs(most, Random(1))


@pytest.mark.parametrize("text", ["", "1\n", "3\n1  2 3\n", " a b \n\n\tc", "x\r\ny\r\n"])
def test_a_text_is_put_together_as_it_was(text):
    assert InputText.of(text).text == text


def test_counts_and_shape_are_kept():
    made = changes("3\n1 9 4\nabc\n", "4\n5 2 2 8\ndefg\n")
    assert made
    for text in made:
        count, numbers, word, end = text.split("\n")
        assert end == ""
        assert int(count) == len(numbers.split()) == len(word)


def test_a_number_that_counts_lines_is_kept():
    made = changes("2\n5 8\n7 6\n", "3\n5 1\n2 9\n4 4\n")
    assert made
    assert all(int(text.split()[0]) == text.count("\n") - 1 for text in made)


def test_numbers_stay_in_the_range_that_was_seen():
    made = changes("40 7\n", "12 9\n", "33 8\n")
    assert made
    for text in made:
        first, second = map(int, text.split())
        assert 12 <= first <= 40
        assert 7 <= second <= 9


def test_a_permutation_stays_one():
    made = changes("5\n3 1 5 2 4\n", "3\n2 3 1\n")
    assert made
    for text in made:
        count, *numbers = map(int, text.split())
        assert sorted(numbers) == list(range(1, count + 1))


def test_what_is_in_order_stays_in_order():
    made = changes("4\n10 20 35 50\n", "5\n3 10 31 46 79\n")
    assert made
    for text in made:
        numbers = [int(word) for word in text.split()[1:]]
        assert numbers == sorted(numbers)


def test_the_same_inputs_come_again():
    assert changes("40 7\n", "12 9\n") == changes("40 7\n", "12 9\n")

import io

from rich.console import Console

from evaluation.table import print_before_after


def printed(before, after):
    output = io.StringIO()
    print_before_after(before, after, Console(file=output, width=100))
    lines = [line.strip("│┃ ") for line in output.getvalue().splitlines()]
    return [[cell.strip() for cell in line.split("│")] for line in lines if "│" in line]


def test_each_metric_has_a_row_with_percentages_and_the_difference_in_points():
    rows = printed(
        {"mbpp": {"pass@1": 0.227, "greedy": 0.5}}, {"mbpp": {"pass@1": 0.839, "greedy": 0.413}}
    )
    assert rows == [
        ["mbpp", "pass@1", "22.7", "83.9", "+61.2"],
        ["greedy", "50.0", "41.3", "-8.7"],
    ]


def test_no_change_bears_no_sign():
    assert printed({"a": {"m": 0.5}}, {"a": {"m": 0.50001}}) == [["a", "m", "50.0", "50.0", "0.0"]]
    assert printed({"a": {"m": 0.5}}, {"a": {"m": 0.49999}}) == [["a", "m", "50.0", "50.0", "0.0"]]


def test_what_one_side_lacks_is_shown_as_absent():
    rows = printed({"a": {"m": 0.5}}, {"a": {"n": 0.25}, "b": {"m": 1.0}})
    assert rows == [
        ["a", "m", "50.0", "-", "-"],
        ["n", "-", "25.0", "-"],
        ["b", "m", "-", "100.0", "-"],
    ]

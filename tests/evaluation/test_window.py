import pytest

from whetstone.evaluation.window import Window


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2024-08..2025-02", ["2024-08-01", "2025-02-28T10:00"], ["2024-07-31", "2025-03-01", ""]),
        ("2024-08-15..", ["2024-08-15", "2030-01-01"], ["2024-08-14", ""]),
        ("..2024-08-15", ["2023-01-01", "2024-08-15T23:00:00"], ["2024-08-16", ""]),
        ("2024-08..2024-08", ["2024-08-31"], ["2024-09-01"]),
        ("2024-08-01..2024-08", ["2024-08-31"], ["2024-09-01"]),
    ],
)  # fmt: skip
def test_both_ends_belong_to_it(text, inside, outside):
    window = Window.read(text)
    assert all(map(window.holds, inside))
    assert not any(map(window.holds, outside))


@pytest.mark.parametrize(
    "text", ["", "..", "2024", "2024-08", "2024-13..", "2024-8..2025-2", "2025-02..2024-08"]
)
def test_what_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"2024-08\.\.2025-02|before it begins"):
        Window.read(text)

"""A line of a user's file: what no table could hold is told by its field, never by a traceback."""

import pytest

from whetstone.evaluation.lines import NotRow, row_of


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"prompt": "\\ud83d"}', "field prompt: half of a surrogate pair"),
        (b'{"\\udc00": 1}', "half of a surrogate pair"),
        (b'{"size": ' + b"7" * 5000 + b"}", "an integer of thousands of digits"),
        (b'{"size": [1, {"of": 9223372036854775808}]}', "field size: an integer beyond 64 bits"),
        (b'{"size": -9223372036854775809}', "field size: an integer beyond 64 bits"),
        (b'{"tree": ' + b"[" * 60 + b"]" * 60 + b"}", "field tree: nested more than 50 deep"),
        (b'{"tree": ' + b"[" * 99_999 + b"]" * 99_999 + b"}", "nested too deeply"),
        (b'["prompt"]', "expected an object, found list"),
        (b'{"prompt": }', "not JSON: Expecting value at column 12"),
        (b'{"prompt": "\xff"}', "not UTF-8 (byte 0xff at position 13)"),
    ],
)
def test_what_cannot_be_kept_is_told(line, told):
    with pytest.raises(NotRow) as caught:
        row_of(line)
    assert told in str(caught.value)


def test_what_only_looks_so_is_kept():
    whole = b'{"emoji": "\\ud83d\\ude00", "most": 9223372036854775807, "digits": "' + b"7" * 5000
    row = row_of(whole + b'", "list": [[1], [2]]}')
    assert row["emoji"] == "\N{GRINNING FACE}"
    assert row["most"] == 2**63 - 1
    assert len(row["digits"]) == 5000


def test_all_faults_of_a_line_are_told_together():
    with pytest.raises(NotRow) as caught:
        row_of(b'{"a": "\\ud800", "b": 18446744073709551616, "c": 1}')
    assert len(caught.value.reasons) == 2

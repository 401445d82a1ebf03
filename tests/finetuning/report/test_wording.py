import pytest

from whetstone.finetuning.report.wording import duration, shown


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.7, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.8, "1 h 00 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations_read_as_a_person_would_say_them(seconds, told):
    assert duration(seconds) == told


def test_a_place_is_written_as_it_would_be_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert shown(tmp_path / "outputs" / "a") == "outputs/a"
    assert shown("outputs/a") == "outputs/a"
    assert shown("/elsewhere/a") == "/elsewhere/a"

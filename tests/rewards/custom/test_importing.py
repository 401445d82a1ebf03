"""Modules of the user's own that cannot be imported: told in one sentence, with the place."""

import pytest

from whetstone.rewards.custom.importing import import_part_by_part


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import nowhere_to_be_found", "imports nowhere_to_be_found, which is not installed"),
        ("import mine_", "imports mine_, which is not installed"),  # its own name begins like that
        ("x = 1\nraise RuntimeError('boom')", "line 2: RuntimeError: boom"),
        ("def f(:", "line 1: "),
        ("raise SystemExit(3)", "ends the program"),
    ],
)
def test_a_module_that_raises_is_named_with_the_place(tmp_path, monkeypatch, source, words):
    name = f"mine_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"fn={name}:f: ") as caught:
        import_part_by_part(name, f"fn={name}:f")
    assert words in str(caught.value)


def test_a_part_of_the_name_that_is_not_there_is_named(tmp_path, monkeypatch):
    (tmp_path / "my_package_here").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no module 'gone' in package my_package_here"):
        import_part_by_part("my_package_here.gone", "fn=x:f")

import pytest

from whetstone.rewards.quality import find_ruff, qualities

CLEAN = "def f(x):\n    return x\n"
UNUSED_IMPORT = "import os\n\n\ndef f(x):\n    return x\n"


@pytest.fixture(scope="module")
def ruff():
    return find_ruff()


def test_each_finding_costs(ruff):
    two = "import os\nimport sys\n"
    assert qualities([CLEAN, UNUSED_IMPORT, two], ruff) == [1.0, 1 / 2, 1 / 3]


def test_padding_and_noqa_do_not_help(ruff):
    padded = UNUSED_IMPORT + "\n# a comment\n" * 50
    silenced = UNUSED_IMPORT.replace("import os", "import os  # noqa")
    assert qualities([padded, silenced], ruff) == [0.5, 0.5]


def test_one_that_breaks_ruff_costs_the_others_nothing(ruff):
    overflow = "x = " + "-" * 60_000 + "1\n"
    assert qualities([CLEAN, overflow, "x" * 70_000, UNUSED_IMPORT], ruff) == [1.0, 0.0, 0.0, 0.5]


def test_without_ruff_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(ValueError, match=r"\.\[quality\].*set it to 0"):
        find_ruff()

import sys

import pytest

from rewards.custom import CustomReward


@pytest.fixture(autouse=True)
def _user_code(tmp_path, monkeypatch):
    package = tmp_path / "userland" / "judges"
    package.mkdir(parents=True)
    (package / "length.py").write_text(
        "def shortness(prompts, completions, **columns):\n"
        "    return [1 / len(c) if c else None for c in completions]\n"
        "async def later(prompts, completions, **columns): return []\n"
        "limit = 3\n"
    )
    (package / "broken.py").write_text("import package_that_is_not_there\n")
    (package / "raising.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "userland"]:
        del sys.modules[name]


def test_a_function_of_the_current_directory_becomes_a_reward():
    reward = CustomReward("userland.judges.length:shortness")
    assert reward.__name__ == "shortness"
    assert reward(prompts=["?"] * 2, completions=["ab", ""], tests=["", ""]) == [0.5, None]


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        ("userland.judges.length", "write it as package.module:function"),
        ("userland.judges.length:", "write it as package.module:function"),
        ("userland..length:shortness", "write it as package.module:function"),
        ("outland.judges.length:shortness", "no module 'outland' in /"),
        ("userland.judge.length:shortness", "no module 'judge' in package userland"),
        ("userland.judges.width:shortness", "no module 'width' in package userland.judges"),
        ("userland.judges.length.more:f", "no module 'more' in package userland.judges.length"),
        ("userland.judges.length:longness", "userland.judges.length has no function 'longness'"),
        ("userland.judges.length:limit", "'limit' is no function but of type int"),
        ("userland.judges.length:later", "'later' is async"),
    ],
)
def test_the_part_that_does_not_resolve_is_named(fn, message):
    with pytest.raises(ValueError, match=message) as caught:
        CustomReward(fn)
    assert str(caught.value).startswith(f"fn={fn}: ")


def test_errors_of_the_users_own_module_are_left_alone():
    with pytest.raises(ModuleNotFoundError, match="package_that_is_not_there"):
        CustomReward("userland.judges.broken:f")
    with pytest.raises(ZeroDivisionError):
        CustomReward("userland.judges.raising:f")

import sys

import numpy as np
import pytest
import torch

from rewards.custom import CustomReward
from rewards.errors import RunStopped
from rewards.find import why_missing


@pytest.fixture(autouse=True)
def _user_code(tmp_path, monkeypatch):
    package = tmp_path / "userland" / "judges"
    package.mkdir(parents=True)
    (package / "length.py").write_text(
        "def shortness(prompts, completions, **columns):\n"
        "    return [1 / len(c) if c else None for c in completions]\n"
        "async def later(prompts, completions, **columns): return []\n"
        "limit = 3\n"
        "given = []\n"
        "def echo(prompts, completions, **columns): return given[0]\n"
    )
    (tmp_path / "grader.py").write_text("def grade(prompts, completions, **_): ...\n")
    (tmp_path / "stars.py").write_text("from json import *\n")
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


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1.0], "1 values for 2 completions"),
        ([1.0, 2.0, 3.0], "3 values for 2 completions"),
        (1.0, "1.0, of type float, for a batch"),
        ("good", "'good', of type str, for a batch"),
        (None, "None, of type NoneType, for a batch"),
        ([1.0, "good"], "'good' for completion 2 of 2 of the batch ('cd')"),
        ([float("nan"), 1.0], "nan for completion 1 of 2 of the batch ('ab')"),
        ([None, float("inf")], "inf for completion 2 of 2"),
        ([[1.0], [2.0]], "[1.0] for completion 1 of 2"),
    ],
)
def test_what_is_no_reward_ends_the_run_and_names_the_function(given, words):
    fn = "userland.judges.length:echo"
    reward = CustomReward(fn)
    sys.modules["userland.judges.length"].given[:] = [given]
    with pytest.raises(RunStopped) as caught:
        reward(prompts=["?"] * 2, completions=["ab", "cd"])
    assert str(caught.value).startswith(f"reward.custom.fn={fn} returned ")
    assert words in str(caught.value)
    assert "one number for each completion, or None" in str(caught.value)


def test_numbers_of_any_kind_are_rewards():
    reward = CustomReward("userland.judges.length:echo")
    sys.modules["userland.judges.length"].given[:] = [
        (True, np.float32(0.5), torch.tensor(2), None)
    ]
    assert reward(prompts=["?"] * 4, completions=["a"] * 4) == [1.0, 0.5, 2.0, None]


@pytest.mark.parametrize(
    ("fn", "reason"),
    [
        ("outland:f", "no module 'outland' in /"),
        ("json.deeper:f", "no module 'deeper' in package json"),
        ("os.path:basename", None),
        ("grader:judge", "module grader has no function 'judge'"),
        ("grader:grade", None),
        ("stars:loads", None),
        ("userland.judges.length:shortness", None),
        ("time:sleep", None),
    ],
)
def test_a_function_is_looked_for_without_an_import(fn, reason):
    before = set(sys.modules)
    found = why_missing(fn)
    assert (found is None) if reason is None else reason in found
    assert set(sys.modules) == before

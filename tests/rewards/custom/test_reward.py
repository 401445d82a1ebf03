import sys

import numpy as np
import pytest
import torch

from whetstone.rewards.base import RunStopped
from whetstone.rewards.custom.lookup import why_no_name, why_unusable
from whetstone.rewards.custom.reward import CustomConfig, CustomReward


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
        "def leaves(prompts, completions, **columns): raise SystemExit(0)\n"
        "class Judge:\n"
        "    def __call__(self, prompts, completions, **columns): return [0.5, 0.5]\n"
        "judge = Judge()\n"
        "def narrow(prompts, completions): ...\n"
        "def singular(completion, **columns): ...\n"
        "def placed(prompts, completions, /, **columns): ...\n"
        "def fields(completions, tests, level='easy', **columns): return [float(tests[0])]\n"
        "def every(completions, prompts, completion_ids, trainer_state, log_extra, log_metric):\n"
        "    ...\n"
        "if True:\n"
        "    def wrapped(anything): ...\n"
        "wrapped = given.append\n"
    )
    (tmp_path / "grader.py").write_text("def grade(prompts, completions, **_): ...\n")
    (tmp_path / "stars.py").write_text("from json import *\n")
    (package / "broken.py").write_text("import package_that_is_not_there\n")
    (package / "raising.py").write_text("1 / 0\n")
    (package / "script.py").write_text("raise SystemExit('usage: script.py FILE')\n")
    (package / "typo.py").write_text("def f(prompts, completions, **columns):\n    return [1\n")
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
        ("userland.judges.length:limit", "'limit' is not a function but of type int"),
        ("userland.judges.length:later", "'later' is async"),
        ("userland.judges.length:Judge", "'Judge' is a class; .*judge = Judge"),
        ("userland.judges.length:narrow", "unexpected keyword argument 'completion_ids'"),
        ("userland.judges.length:singular", "missing a required argument: 'completion'"),
        ("userland.judges.length:placed", "def placed.prompts, completions, ..columns"),
        ("userland.judges.script:f", "usage: script.py FILE.*if __name__"),
    ],
)
def test_the_part_that_does_not_resolve_is_named(fn, message):
    with pytest.raises(ValueError, match=message) as caught:
        CustomReward(fn)
    assert str(caught.value).startswith(f"fn={fn}: ")


@pytest.mark.parametrize(
    ("fn", "remedy"),
    [
        ("grader.py:grade", "expected a module: grader:grade"),
        ("./grader.py:grade", "expected a module: grader:grade"),
        ("userland/judges/length.py:short", "expected a module: userland.judges.length:short"),
        ("userland/judges/length:short", "expected a module: userland.judges.length:short"),
        ("grader.py", "expected a module: grader:FUNCTION"),
        ("../grader.py:grade", "give the command in its folder, and grader:grade here"),
        ("grader.grade", "write it as package.module:function (grader:grade?)"),
        ("grade", "write it as package.module:function"),
        ("grader:grade", None),
    ],
)
def test_a_file_in_place_of_a_module_is_told_its_module(fn, remedy):
    found = why_no_name(fn)
    assert found == remedy if remedy is None else found.endswith(remedy)


def test_a_file_of_this_folder_may_be_given_by_its_whole_path(tmp_path):
    found = why_no_name(f"{tmp_path}/userland/judges/length.py:short")
    assert found.endswith("userland.judges.length:short")


def test_an_instance_with_call_is_a_reward():
    reward = CustomReward("userland.judges.length:judge")
    assert reward(prompts=["?"] * 2, completions=["a", "b"], log_extra=print) == [0.5, 0.5]


def test_parameters_without_a_default_are_fields_of_the_data():
    config = CustomConfig(
        name="custom", weight=1.0, fn="userland.judges.length:fields", timeout_s=None
    )
    assert config.columns == {"tests"}
    assert config.build()(prompts=["?"], completions=["a"], tests=["2"]) == [2.0]


def test_a_call_that_lacks_something_names_the_function():
    reward = CustomReward("userland.judges.length:every")
    with pytest.raises(RunStopped, match=r"length:every cannot be called here .*'completion_ids'"):
        reward(prompts=["?"], completions=["a"])


def test_a_reward_that_ends_the_program_is_named():
    reward = CustomReward("userland.judges.length:leaves")
    with pytest.raises(RunStopped, match=r"length:leaves ended the program \(SystemExit: 0\)"):
        reward(prompts=["?"], completions=["a"])


def test_a_module_of_the_users_that_cannot_be_imported_is_told_with_the_reason():
    with pytest.raises(ValueError, match="package_that_is_not_there, which is not"):
        CustomReward("userland.judges.broken:f")
    with pytest.raises(ValueError, match="ZeroDivisionError"):
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
        ([1.0, 1e308], "1e+308 for completion 2 of 2 of the batch ('cd'), which is too large"),
        ([-1e30, 1.0], "-1e+30 for completion 1 of 2"),
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
        ("userland.judge:f", "no module 'judge' in package userland"),
        ("grader:judge", "module grader has no function 'judge'"),
        ("grader:grade", None),
        ("stars:loads", None),
        ("userland.judges.length:shortness", None),
        ("userland.judges.length:Judge", "'Judge' is a class"),
        ("userland.judges.length:judge", None),
        ("userland.judges.length:later", "'later' is async"),
        ("userland.judges.length:narrow", "unexpected keyword argument 'completion_ids'"),
        ("userland.judges.length:singular", "missing a required argument: 'completion'"),
        ("userland.judges.length:placed", "def placed(prompts, completions, **columns)"),
        ("userland.judges.length:fields", None),
        ("userland.judges.length:every", None),
        ("userland.judges.length:wrapped", None),
        ("userland.judges.typo:f", "typo.py, line 2: '[' was never closed"),
        ("time:sleep", None),
    ],
)
def test_a_function_is_looked_for_without_an_import(fn, reason):
    before = set(sys.modules)
    found = why_unusable(fn)
    assert (found is None) if reason is None else reason in found
    assert set(sys.modules) == before

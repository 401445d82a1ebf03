"""`whetstone validate` on a real tiny model: the gate, the figures, and going on after a stop."""

import json
import os
import shutil
import struct
from pathlib import Path

import pytest

from whetstone.finetuning.cli import main
from whetstone.finetuning.config.validation import load_validation
from whetstone.finetuning.errors import ConfigError

SMALL = [
    "hooks.evaluate.samples=2",
    "hooks.evaluate.max_new_tokens=8",
    "hooks.evaluate.temperature=1.0",
    "hooks.evaluate.batch_size=4",
    "backend=cpu",
]
FUNCTION = """
def length(prompts, completions, topic, **columns):
    if {broken}:
        raise ConnectionError("the judge is away")
    return [float(len(c)) if t != "skip" else None for c, t in zip(completions, topic)]
"""


@pytest.fixture
def work(tmp_path, monkeypatch, qwen_folder):
    """A folder with prompts, a reward and two models: a run and its untrained base."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    rows = [{"prompt": f"def f{i}():\n", "topic": "skip" if i == 5 else "x"} for i in range(6)]
    (tmp_path / "eval.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shutil.copytree(qwen_folder, tmp_path / "outputs" / "mine" / "merged")
    shutil.copytree(qwen_folder, tmp_path / "plain")
    return tmp_path


def judge(name, *, broken=False):
    """Write a reward function into a module of its own, since modules are imported once."""
    Path(f"{name}.py").write_text(FUNCTION.format(broken=broken))
    return ["reward=custom", f"reward.custom.fn={name}:length"]


def validate(*settings):
    main(["validate", "base=plain", "tuned=outputs/mine", "prompts=eval.jsonl", *SMALL, *settings])


def test_a_model_against_itself_cannot_be_told_apart(work, capsys):
    validate(*judge("judge_same"), "run.name=v")
    assert "cannot be told from its base" in capsys.readouterr().out
    values = json.loads((work / "outputs/v/validation.json").read_text())
    sampled, greedy = values["improvements"]
    change = sampled["change"]
    assert change["low"] == -change["high"] < change["mean"] == 0.0  # five ties prove no equality
    assert [change[name] for name in ("wins", "ties", "losses", "problems")] == [0, 5, 0, 5]
    assert change["left_out"] == 0
    assert greedy["name"] == "greedy answer"
    assert values["unjudged"] == 6  # one prompt, two models, three answers
    assert "cannot be told" in (work / "outputs/v/validation.html").read_text()


def test_what_was_answered_is_not_generated_again(work, capsys):
    with pytest.raises(ConnectionError):
        validate(*judge("judge_away", broken=True), "run.name=v")
    answers = {p.name: p.read_bytes() for p in (work / "outputs/v").glob("*.answers.jsonl")}
    assert set(answers) == {"base.answers.jsonl", "tuned.answers.jsonl"}
    for weights in work.rglob("*.safetensors"):  # neither model would answer the same any more
        times = weights.stat()
        weights.write_bytes(struct.pack("<Q", times.st_size - 8) + b"{}".ljust(times.st_size - 8))
        os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    validate(*judge("judge_back"), "run.name=v")
    assert "cannot be told" in capsys.readouterr().out
    assert {p.name: p.read_bytes() for p in (work / "outputs/v").glob("*.answers.jsonl")} == answers


def test_what_the_reward_could_not_judge_is_judged_again(work, capsys):
    Path("flaky.py").write_text(
        "from pathlib import Path\n"
        "def length(prompts, completions, **columns):\n"
        "    down = Path('down').exists()\n"
        "    return [None if down else float(len(c)) for c in completions]\n"
    )
    (work / "down").touch()
    settings = ("reward=custom", "reward.custom.fn=flaky:length", "run.name=v")
    with pytest.raises(SystemExit) as left:
        validate(*settings)
    assert left.value.code == 3
    assert "judged no answer" in capsys.readouterr().err
    Path("down").unlink()
    validate(*settings)
    assert "cannot be told" in capsys.readouterr().out


def test_another_model_in_the_same_folder_is_refused(work, capsys):
    validate(*judge("judge_first"), "run.name=v")
    (work / "plain" / "extra.txt").write_text("changed")
    with pytest.raises(SystemExit) as caught:
        validate(*judge("judge_second"), "run.name=v")
    assert caught.value.code == 2
    assert "belongs to another evaluation" in capsys.readouterr().err


def test_everything_wrong_is_said_at_once():
    with pytest.raises(ConfigError) as caught:
        load_validation(
            [
                "base=nano",
                "tuned=./nowhere",
                "prompts=missing.jsonl",
                "rewrd=execution",
                "reward=executon",
                "hooks.evaluate.samples=0",
                "algo.args.beta=1",
            ]
        )
    told = {problem.setting.split("=")[0]: problem.message for problem in caught.value.problems}
    assert set(told) == {
        "base", "tuned", "prompts", "rewrd", "reward", "hooks.evaluate.samples", "algo.args.beta",
    }  # fmt: skip
    assert "give the folder of a run" in told["base"]
    assert "did you mean `reward`" in told["rewrd"]


def test_models_are_found_wherever_they_are(work):
    found = load_validation(["base=qwen", "tuned=outputs/mine", "prompts=eval.jsonl", *judge("j")])
    assert found.base.path == "Qwen/Qwen2.5-Coder-1.5B"
    assert found.tuned.path == "outputs/mine/merged"
    found = load_validation(["base=someone/model", "tuned=plain", "prompts=nano"])
    assert (found.base.path, found.tuned.path) == ("someone/model", "plain")
    (work / "halfway").mkdir()
    with pytest.raises(ConfigError, match="not a run that has ended"):
        load_validation(["base=halfway", "tuned=plain", "prompts=nano"])


def test_a_reward_that_asks_what_is_not_known_is_refused():
    with pytest.raises(ConfigError, match="token limit"):
        load_validation(
            ["base=qwen", "tuned=qwen", "prompts=nano", "reward.execution.truncated_reward=-1.0"]
        )


@pytest.mark.usefixtures("work")
def test_rows_without_tests_are_refused_for_the_execution_reward(capsys):
    with pytest.raises(SystemExit) as caught:
        validate("reward=execution")
    assert caught.value.code == 2
    assert "eval.jsonl:6: field tests: missing" in capsys.readouterr().err

"""The gate of `whetstone regrade`: every mistake at once; what is not given is the run's own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from whetstone.finetuning.config import load
from whetstone.finetuning.config.regrade import load_regrade
from whetstone.finetuning.errors import ConfigError


def told(*given):
    with pytest.raises(ConfigError) as caught:
        load_regrade(given)
    return {problem.setting: problem.message for problem in caught.value.problems}


def change(run, **sections):
    """Write other sections into a run's configuration."""
    path = run / "config.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | sections))


def dumped(*settings):
    return load([*settings, "model=qwen", "data=nano"]).main.model_dump(mode="json")


def test_without_settings_all_is_the_runs(known):
    found = load_regrade([f"run={known}"])
    assert found.judge.reward == found.stored.reward
    assert found.judge.data.train == found.stored.data.train
    assert (found.has_own_rows, found.passes) == (True, (1.0, 1.0))


def test_a_setting_changes_the_runs_reward_and_a_choice_begins_anew(known):
    change(known, reward=dumped("reward=execution", "reward.execution.timeout_s=9")["reward"])
    changed = load_regrade([f"run={known}", "reward.execution.weight=2"]).judge.reward["execution"]
    assert (changed.timeout_s, changed.weight) == (9.0, 2.0)
    chosen = load_regrade([f"run={known}", "reward=[execution,random]"]).judge.reward
    assert chosen["execution"].timeout_s == 3.0
    assert list(chosen) == ["execution", "random"]


def test_what_a_run_had_to_be_given_need_not_be_given_again(known):
    Path("judge_gate.py").write_text(
        "def f(completions, **_):\n    return [0.0] * len(completions)\n"
    )
    custom = dumped("reward=custom", "reward.custom.fn=judge_gate:f")["reward"]
    change(known, reward=custom)
    found = load_regrade([f"run={known}", "reward.custom.weight=3"]).judge.reward["custom"]
    assert (found.fn, found.weight) == ("judge_gate:f", 3.0)


def test_mistakes_are_told_at_once(known):
    found = told(
        f"run={known}",
        "rewrd=random",
        "reward.execution.wieght=2",
        "data.train=missing.jsonl",
        "model=qwen",
        "algo.curriculum.pass_reward=high",
    )
    assert "did you mean `reward`" in found["rewrd=random"]
    assert "did you mean `weight`" in found["reward.execution.wieght=2"]
    assert "no such file" in found["data.train=missing.jsonl"]
    assert "no such setting" in found["model=qwen"]
    assert "expected a number" in found["algo.curriculum.pass_reward=high"]


@pytest.mark.parametrize(
    ("given", "setting", "message"),
    [
        ([], "run", "must be given"),
        (["run="], "run=", "the folder of a run"),
        (["run=outputs/knwon"], "run=outputs/knwon", "did you mean outputs/known"),
        (["run=outputs"], "run=outputs", "no config.yaml, so it is not a run"),
        (["outputs/known"], "outputs/known", "write run=outputs/known"),
    ],
)
@pytest.mark.usefixtures("known")
def test_a_run_is_wanted(given, setting, message):
    assert message in told(*given)[setting]


def test_a_run_without_completions_is_refused(known):
    shutil.rmtree(known / "completions")
    assert "no step was logged yet" in told(f"run={known}")[f"run={known}"]
    change(known, algo=dumped("algo=sft")["algo"])
    found = told(f"run={known}", "reward=random")
    assert "a run with algo=sft" in found[f"run={known}"]


def test_what_nobody_knows_once_the_run_is_over_is_refused(known):
    setting = "reward.execution.truncated_reward"
    assert (
        "does not store which completions"
        in told(f"run={known}", f"{setting}=0.5")[f"{setting}=0.5"]
    )
    change(known, reward=dumped("reward=execution", f"{setting}=-0.1")["reward"])
    assert list(told(f"run={known}")) == [f"{setting}=-0.1"]
    assert load_regrade([f"run={known}", f"{setting}=null"])


def test_a_configuration_of_another_version_is_refused(known):
    change(known, colour="blue")
    assert "is not of this version of Whetstone: colour" in told(f"run={known}")[f"run={known}"]


def test_what_a_stage_of_the_run_made_is_found(known):
    """A pipeline's reward model stands in config.yaml as `stage:NAME`."""
    judge = Path("outputs/judge")
    (judge / "merged").mkdir(parents=True)
    (judge / "merged" / "reward_model.json").write_text("{}")
    path = f"reward.reward_model.path={judge / 'merged'}"
    reward = dumped("reward=reward_model", path)["reward"]
    reward["reward_model"]["path"] = "stage:judge"
    change(known, reward=reward)
    assert "what its stage `judge` made is not known" in told(f"run={known}")[f"run={known}"]
    (judge / "report.json").write_text(json.dumps({"model_folder": str(judge / "merged")}))
    stages = [{"name": "judge", "folder": str(judge)}]
    (known / "report.json").write_text(json.dumps({"stages": stages}))
    assert str(load_regrade([f"run={known}"]).judge.reward["reward_model"].path) == str(
        judge / "merged"
    )


def test_mistakes_and_changed_data_are_told_before_torch(known):
    code = (
        "import sys\n"
        "from whetstone.finetuning.config.regrade import load_regrade\n"
        "from whetstone.finetuning.regrade.changed_data import check_files\n"
        "check_files(load_regrade(sys.argv[1:]))\n"
        "heavy = ('torch', 'trl', 'datasets', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"run={known}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

"""What happens around training without being asked, in whole runs of a small random Qwen2."""

import json
import sys
from itertools import pairwise

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModelForCausalLM

from whetstone.finetuning.artifacts.metrics import UNJUDGED, read_metrics
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError, MergeRefusedError, OutsideError
from whetstone.finetuning.pipeline import run_plan

TIMED = ("seconds/", "step_time", "train_")


@pytest.fixture
def judge(tmp_path, monkeypatch):
    """A reward of the user's own; returns the overrides that choose the function given as text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])

    def write(body):
        (tmp_path / "hook_judge.py").write_text(
            "import pathlib\n"
            "def judge(prompts, completions, trainer_state, **columns):\n"
            "    step = trainer_state.global_step + 1\n"
            f"    {body}\n"
        )
        return ["reward=custom", "reward.custom.fn=hook_judge:judge"]

    yield write
    sys.modules.pop("hook_judge", None)


@pytest.fixture(scope="module")
def tiny(qwen_folder, unmeasured):
    """The smallest run there is: two prompts a step, no evaluation."""
    return [
        "model=qwen",
        f"model.path={qwen_folder}",
        "data=nano",
        "debug=true",
        "tracker=none",
        "algo.args.max_completion_length=8",
        *unmeasured,
    ]


def untimed(folder):
    return [
        {key: value for key, value in row.items() if not key.startswith(TIMED)}
        for row in read_metrics(folder / "metrics.jsonl")
        if {key for key in row if not key.startswith(TIMED)} - {"step", "epoch"}
    ]


LENGTHS = "return [float(len(text) % 5) for text in completions]"


@pytest.fixture(scope="module")
def plain(train_in, tiny, tmp_path_factory):
    """A run in which nothing happens, and whose early stop waits for what nobody logs."""
    settings = [*tiny, "reward=random", "hooks.early_stop.metric=rewrad"]
    return train_in(tmp_path_factory.mktemp("plain"))(*settings)


def test_the_merged_model_passes_the_gate_and_the_report_says_so(plain):
    folder, report, _ = plain
    assert report["status"] == "done"
    assert report["merge"]["passed"]
    assert 0 < report["merge"]["max_logit_difference"] < 1e-3
    assert report["merge"]["kl"] < 1e-6
    assert json.loads((folder / "merged" / "merge.json").read_text()) == report["merge"]
    assert report["stopped_early"] is None
    assert report["best"] is None


def test_a_metric_that_nobody_logs_is_told(plain):
    _, _, screen = plain
    assert "hooks.early_stop.metric=rewrad was never logged" in screen
    assert "did you mean `reward`?" in screen


def test_a_merged_model_that_differs_is_not_published(train, tiny, judge, tmp_path):
    settings = [*tiny, *judge(LENGTHS), "hooks.merge.max_kl=1.0e-30", "run.name=x"]
    for _ in range(2):  # the same command says the same again
        with pytest.raises(MergeRefusedError, match="differs from the model that was trained"):
            train(*settings)
        folder = tmp_path / "outputs" / "x"
        report = json.loads((folder / "report.json").read_text())
        assert report["status"] == "merge refused"
        assert not report["merge"]["passed"]
        assert report["model_folder"] is None
        assert not (folder / "merged").exists()
        assert (folder / "merged-refused" / "model.safetensors").is_file()
        assert (folder / "adapter" / "adapter_model.safetensors").is_file()


def test_a_four_bit_base_trains_and_merges(train, tiny, judge):
    folder, report, _ = train(*tiny, *judge(LENGTHS), "model.quantization=nf4", "backend=cpu")
    assert "-grpo-qlora-" in folder.name
    assert report["merge"]["passed"]
    assert report["merge"]["kl"] < 1e-4
    merged = AutoModelForCausalLM.from_pretrained(folder / "merged")
    assert not hasattr(merged.config, "quantization_config")
    assert merged.model.layers[0].mlp.up_proj.weight.dtype is torch.float32


def test_an_optimizer_that_needs_a_gpu_is_refused_before_anything_is_written(tiny, tmp_path):
    outputs = f"run.outputs={tmp_path / 'outputs'}"
    plan = load([*tiny, outputs, "algo.args.optim=paged_adamw_8bit", "backend=cpu"])
    with pytest.raises(ConfigError, match="adamw_torch"):
        run_plan(plan)
    assert not (tmp_path / "outputs").exists()


def test_a_guard_ends_training_and_the_run_goes_on(train, tiny, judge):
    settings = ["algo.args.max_steps=6", "hooks.early_stop.no_signal_logs=2"]
    folder, report, screen = train(*tiny, *settings, *judge("return [-1.0] * len(completions)"))
    assert report["status"] == "done"
    assert report["stopped_early"]["guard"] == "no_signal_logs"
    assert report["stopped_early"]["step"] == report["steps"] == 2
    assert "Training stops at step 2" in screen
    assert "hooks.early_stop.no_signal_logs=null" in screen
    assert (folder / "checkpoints" / "checkpoint-2").is_dir()
    assert (folder / "merged" / "model.safetensors").is_file()
    assert "no completion had a reward above zero" in (folder / "report.html").read_text()


SCHEDULE = "[1.0, 3.0, 2.0, 2.5, 2.0, 9.0, 9.0, 9.0][step - 1]"
CRASH_ONCE = """flag = pathlib.Path("crash")
    if step == 4 and flag.exists():
        flag.unlink()
        raise RuntimeError("crashed")
    """


@pytest.mark.nightly  # resuming and the guards are tested by themselves
def test_a_resumed_run_stops_where_the_uninterrupted_one_does(train, tiny, judge, tmp_path):
    """The best of the metric lies before the checkpoint, and the count goes on after it."""
    settings = [
        "algo.args.max_steps=8",
        "algo.args.save_steps=3",
        "hooks.early_stop.metric=reward",
        "hooks.early_stop.patience=3",
        *judge(f"{CRASH_ONCE}return [{SCHEDULE} + len(c) % 3 / 1000 for c in completions]"),
    ]
    one, report, _ = train(*tiny, *settings, "run.name=one")
    assert report["stopped_early"]["step"] == 5
    (tmp_path / "crash").touch()
    with pytest.raises(RuntimeError, match="crashed"):
        train(*tiny, *settings, "run.name=two")
    two, resumed, screen = train(*tiny, *settings, "run.name=two")
    assert "checkpoint-3" in screen
    assert resumed["stopped_early"] == report["stopped_early"]
    assert untimed(two) == untimed(one)
    # Killed after its end, it is not trained again.
    for name in ("report.json", "report.html"):
        (two / name).unlink()
    (two / "merged").rename(two / "gone")
    again, third, screen = train(*tiny, *settings, "run.name=two")
    assert "checkpoint-5" in screen
    assert third["stopped_early"] == report["stopped_early"]
    first, last = (
        AutoModelForCausalLM.from_pretrained(path / "merged").state_dict() for path in (one, again)
    )
    assert all(torch.equal(first[name], last[name]) for name in first)


def test_a_reward_that_is_down_ends_the_run_until_it_is_mended(train, tiny, judge, tmp_path):
    body = f"""if step >= 3 and pathlib.Path("down").exists():
        return [None] * len(completions)
    {LENGTHS}"""
    settings = [
        *tiny,
        *judge(body),
        "algo.args.max_steps=7",
        "algo.args.save_steps=2",
        "hooks.unjudged.patience=3",
        "run.name=x",
    ]
    (tmp_path / "down").touch()
    with pytest.raises(OutsideError, match="the same command"):
        train(*settings)
    folder = tmp_path / "outputs" / "x"
    assert [row[UNJUDGED] for row in read_metrics(folder / "metrics.jsonl")] == [0, 0, 1, 1, 1]
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["checkpoint-2"]
    (tmp_path / "down").unlink()
    _, report, _ = train(*settings)
    rows = untimed(folder)
    assert report["status"] == "done"
    assert [row[UNJUDGED] for row in rows] == [0] * 7
    other, _, _ = train(*settings[:-1], "run.name=y")
    assert rows == untimed(other)


def test_each_epoch_leaves_its_model(train, tiny, judge):
    settings = [*judge(LENGTHS), "data.limit=4", "hooks.merge.each_epoch=true"]
    folder, _, _ = train(*tiny, *settings, "algo.args.max_steps=5", "algo.args.learning_rate=0.01")
    models = [
        AutoModelForCausalLM.from_pretrained(folder / name).state_dict()
        for name in ("merged-epoch-1", "merged-epoch-2", "merged")
    ]
    assert not (folder / "merged-epoch-3").exists()
    for one, two in pairwise(models):
        assert any(not torch.equal(one[name], two[name]) for name in one)
    found = json.loads((folder / "merged-epoch-1" / "merge.json").read_text())
    assert found["passed"]


def sft(tmp_path, answer):
    """Overrides that teach `one()` to return an answer, and look whether it returns 1."""
    rows, tests = tmp_path / f"rows-{answer}.jsonl", tmp_path / "eval.jsonl"
    row = {"prompt": "def one():\n", "completion": f"    return {answer}\n"}
    rows.write_text((json.dumps(row) + "\n") * 8)
    test = {"prompt": "def one():\n", "prefix": "def one():\n", "tests": "assert one() == 1"}
    tests.write_text(json.dumps(test))
    return [
        "model=qwen",
        "algo=sft",
        "data=jsonl",
        f"data.train={rows}",
        f"data.eval_tasks=[{tests}]",
        "debug=true",
        "model.adapter=full",
        "algo.args.learning_rate=0.02",
        "algo.args.warmup_steps=0",
        "algo.args.max_steps=30",
        "algo.args.save_steps=10",
        "hooks.evaluate.temperature=0.1",
        "hooks.evaluate.samples=1",
        "hooks.evaluate.k=[1]",
        "hooks.evaluate.greedy=false",
    ]


@pytest.fixture(scope="module")
def knowing(train_in, qwen_folder, tmp_path_factory):
    """A run that ends with a model which knows the answer."""
    place = tmp_path_factory.mktemp("knowing")
    settings = [*sft(place, 1), f"model.path={qwen_folder}", "hooks.evaluate.before=false"]
    return train_in(place)(*settings)


@pytest.fixture
def unlearning(knowing, tmp_path):
    """Overrides of a run that teaches the same model another answer, with looks on the way."""
    looks = [f"data.watch_task={tmp_path / 'eval.jsonl'}", "hooks.watch.every_steps=12"]
    return [*sft(tmp_path, 2), f"model.path={knowing[0] / 'merged'}", *looks, "tracker=none"]


def test_the_best_look_is_what_is_finished_with(train, knowing, unlearning):
    good, report, _ = knowing
    assert report["best"] is None  # nobody looked
    scalars = EventAccumulator(str(good / "tensorboard")).Reload().Tags()["scalars"]
    assert "final_eval/eval_pass@1" in scalars
    folder, report, screen = train(*unlearning)
    assert report["best"]["kept"] == "best"
    assert (report["best"]["best_step"], report["best"]["last_step"]) == (0, 30)
    assert (report["best"]["best"], report["best"]["last"]) == (1.0, 0.0)
    assert "the weights of the best held-out figure" in screen
    assert report["after"] == report["before"] == {"eval": report["after"]["eval"]}
    assert report["after"]["eval"]["pass@1"] == 1.0
    assert [path.name for path in (folder / "best").iterdir()] == ["step-0"]


@pytest.mark.nightly
def test_without_the_best_look_the_last_weights_are_finished_with(train, unlearning):
    settings = ["hooks.best.keep=false", "hooks.evaluate.before=false"]
    folder, report, _ = train(*unlearning, *settings)
    assert report["after"]["eval"]["pass@1"] == 0.0
    assert not (folder / "best").exists()

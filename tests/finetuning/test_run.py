"""Whole runs in this process: small, real, through the same door as the command."""

import gzip
import json
import shutil

import pyarrow.parquet
import pytest
import torch
import yaml
from peft import PeftModel
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModelForCausalLM, AutoTokenizer, T5Config

from whetstone.finetuning.artifacts.metrics import read_metrics
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError

SMALL = ["debug=true", "tracker=none"]


@pytest.fixture(scope="module")
def quickstart(train_in, tmp_path_factory):
    """The quickstart as a newcomer runs it, measured before, during and after training."""
    return train_in(tmp_path_factory.mktemp("quickstart"))("debug=true")


@pytest.fixture(scope="module")
def again(quickstart, train_in):
    """The same run a second time, without a tracker, beside the first."""
    return train_in(quickstart[0].parents[1])(*SMALL, "run.name=again")


def test_the_quickstart_leaves_everything_the_docs_promise(quickstart):
    folder, report, screen = quickstart
    assert report["status"] == "done"
    assert report["algo"] == "grpo"
    for when in ("before", "after"):
        assert 0 <= report[when]["nano"]["pass@1"] <= 1
        assert (folder / "eval" / when / "nano.json").is_file()
    assert report["seconds"]["total"] >= report["seconds"]["generate"] > 0
    assert [stage["name"] for stage in report["stages"]] == ["base", "rl"]
    for name in ("manifest.json", "report.html", "metrics.jsonl"):
        assert (folder / name).is_file()
    scalars = EventAccumulator(str(folder / "tensorboard")).Reload()
    (final,) = scalars.Scalars("final_eval/nano_pass@1")
    assert final.step == 3
    assert final.value == pytest.approx(report["after"]["nano"]["pass@1"])
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == [
        "checkpoint-2",
        "checkpoint-3",
    ]
    rows = read_metrics(folder / "metrics.jsonl")
    assert [row["step"] for row in rows if "reward" in row] == [1, 2, 3]
    assert not [key for row in rows for key in row if key.startswith("train_")]
    assert not list(folder.rglob("README.md"))
    assert [row["step"] for row in rows if "eval/nano_dev/pass@1" in row] == [0, 3]
    tables = sorted((folder / "completions").glob("*.parquet"))
    columns = pyarrow.parquet.read_table(tables[0]).to_pydict()
    assert {"step", "prompt", "completion", "execution", "advantage"} <= set(columns)
    assert len(columns["prompt"]) == 8
    stored = yaml.safe_load((folder / "config.yaml").read_text())
    assert stored["algo"]["args"]["max_steps"] == 3
    assert "pass@1" in screen
    for told in ("nano: 4 problems, 2 samples each.", "Its scores mean nothing"):
        assert told in screen
        assert told in (folder / "report.html").read_text()


def figures(run):
    folder, report, _ = run
    rows = [
        {key: value for key, value in row.items() if not key.startswith("seconds/")}
        for row in read_metrics(folder / "metrics.jsonl")
    ]
    timed = ("step_time", "execution/programs_per_second")
    rows = [{k: v for k, v in row.items() if k not in timed} for row in rows]
    return rows, report["before"], report["after"]


def test_the_second_run_starts_at_rl(again):
    _, report, screen = again
    assert [stage["cached"] for stage in report["stages"]] == [True, False]
    assert "used again" in screen


def test_the_same_command_gives_the_same_figures(quickstart, again):
    assert figures(again) == figures(quickstart)


def test_lora_is_merged(train, unmeasured):
    # A barely trained model solves nothing, so only a random reward moves the adapter.
    folder, _, _ = train(*SMALL, *unmeasured, "model.adapter=lora", "reward=random")
    assert (folder / "adapter" / "adapter_model.safetensors").is_file()
    adapter = json.loads((folder / "adapter" / "adapter_config.json").read_text())
    assert adapter["r"] == 16
    base = AutoModelForCausalLM.from_pretrained(adapter["base_model_name_or_path"])
    merged = AutoModelForCausalLM.from_pretrained(folder / "merged")
    changed = [
        name
        for (name, before), (_, after) in zip(
            base.named_parameters(), merged.named_parameters(), strict=True
        )
        if not torch.equal(before, after)
    ]
    assert changed
    assert all("proj" in name for name in changed)
    ids = torch.arange(2, 40)[None]
    with torch.no_grad():
        expected = PeftModel.from_pretrained(base, folder / "adapter")(ids).logits
        torch.testing.assert_close(merged(ids).logits, expected, atol=1e-5, rtol=0)


def mbpp_rows():
    """Problems of our own in MBPP's layout, with the task_ids of its train and test splits."""
    return [
        {
            "task_id": task_id,
            "text": f"Write a function to add {number} to a number.",
            "code": f"def add_{number}(x):\r\n    return x + {number}",
            "test_list": [f"assert add_{number}({x}) == {x + number}" for x in (1, 2, 3)],
            "test_setup_code": "",
            "challenge_test_list": [],
        }
        for first in (11, 511, 601)
        for number in range(1, 9)
        for task_id in [first + number]
    ]


@pytest.fixture
def mbpp_folder(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    with gzip.open(folder / "mbpp.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in mbpp_rows())
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(folder))
    return folder


@pytest.mark.nightly
@pytest.mark.usefixtures("mbpp_folder")
def test_a_real_model_on_mbpp(train, qwen_folder):
    folder, report, screen = train(
        "model=qwen",
        f"model.path={qwen_folder}",
        "data=mbpp",
        "hooks.evaluate.tasks=mbpp",
        "debug=true",
        "reward=[execution]",
        "tracker=none",
    )
    assert folder.name == "qwen-mbpp-grpo-debug-tasks-mbpp"
    rows = [row for row in read_metrics(folder / "metrics.jsonl") if "reward" in row]
    assert len(rows) == 3
    assert all(row["execution/pass_rate"] == 0.0 for row in rows)
    assert all(row["execution/programs_per_second"] > 0 for row in rows)
    judged = [json.loads(line) for line in (folder / "eval/after/mbpp.samples.jsonl").open()]
    assert all(sample["total_tests"] == 3 for sample in judged[1:] if "total_tests" in sample)
    AutoModelForCausalLM.from_pretrained(folder / "merged")
    AutoTokenizer.from_pretrained(folder / "merged")
    assert set(report["before"]) == set(report["after"]) == {"mbpp"}
    assert "mbpp" in screen


def test_supervised_training_on_the_users_own_rows(train, qwen_folder, tmp_path):
    rows = tmp_path / "rows.jsonl"
    row = {"prompt": "def one():\n", "completion": "    return 1\n"}
    rows.write_text((json.dumps(row) + "\n") * 8)
    tests = tmp_path / "eval.jsonl"
    tests.write_text(
        json.dumps(
            {"prompt": "def one():\n", "prefix": "def one():\n", "tests": "assert one() == 1"}
        )
    )
    folder, report, _ = train(
        "model=qwen",
        f"model.path={qwen_folder}",
        "algo=sft",
        "data=jsonl",
        f"data.train={rows}",
        f"data.eval_tasks=[{tests}]",
        "debug=true",
        "tracker=none",
        "hooks.evaluate.samples=1",
        "hooks.evaluate.k=[1]",
        "algo.args.max_steps=30",
        "algo.args.learning_rate=0.02",
        "algo.args.warmup_steps=0",
        "algo.args.save_steps=30",
        "model.adapter=full",
    )
    losses = [row["loss"] for row in read_metrics(folder / "metrics.jsonl") if "loss" in row]
    assert losses[-1] < 0.1 < losses[0]
    (scores,) = report["after"].values()
    assert scores["greedy"] == 1.0
    (scores,) = report["before"].values()
    assert scores["greedy"] == 0.0


def test_an_encoder_decoder_model_is_refused_before_its_weights_load(tmp_path):
    T5Config().save_pretrained(tmp_path / "t5")
    with pytest.raises(ConfigError, match="encoder-decoder"):
        load(["model=qwen", f"model.path={tmp_path / 't5'}", "debug=true"])


def test_too_few_prompts_for_one_batch_are_refused(train):
    with pytest.raises(ConfigError, match="a batch takes 2 prompts"):
        train(*SMALL, "data.limit=1")


def test_a_reward_that_cannot_be_built_is_a_wrong_setting(train):
    with pytest.raises(ConfigError, match=r"reward\.custom"):
        train(*SMALL, "reward=custom", "reward.custom.fn=nope.mod:f")
    with pytest.raises(ConfigError, match=r"package\.module:function"):
        train("reward=custom", "reward.custom.fn=foo")  # before the first stage trains


def test_an_uncached_first_stage_is_continued_in_the_same_folder(train, unmeasured):
    settings = [*SMALL, *unmeasured, "reward=random", "run.name=x"]
    settings += ["pipeline.stages.base.cache=false"]
    broken = "pipeline.stages.base.set.data.limit=16"
    folder, report, _ = train(*settings, broken)
    assert (folder / "stages" / "base" / "report.json").is_file()
    for name in ("report.json", "report.html"):
        (folder / name).unlink()
    shutil.rmtree(folder / "merged")
    again, report, _ = train(*settings, broken)
    assert again == folder
    assert [stage["cached"] for stage in report["stages"]] == [True, False]


def test_a_control_without_information(train, unmeasured):
    folder, _, _ = train(*SMALL, *unmeasured, "experiment=control_random_reward")
    rows = [row for row in read_metrics(folder / "metrics.jsonl") if "reward" in row]
    assert "rewards/random/mean" in rows[0]
    assert not any(key.startswith("execution/") for key in rows[0])


def test_wandb_offline(train, unmeasured, monkeypatch):
    monkeypatch.setenv("WANDB_SILENT", "true")
    settings = ["debug=true", *unmeasured, "reward=random"]
    folder, report, _ = train(*settings, "tracker=wandb", "tracker.wandb.mode=offline")
    assert report["status"] == "done"
    assert list((folder / "wandb").glob("offline-run-*"))

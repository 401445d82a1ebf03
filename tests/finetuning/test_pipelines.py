"""Pipelines whose stages train policies, train a reward model and collect data, end to end."""

import json
import shutil

import pytest

from whetstone.finetuning.artifacts.metrics import read_metrics
from whetstone.rewards.scorer import load_scorer

pytestmark = pytest.mark.slow  # minutes: `pytest -m slow tests/finetuning/test_pipelines.py`

SMALL = ["debug=true", "tracker=none"]


def test_rlhf_hands_on_policies_data_and_a_reward_model(train):
    folder, report, screen = train("pipeline=rlhf", "run.name=rlhf", *SMALL)
    names = [stage["name"] for stage in report["stages"]]
    assert names == ["language", "code", "tools", "samples", "preferences", "reward_model", "rl"]
    stages = folder / "stages"
    pairs = (stages / "preferences" / "dataset" / "train.jsonl").read_text().splitlines()
    assert {"chosen", "rejected", "margin", "why"} <= set(json.loads(pairs[0]))
    load_scorer(stages / "reward_model" / "merged")
    judged = json.loads((stages / "reward_model" / "report.json").read_text())
    assert set(judged["after"]["held_out"]) == {"loss", "accuracy", "margin"}
    rows = [row for row in read_metrics(folder / "metrics.jsonl") if "reward" in row]
    assert [row["reward"] for row in rows] == [row["rewards/reward_model/mean"] for row in rows]

    # Each stage is continued by itself: those that are done are not done again.
    for name in ("report.json", "report.html"):
        (folder / name).unlink()
        (stages / "reward_model" / name).unlink()
    shutil.rmtree(folder / "merged")
    shutil.rmtree(stages / "reward_model" / "merged")
    _, again, screen = train("pipeline=rlhf", "run.name=rlhf", *SMALL)
    assert [stage["cached"] for stage in again["stages"]] == [True] * 5 + [False] * 2
    assert "continuing from" in screen


def test_a_discriminator_is_trained_on_samples_and_judges(train):
    folder, report, _ = train(
        "pipeline=compiler_rl",
        "run.name=rl",
        "pipeline.stages.rl.set.reward.discriminator.refresh.every_steps=1",
        *SMALL,
    )
    names = [stage["name"] for stage in report["stages"]]
    assert names == ["base", "samples", "discriminator", "rl"]
    load_scorer(folder / "stages" / "discriminator" / "merged")
    rows = [row for row in read_metrics(folder / "metrics.jsonl") if "reward" in row]
    assert {"compiler/compile_rate", "discriminator/asked"} <= set(rows[0])
    assert "compile@1" in report["after"]["nano"]


@pytest.mark.parametrize("reward", ["execution", "compiler"])
@pytest.mark.parametrize("kind", ["dpo", "kto"])
def test_what_a_judge_says_becomes_pairs_or_labels(train, kind, reward):
    folder, report, _ = train(f"pipeline={reward}_{kind}", f"run.name={kind}", *SMALL)
    names = [stage["name"] for stage in report["stages"]]
    assert names == ["base", "samples", "feedback", kind, "demonstrations", "sft"]
    card = (folder / "stages" / "feedback" / "dataset" / "README.md").read_text()
    assert f"{reward} x 1" in card
    assert set(report["before"]) == {"nano", "held_out"} or set(report["before"]) == {"nano"}

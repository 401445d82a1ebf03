"""Data sets that are collected: what is in them, and that a kill costs a chunk and no more."""

import json
import re
import shutil

import pytest
from datasets import load_dataset

from whetstone.finetuning.collect.derive import (
    demonstrations,
    judge,
    labels,
    most_candidates,
    pairs,
)
from whetstone.finetuning.collect.write import Collected, write_dataset
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.read import read_base
from whetstone.rewards.base import RewardConfig
from whetstone.rewards.composition import RewardSet

SAMPLE = [
    "tracker=none",
    "model=nano",
    "pipeline=single",
    "collect=base",
    "data.train_problems=12",
    "collect.samples=3",
    "collect.batch_size=4",
    "collect.max_new_tokens=8",
    "collect.validation_share=0.3",
]


class Length:
    """A reward of the length; it will not judge what holds an `?`."""

    __name__ = "length"

    def __init__(self):
        self.asked = 0

    def __call__(self, prompts, completions, log_extra=None, **columns):
        self.asked += len(prompts)
        log_extra("half", [len(text) / 2 for text in completions])
        assert len(columns["tests"]) == len(prompts)
        return [None if "?" in text else float(len(text)) for text in completions]

    def close(self):
        pass


class LengthConfig(RewardConfig):
    def build(self):
        return Length()


def of_length(weight=1.0):
    return RewardSet([LengthConfig(name="length", weight=weight)])


def base_row(prompt, completion, reference="xxxxx"):
    return {
        "prompt": prompt,
        "reference": reference,
        "completion": completion,
        "times": 1,
        "tests": "assert True",
        "verdict": "passed",
        "passed_tests": 1,
        "total_tests": 1,
    }


@pytest.fixture
def judged():
    groups = [[base_row("p", "x"), base_row("p", "xxx"), base_row("p", "?")], [base_row("q", "xx")]]
    return judge(groups, of_length(2.0), use_reference=True)


@pytest.mark.parametrize("use_reference", [True, False])
def test_what_judging_costs_is_told_with_the_reference(use_reference):
    group = [base_row("p", "x"), base_row("p", "xx"), base_row("p", "xx")]
    rewards = of_length()
    most = most_candidates([group], use_reference=use_reference)
    judge([group], rewards, use_reference=use_reference)
    assert rewards.rewards[0].asked == most == 2 + use_reference


def test_what_cannot_be_judged_is_left_out(judged):
    found = {(row["prompt"], row["completion"]): row["score"] for row in judged}
    assert found == {
        ("p", "x"): 2.0,
        ("p", "xxx"): 6.0,
        ("p", "xxxxx"): 10.0,
        ("q", "xx"): 4.0,
        ("q", "xxxxx"): 10.0,
    }
    assert [row["source"] for row in judged if row["completion"] == "xxxxx"] == ["reference"] * 2


def test_pairs_come_widest_first_and_say_why(judged):
    (first, second, *rest) = pairs(judged, per_prompt=2, min_margin=0.0)
    assert (first["chosen"], first["rejected"], first["margin"]) == ("xxxxx", "x", 8.0)
    assert first["why"] == "half +2.00, length +4.00"
    assert {second["chosen"], second["rejected"]} != {"xxxxx", "x"}
    assert [row["prompt"] for row in rest] == ["q"]
    assert [row["margin"] for row in pairs(judged, 9, min_margin=6.0)] == [8.0]


def test_labels_and_demonstrations_follow_the_threshold(judged):
    found = {row["completion"]: row["label"] for row in labels(judged, 6.0) if row["prompt"] == "p"}
    assert found == {"x": False, "xxx": True, "xxxxx": True}
    best = demonstrations(judged, 6.0, per_prompt=1)
    assert best == [
        {"prompt": "p", "completion": "xxxxx"},
        {"prompt": "q", "completion": "xxxxx"},
    ]


def test_what_says_nothing_is_never_imitated():
    scored = {"prompt": "p", "scores": {}, "source": "model"}
    blank, word = ({**scored, "completion": c, "score": s} for c, s in (("\n", 2.0), ("x", 1.0)))
    assert pairs([blank, word], per_prompt=2, min_margin=0.0) == []
    found = demonstrations([blank, word], 0.0, per_prompt=1)
    assert found == [{"prompt": "p", "completion": "x"}]


def test_of_equal_ones_the_reference_is_imitated():
    groups = [[base_row("p", "abcde"), base_row("p", "abcdf")]]
    judged = judge(groups, of_length(), use_reference=True)
    assert demonstrations(judged, 5.0, per_prompt=1) == [{"prompt": "p", "completion": "xxxxx"}]


def test_a_folder_is_split_by_prompt_deduplicated_and_loads(tmp_path):
    rows = [
        {"prompt": f"p{n % 40}", "chosen": f"c{n % 80}", "rejected": "r", "margin": 1.0}
        for n in range(160)
    ]
    write_dataset(
        tmp_path / "set", Collected("dpo", rows, 0.3, {"reward": "length"}, {"prompts": 40})
    )
    (tmp_path / "set" / "stray.json").write_text("{}")
    loaded = load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == {"train", "validation"}
    assert len(loaded["train"]) + len(loaded["validation"]) == 80
    assert not set(loaded["train"]["prompt"]) & set(loaded["validation"]["prompt"])
    statistics = json.loads((tmp_path / "set" / "statistics.json").read_text())
    assert statistics["duplicates"] == 80
    assert statistics["train"]["rows"] == len(loaded["train"])
    assert "length" in (tmp_path / "set" / "README.md").read_text()


def test_a_base_that_is_none_is_refused(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"prompt": "p"}\n')
    with pytest.raises(ConfigError, match="collect=base folder"):
        read_base(tmp_path)


def chunks_made(screen):
    return len(re.findall(r"^ +\d+ of 12 prompts$", screen, re.MULTILINE))


def test_samples_survive_a_kill_and_become_pairs(train, qwen_folder):
    settings = [*SAMPLE, f"model.path={qwen_folder}", "run.name=base"]
    folder, report, screen = train(*settings)
    assert chunks_made(screen) == 3
    assert report["statistics"]["prompts"] == 12
    whole = (folder / "dataset" / "train.jsonl").read_text()
    rows = [row for group in read_base(folder / "dataset") for row in group]
    assert sum(row["times"] for row in rows) == 36
    assert {row["verdict"] for row in rows} <= {"failed", "error", "syntax_error", "passed"}

    # A kill in the last chunk: what was sampled before it is not sampled again.
    shutil.rmtree(folder / "dataset")
    for name in ("report.json", "report.html", "chunks/000002.jsonl"):
        (folder / name).unlink()
    _, _, screen = train(*settings)
    assert chunks_made(screen) == 1
    assert (folder / "dataset" / "train.jsonl").read_text() == whole

    made, report, _ = train(
        "tracker=none",
        "model=nano",
        "pipeline=single",
        "collect=dpo",
        f"collect.base={folder / 'dataset'}",
        "reward=criteria",
        f"model.path={qwen_folder}",
        "run.name=pairs",
    )
    (first, *_) = [json.loads(line) for line in (made / "dataset" / "train.jsonl").open()]
    assert set(first) == {"prompt", "chosen", "rejected", "margin", "why"}
    assert "correctness" in first["why"]
    _, report, _ = train(
        "tracker=none",
        "model=nano",
        "pipeline=single",
        "algo=dpo",
        "data=jsonl",
        f"data.train={made / 'dataset'}",
        f"model.path={qwen_folder}",
        "debug=true",
        "run.name=dpo",
    )
    assert report["after"]["held_out"]["loss"] > 0

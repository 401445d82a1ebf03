"""Advantages from stored scores are those that trainers logged, to the last digit."""

from pathlib import Path

import pytest
import torch

from whetstone.finetuning.algo.advantages import adds_other_terms, advantages
from whetstone.finetuning.artifacts.completions import read_batches
from whetstone.finetuning.config import load

GROUPS = "algo.args.num_generations=4"


def uneven(prompts, completions, **_):
    """Groups with signal and without; of the first group one completion is not judged."""
    rewards = [
        0.1 * (len(completion) % 7) if prompt.startswith("return") else 0.5
        for prompt, completion in zip(prompts, completions, strict=True)
    ]
    return [None, *rewards[1:]]


SETTINGS = [
    ("grpo", "algo.args.scale_rewards=group"),
    ("grpo", "algo.args.scale_rewards=batch"),
    ("grpo", "algo.args.scale_rewards=none"),
    ("grpo", "algo.args.multi_objective_aggregation=normalize_then_sum"),
    ("rloo", "algo.args.beta=0.0"),
    ("rloo", "algo.args.beta=0.0", "algo.args.normalize_advantages=true"),
    ("rloo", "algo.args.beta=0.0", "algo.args.reward_clip_range=[0.2,0.4]"),
    ("rfai", "algo.baseline=prompt", "algo.whiten=true"),
    ("rfai", "algo.baseline=none", "algo.whiten=false", "algo.reward_range=[-1,1]"),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=" ".join)
def test_they_are_what_the_trainer_logged(build_trainer, settings):
    algo, *overrides = settings
    trainer = build_trainer(algo, GROUPS, *overrides, reward=uneven)
    trainer.train()
    config = load([f"algo={algo}", "model=qwen", "data=nano", GROUPS, *overrides]).main.algo
    batches = read_batches(Path(trainer.args.output_dir), ["uneven"])
    assert [len(batch) for batch in batches] == [16, 16]
    for batch in batches:
        assert batch.scores[0].count(None) == 1
        scores = [torch.nan if score is None else score for score in batch.scores[0]]
        found = advantages(torch.tensor(scores)[:, None], torch.ones(1), config)
        assert found.abs().max() > 0.01
        assert torch.equal(found, torch.tensor(batch.advantages))


def test_scores_do_not_tell_what_a_critic_adds():
    config = load(["algo=ppo", "model=qwen", "data=nano"]).main.algo
    assert advantages(torch.zeros(4, 1), torch.ones(1), config) is None


@pytest.mark.parametrize(
    ("settings", "adds"),
    [
        (["algo=rloo"], True),
        (["algo=rloo", "algo.args.normalize_advantages=true"], False),
        (["algo=grpo"], False),
    ],
)
def test_a_kl_stays_where_it_is_a_term_of_its_own(settings, adds):
    assert adds_other_terms(load([*settings, "model=qwen", "data=nano"]).main.algo) is adds


def test_a_generation_that_serves_two_steps_is_read_once(build_trainer):
    trainer = build_trainer(
        "grpo", GROUPS, "algo.args.num_iterations=2", "algo.args.max_steps=4", reward=uneven
    )
    trainer.train()
    folder = Path(trainer.args.output_dir)
    assert len(list((folder / "completions").glob("*.parquet"))) == 4
    assert [batch.step for batch in read_batches(folder, ["uneven"])] == [1, 3]

"""Combinations that cannot work, refused before anything loads, all at once."""

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError


def problems_of(*overrides: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(overrides)
    return {problem.setting: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("overrides", "setting", "words"),
    [
        (["algo=rloo", "algo.args.num_generations=1"], "algo.args.num_generations=1", "at least 2"),
        (
            ["algo.args.gradient_accumulation_steps=0"],
            "algo.args.gradient_accumulation_steps=0",
            "1",
        ),
        (["algo=rloo", "reward=[]"], "reward=[]", "reward=execution"),
        (["algo=rloo", "algo.args.loss_type=dapo"], "algo.args.loss_type=dapo", "RLOOConfig has"),
        (
            ["algo=rloo", "algo.dynamic_sampling.mode=skip", "algo.args.normalize_advantages=true"],
            "algo.dynamic_sampling.mode=skip",
            "normalize_advantages=false",
        ),
        (
            ["algo=rfai", "algo.baseline=none", "algo.dynamic_sampling.mode=resample"],
            "algo.dynamic_sampling.mode=resample",
            "algo.baseline=prompt",
        ),
        (["algo=rfai", "algo.reward_range=[10,1]"], "algo.reward_range=[10.0, 1.0]", "[1, 10]"),
        (["algo=rfai", "algo.kl.controller=adaptive"], "algo.args.beta=0.0", "cannot begin at 0"),
        (["algo=rfai", "algo.args.loss_type=grpo"], "algo.args.loss_type=grpo", "-log_prob"),
        (["algo=ppo", "algo.kl.controller=adaptive"], "algo.args.beta=0.0", "controller=fixed"),
        (["algo=ppo", "algo.args.save_steps=21"], "algo.args.save_steps=21", "20 would do"),
        (
            ["algo=ppo", "algo.args.per_device_train_batch_size=1"],
            "algo.args.per_device_train_batch_size=1",
            "at least 2",
        ),
        (
            [
                "algo=ppo",
                "algo.args.gradient_accumulation_steps=4",
                "algo.args.steps_per_generation=3",
                "algo.args.num_iterations=1",
            ],
            "algo.args.gradient_accumulation_steps=4",
            "whole steps",
        ),
        (["algo=ppo", "backend.dtype=float16"], "algo.target_kl=0.05", "bfloat16"),
        (["algo=ppo", "algo.value.kind=shard"], "algo.value.kind=shard", "did you mean `shared`?"),
        (["algo=ppo", "algo.gae.lam=1.5"], "algo.gae.lam=1.5", "1 or a number below it"),
        (["algo=ppo", "algo.value.clp=1"], "algo.value.clp=1", "did you mean `clip`?"),
        (
            ["algo=grpo", "algo.curriculum.buckets=[0.2,0.8]"],
            "algo.curriculum.buckets=[0.2, 0.8]",
            "fall from easy to hard",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_its_remedy(overrides, setting, words):
    assert words in problems_of(*overrides)[setting]


def test_everything_is_said_at_once():
    found = problems_of(
        "algo=ppo",
        "algo.kl.controller=adaptive",
        "algo.args.save_steps=21",
        "algo.gae.lam=1.5",
        "algo.args.loss_typ=x",
        "backend.dtype=float16",
    )
    assert len(found) == 5


def test_processes_share_a_batch(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert load(["algo.args.per_device_train_batch_size=4"]).main
    found = problems_of(
        "algo.args.per_device_train_batch_size=4", "algo.dynamic_sampling.mode=skip"
    )
    assert "each process needs whole groups" in found["algo.dynamic_sampling.mode=skip"]
    (message,) = problems_of("algo.args.per_device_train_batch_size=3").values()
    assert "x 2 processes = 6 completions" in message


def test_a_group_of_one_is_right_for_ppo():
    assert load(["algo=ppo"]).main.algo.args["num_generations"] == 1


def test_arguments_that_trl_would_refuse_late_or_never():
    """All of these passed the gate once: the answer came after minutes, as a traceback or never."""
    wrong = {
        "algo.args.loss_type=nll": "dr_grpo, grpo",
        "algo.args.optim=adamw_torh": "did you mean `adamw_torch`?",
        "algo.args.lr_scheduler_type=linea": "did you mean `linear`?",
        "algo.args.epsilon=-1": "at least 0",
        "algo.args.max_grad_norm=-1": "at least 0",
        "algo.args.save_only_model=True": "continued from its checkpoints",
        "algo.args.eval_on_start=True": "measured before it is trained",
        "algo.args.trust_remote_code=True": "set model.trust_remote_code instead",
        "algo.args.load_best_model_at_end=True": "hooks.best",
        "algo.args.num_train_epochs=3": "add algo.args.max_steps=-1",
        "algo.curriculum.column=rate": "algo.curriculum.order=easy_first",
        "model.lora.target_modules=['lm_head']": "never be trained",
    }
    typed = [setting.replace("'", "") for setting in wrong]
    found = problems_of("algo=grpo", "model.adapter=lora", *typed)
    assert not [setting for setting, words in wrong.items() if words not in found.get(setting, "")]


def test_pass_rates_are_the_users_own():
    (message,) = problems_of(
        "algo.curriculum.order=easy_first", "algo.curriculum.column=rate"
    ).values()
    assert "data=nano has no pass rates" in message


def test_epochs_count_where_no_number_of_steps_ends_the_run():
    plan = load(["algo.args.num_train_epochs=3", "algo.args.max_steps=-1"])
    assert plan.main.algo.args["num_train_epochs"] == 3


def test_prompts_that_fill_no_batch(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"prompt": "p", "tests": "assert f()", "rate": "high"}\n')
    found = problems_of(
        "data=jsonl",
        f"data.train={path}",
        "algo.curriculum.order=easy_first",
        "algo.curriculum.column=rate",
    )
    assert "a batch takes 16 prompts" in found["data: 1 prompts"]
    assert "a number from 0 to 1" in found["algo.curriculum.column=rate"]


@pytest.mark.parametrize("algo", ["rloo", "rfai", "ppo"])
def test_every_algorithm_that_samples_has_the_presets_of_a_model(algo):
    args = load(
        ["model=deepseek_coder", f"algo={algo}", "data=nano", "pipeline=single"]
    ).main.algo.args
    assert (args["learning_rate"], args["per_device_train_batch_size"]) == (1e-6, 4)

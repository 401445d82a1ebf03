"""Every algorithm continues from its checkpoint to the figures of the uninterrupted run.

In one process, because it is quick; test_kill_online.py does the same with kill -9.
"""

import pytest

TIMED = ("seconds/", "step_time", "train_", "total_flos")
SIX_STEPS = (
    "algo.args.max_steps=6",
    "algo.args.save_steps=2",
    "algo.args.learning_rate=0.002",
    "algo.args.warmup_steps=1",
    "algo.args.num_generations=4",
)
CASES = {
    "rloo": ("rloo",),
    "rfai, adaptive KL": ("rfai", "algo.kl.target=0.001", "algo.kl.horizon=100"),
    "ppo": ("ppo", "algo.args.num_iterations=2", "algo.target_kl=0.0001"),
    "ppo, adaptive KL": (
        "ppo",
        "algo.args.num_iterations=2",
        "algo.kl.controller=adaptive",
        "algo.kl.target=0.001",
        "algo.kl.horizon=100",
    ),
    "ppo, separate critic": ("ppo", "algo.args.num_iterations=2", "algo.value.kind=separate"),
    "grpo, resampled in easy order": (
        "grpo",
        "algo.dynamic_sampling.mode=resample",
        "algo.curriculum.order=easy_first",
        "algo.curriculum.pass_reward=0.4",
    ),
}


QUICK = ("rloo", "ppo, adaptive KL", "grpo, resampled in easy order")
"""The cases whose adapter is trained in the quick run; all their weights are, in the others."""


def cases():
    for case in CASES:
        for adapter in ("full", "lora"):
            quick = (adapter == "lora") == (case in QUICK)
            marks = [] if quick else [pytest.mark.nightly]
            yield pytest.param(case, adapter, id=f"{case}-{adapter}", marks=marks)


def figures(trainer):
    rows = [
        {key: value for key, value in row.items() if not key.startswith(TIMED)}
        for row in trainer.state.log_history
        if {key for key in row if not key.startswith(TIMED)} - {"step", "epoch"}
    ]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    return rows


@pytest.mark.parametrize(("case", "adapter"), cases())
def test_a_resumed_run_has_the_figures_of_the_whole_one(build_trainer, case, adapter):
    settings = (*CASES[case], *SIX_STEPS, f"model.adapter={adapter}")
    prompts = tuple(f"return {letter}" for letter in "abc")  # 24 rows, 4 a batch: one epoch
    whole = build_trainer(*settings, prompts=prompts)
    whole.train()
    resumed = build_trainer(*settings, prompts=prompts)
    resumed.train(resume_from_checkpoint=str(whole.args.output_dir) + "/checkpoints/checkpoint-4")
    expected = figures(whole)
    assert any(row["grad_norm"] > 0 for row in expected[4:])
    for ours, theirs in zip(figures(resumed), expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6, nan_ok=True)
    if "controller" in " ".join(settings):
        assert expected[0]["kl/coefficient"] != expected[-2]["kl/coefficient"]

"""A run that does not fit: exit code 2, what was measured, and what to lower, in order."""

import pytest
import torch

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import DoesNotFitError
from whetstone.finetuning.model.out_of_memory import (
    does_not_fit,
    of_sampling,
    of_training,
    told_how_to_fit,
)

RAN_OUT = torch.OutOfMemoryError(
    "CUDA out of memory. Tried to allocate 2.37 GiB. GPU 0 has a total capacity of 39.4 GiB."
)


def lines(*overrides):
    config = load(["model=qwen", "algo=grpo", "data=nano", "tracker=none", *overrides]).main
    return str(does_not_fit(RAN_OUT, of_training(config))).splitlines()


def test_settings_are_named_in_their_order():
    said = lines(
        "algo.args.per_device_train_batch_size=16",
        "algo.args.gradient_accumulation_steps=4",
        "algo.args.activation_checkpointing=false",
    )
    assert said[0] == (
        "The GPU's memory is used up (CUDA out of memory Tried to allocate 2.37 GiB)."
    )
    settings = [line.strip() for line in said[said.index("Lower, in this order:") + 1 :]]
    begin = [
        "algo.args.per_device_train_batch_size=8 (now 16) with algo.args.gradient_accumulation_st",
        "algo.args.activation_checkpointing=true",
        "backend=cuda_qlora",
        "algo.args.max_completion_length=384 (now 768)",
        "model.lora.r=16 (now 64)",
        "hooks.evaluate.batch_size=",
        "model=",
    ]
    assert len(settings) == len(begin)
    for setting, expected in zip(settings, begin, strict=True):
        assert setting.startswith(expected)


def test_what_is_done_already_is_not_named():
    said = "\n".join(
        lines(
            "model.quantization=nf4",
            "algo.args.per_device_train_batch_size=1",
            "algo.args.gradient_accumulation_steps=8",
            "algo.args.activation_checkpointing=true",
            "model.lora.r=8",
        )
    )
    for name in ("cuda_qlora", "per_device_train_batch_size", "activation_checkpointing", "lora.r"):
        assert name not in said


def test_all_weights_are_told_of_adapters():
    assert any("model.adapter=lora" in line for line in lines("model.adapter=full"))


def test_what_was_measured_is_told(monkeypatch):
    """No GPU here: what the driver would answer stands in for it."""
    answers = {
        "is_available": True,
        "mem_get_info": (0, 40 * 2**30),
        "memory_reserved": 38 * 2**30,
        "max_memory_allocated": 37 * 2**30,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, lambda answer=answer: answer)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    config = load(["model=qwen", "algo=sft", "data=nano", "tracker=none"]).main
    said = str(does_not_fit(RAN_OUT, of_training(config)))
    assert "at most 37.0 GiB used and 38.0 GiB held by this process, of 40.0 GiB" in said


@pytest.mark.parametrize(
    "error",
    [RAN_OUT, RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB). Tried to allo")],
)
def test_a_command_that_only_samples_names_its_own_settings(error):
    smaller = of_sampling(("batch_size", 8), ("max_new_tokens", 512), "load_in_4bit=true")
    with pytest.raises(DoesNotFitError) as caught, told_how_to_fit(lambda: smaller):
        raise error
    said = [line.strip() for line in str(caught.value).splitlines()]
    at = said.index("Lower, in this order:")
    assert said[at + 1 : at + 3] == ["batch_size=4 (now 8)", "max_new_tokens=256 (now 512)"]
    assert said[at + 3].startswith("load_in_4bit=true")
    assert caught.value.exit_code == 2


def test_another_error_stays_what_it_is():
    with pytest.raises(RuntimeError, match="shape") as caught, told_how_to_fit(lambda: iter(())):
        raise RuntimeError("shapes do not fit")
    assert not isinstance(caught.value, DoesNotFitError)


GREEDY = """
import torch

def reward(completions, **_):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.37 GiB. GPU 0 is full.")
"""


def test_a_run_that_runs_out_ends_with_the_message(tmp_path, monkeypatch, qwen_folder, capsys):
    (tmp_path / "greedy.py").write_text(GREEDY)
    monkeypatch.syspath_prepend(str(tmp_path))
    from whetstone.finetuning.pipeline import run_plan

    monkeypatch.chdir(tmp_path)
    plan = load(
        [
            "model=qwen",
            f"model.path={qwen_folder}",
            "data=nano",
            "debug=true",
            "tracker=none",
            "hooks.evaluate.tasks=[]",
            "data.watch_task=null",
            "algo.args.max_completion_length=8",
            "reward=custom",
            "reward.custom.fn=greedy:reward",
        ]
    )
    from whetstone.finetuning.runtime.exit_codes import exit_codes

    with pytest.raises(SystemExit) as caught, exit_codes():
        run_plan(plan)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "Tried to allocate 2.37 GiB" in said
    assert "algo.args.per_device_train_batch_size=4 (now 8)" in said

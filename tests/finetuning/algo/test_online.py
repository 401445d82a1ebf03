from pathlib import Path

import pytest
import torch
from transformers import TrainerCallback
from trl.trainer.utils import RepeatSampler

from whetstone.finetuning.algo.curriculum import ResumableSampler
from whetstone.finetuning.algo.online import _runs_of_equals, mask_unjudged


class Judge:
    none_masks_sample = True


def test_equal_neighbours_share_a_prefill():
    assert _runs_of_equals([[1], [1], [2], [1]]) == [([1], 2), ([2], 1), ([1], 1)]


def test_a_sample_that_was_not_judged_is_masked_whatever_others_say():
    rewards = torch.tensor([[1.0, 0.5], [torch.nan, 0.5], [1.0, torch.nan]])
    masked = mask_unjudged(rewards, [Judge(), lambda: None])
    assert masked[0].tolist() == [1.0, 0.5]
    assert masked[1].isnan().all()
    assert masked[2, 0] == 1.0


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_a_resumed_epoch_has_the_order_of_the_uninterrupted_one(epoch):
    settings = {"mini_repeat_count": 2, "batch_size": 3, "repeat_count": 1, "seed": 7}
    whole = ResumableSampler(range(10), **settings)
    orders = []
    for number in range(3):
        whole.set_epoch(number)
        orders.append(list(whole))
    resumed = ResumableSampler(range(10), **settings)
    resumed.set_epoch(epoch)
    assert list(resumed) == orders[epoch]
    assert orders[0] != orders[1] != orders[2]


def test_the_stock_sampler_still_begins_anew():
    """When TRL mends this, finetuning/algo/curriculum.py can go."""
    assert not hasattr(RepeatSampler(range(4), 1), "set_epoch")


@pytest.mark.parametrize("algo", ["grpo", "rloo"])
def test_what_a_checkpoint_holds_was_written_before_and_never_again(build_trainer, algo):
    settings = ("logging_steps=2", "save_steps=3", "max_steps=3")
    trainer = build_trainer(algo, *(f"algo.args.{setting}" for setting in settings))
    written = {}

    class Mark(TrainerCallback):
        def on_save(self, args, state, *_, **__):
            folder = Path(args.output_dir) / "completions"
            written[state.global_step] = sorted(path.name for path in folder.iterdir())
            for path in folder.iterdir():
                path.write_bytes(b"not again")

    trainer.add_callback(Mark())
    trainer.train()
    assert written == {3: ["completions_00002.parquet", "completions_00003.parquet"]}
    folder = Path(trainer.args.output_dir) / "completions"
    assert {path.read_bytes() for path in folder.iterdir()} == {b"not again"}

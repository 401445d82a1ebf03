"""What algorithms that sample share: our sampler inside TRL's trainer, and timed parts."""

from typing import Any

import torch
from trl.models import unwrap_model_for_generation

from finetuning.algo.base import RunTrainer
from finetuning.algo.order import ResumableSampler
from finetuning.rollout.decode import decode_completions
from finetuning.rollout.hf import HFSampler, Sampling


class OnlineTrainer(RunTrainer):
    """Mixed in before trl.GRPOTrainer: completions come from HFSampler, parts are timed.

    The seed of a draw depends on the step, so that a resumed run samples what the uninterrupted
    one would have sampled.
    """

    stop: tuple[str, ...] = ()
    """Strings at which a completion may end; what follows them is no part of the program."""
    _drawn: tuple[int, int] = (-1, 0)

    def _get_train_sampler(self, dataset: Any = None) -> ResumableSampler:
        stock = super()._get_train_sampler(dataset)
        return ResumableSampler(
            data_source=stock.data_source,
            mini_repeat_count=stock.mini_repeat_count,
            batch_size=stock.batch_size,
            repeat_count=stock.repeat_count,
            shuffle=stock.shuffle,
            seed=stock.seed,
        )

    def _generate_single_turn(
        self,
        prompt_ids: list[list[int]],
        *_: Any,
        **__: Any,
    ) -> tuple[list[list[int]], None]:
        with self.clock.measure("generate"):
            return self._sample(prompt_ids), None

    def _sample(self, prompt_ids: list[list[int]]) -> list[list[int]]:
        """Sample one completion for each row; equal neighbours share their prefill."""
        runs = _runs_of_equals(prompt_ids)
        sizes = {size for _, size in runs}
        group = sizes.pop() if len(sizes) == 1 else 1
        prompts = [ids for ids, _ in runs] if group > 1 else prompt_ids
        sampling = Sampling(
            max_new_tokens=self.max_completion_length,
            temperature=self.temperature,
            top_p=self.args.top_p,
            top_k=self.args.top_k or 0,
            stop=self.stop,
        )
        with (
            unwrap_model_for_generation(
                self.model_wrapped,
                self.accelerator,
                gather_deepspeed3_params=self.args.ds3_gather_for_generation,
            ) as model,
            torch.no_grad(),
        ):
            sampler = HFSampler(model, self.processing_class)
            rollouts = sampler.sample(prompts, group, sampling, self._draw_seed())
        return [rollout.ids for rollout in rollouts]

    def _draw_seed(self) -> int:
        """Return a seed that no other draw of this run has: by step, draw within it, and rank."""
        step, draw = self._drawn
        draw = draw + 1 if step == self.state.global_step else 0
        self._drawn = (self.state.global_step, draw)
        parts = (self.args.seed, self.state.global_step, draw, self.accelerator.process_index)
        seed = 0
        for part in parts:
            seed = (seed * 1_000_003 + part + 1) % (2**63)
        return seed

    def _calculate_rewards(
        self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any
    ) -> torch.Tensor:
        if completions and isinstance(completions[0], str):
            completions = decode_completions(self.processing_class, completion_ids_list)
        with self.clock.measure("reward"):
            rewards_B_F = super()._calculate_rewards(
                inputs, prompts, completions, completion_ids_list
            )
        return mask_unjudged(rewards_B_F, self.reward_funcs)

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        if torch.is_grad_enabled():  # the policy's own pass belongs to optimize
            return super()._get_per_token_logps_and_entropies(*args, **kwargs)
        with self.clock.measure("logps"):
            return super()._get_per_token_logps_and_entropies(*args, **kwargs)


def mask_unjudged(rewards_B_F: torch.Tensor, functions: list[Any]) -> torch.Tensor:
    """Mask every sample that a reward could not judge, whatever the other rewards say.

    TRL takes a None beside a number for 0. For a reward that gives None only when its
    infrastructure failed (`none_masks_sample`), that would be a reward for bad luck.

    Args:
        rewards_B_F: one row per sample, one column per function; NaN for None.
        functions: the F reward functions.

    """
    strict = [getattr(function, "none_masks_sample", False) for function in functions]
    unjudged_B = rewards_B_F[:, torch.tensor(strict, dtype=torch.bool)].isnan().any(dim=1)
    return rewards_B_F.masked_fill(unjudged_B[:, None], torch.nan)


def _runs_of_equals(rows: list[list[int]]) -> list[tuple[list[int], int]]:
    """Return each run of equal neighbours with its length."""
    runs: list[tuple[list[int], int]] = []
    for row in rows:
        if runs and runs[-1][0] == row:
            runs[-1] = (row, runs[-1][1] + 1)
        else:
            runs.append((row, 1))
    return runs

"""What algorithms that sample share: our engines inside TRL's trainer, and timed parts."""

from typing import Any

import torch
from accelerate.utils import gather_object
from trl.models import unwrap_model_for_generation

from whetstone.finetuning.algo.base import Parts, RunTrainer, build_arguments
from whetstone.finetuning.algo.curriculum import (
    ROW,
    CurriculumSampler,
    PassRates,
    ResumableSampler,
    first_rates,
)
from whetstone.finetuning.algo.logprob_mismatch import (
    MAX,
    MEAN,
    Drawn,
    check,
    differences,
    some_rows,
)
from whetstone.finetuning.algo.oom_probe import longest_prompt
from whetstone.finetuning.algo.state import StatefulTrainer
from whetstone.finetuning.artifacts.metrics import UNJUDGED
from whetstone.finetuning.config.schema import ParityConfig
from whetstone.finetuning.model.quantized import computes_exactly
from whetstone.finetuning.rollout.base import Engine, Sampling
from whetstone.finetuning.rollout.hf import HFSampler
from whetstone.finetuning.rollout.text import decode_completions


class OnlineTrainer(StatefulTrainer, RunTrainer):
    """Mixed in before a TRL trainer that samples: completions come from an engine, parts are timed.

    The seed of a draw depends on the step, so that a resumed run samples what the uninterrupted
    one would have sampled.
    """

    stop: tuple[str, ...] = ()
    """Strings at which a completion may end; what follows them is no part of the program."""
    scores_G: torch.Tensor  # noqa: N815 - a shape suffix
    """Weighted sums of the last batch's rewards, all ranks' rows; NaN where nothing was judged."""
    pass_rates: PassRates | None = None
    """Where the order of prompts follows from them."""
    engine: Engine | None = None
    """What draws completions; None: TRL does, with vLLM."""
    parity: ParityConfig | None = None
    corrects = False
    """Whether TRL weighs tokens by trainer's over sampler's probability."""
    _drawn_first: Drawn | None = None
    _drawn: tuple[int, int] = (-1, 0)
    _completions_of_step = -1

    def _get_train_sampler(self, dataset: Any = None) -> ResumableSampler:
        stock = super()._get_train_sampler(dataset)
        settings = {
            "data_source": stock.data_source,
            "mini_repeat_count": stock.mini_repeat_count,
            "batch_size": stock.batch_size,
            "repeat_count": stock.repeat_count,
            "seed": stock.seed,
        }
        if self.pass_rates is not None:
            return CurriculumSampler(self.pass_rates, **settings)
        return ResumableSampler(**settings, shuffle=stock.shuffle)

    def rollout(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Sample, judge and weigh completions of these rows: TRL's batch, and what is added."""
        batch: dict[str, Any] = super()._generate_and_score_completions(inputs)
        return batch

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        return self.rollout(inputs)

    def _generate_single_turn(
        self,
        prompt_ids: list[list[int]],
        *others: Any,
        **keywords: Any,
    ) -> tuple[list[list[int]], list[list[float]] | None]:
        with self.clock.measure("generate"):
            if self.engine is None:
                ids, logprobs = super()._generate_single_turn(prompt_ids, *others, **keywords)
            else:
                ids, logprobs = self._sample(self.engine, prompt_ids)
        if self._drawn_first is None:  # of a conversation with tools, the first turn
            self._drawn_first = Drawn(prompt_ids, ids, logprobs)
        return ids, logprobs if self.engine is None or self.corrects else None

    def _sample(
        self, engine: Engine, prompt_ids: list[list[int]]
    ) -> tuple[list[list[int]], list[list[float]]]:
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
                gradient_checkpointing_kwargs=self.args.gradient_checkpointing_kwargs,
            ) as model,
            torch.no_grad(),
        ):
            engine.sync(model)
            rollouts = engine.sample(prompts, group, sampling, self._draw_seed())
        metrics = self._metrics["train" if self.model.training else "eval"]
        for name, value in engine.statistics().items():
            metrics[name].append(value)
        return [rollout.ids for rollout in rollouts], [rollout.logprobs for rollout in rollouts]

    def _check_parity(self) -> None:
        """Compare sampler and trainer on some completions of this batch, of all ranks."""
        drawn, self._drawn_first = self._drawn_first, None
        if drawn is None or self.parity is None:
            return
        apart = differences(self, some_rows(drawn, self.parity.rows))
        largest = apart.max() if len(apart) else apart.new_zeros(())
        local = torch.stack([largest, apart.sum(), apart.new_tensor(len(apart))]).float()
        of_ranks = self.accelerator.gather(local[None].to(self.accelerator.device)).cpu()
        tokens = of_ranks[:, 2].sum().clamp(min=1)
        found = of_ranks[:, 0].max().item(), (of_ranks[:, 1].sum() / tokens).item()
        metrics = self._metrics["train" if self.model.training else "eval"]
        for name, value in zip((MAX, MEAN), found, strict=True):
            metrics[name].append(value)
        check(found, self.parity, exact=_is_exact(self))

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
        self._check_parity()
        with self.clock.measure("reward"):
            rewards_B_F = super()._calculate_rewards(
                inputs, prompts, completions, completion_ids_list
            )
        rewards_B_F = mask_unjudged(rewards_B_F, self.reward_funcs)
        mode = "train" if self.model.training else "eval"
        unjudged_B = rewards_B_F.isnan().all(dim=1)
        self._metrics[mode][UNJUDGED].append(unjudged_B.float().mean().item())
        self.scores_G = weighted_sum(rewards_B_F, self.reward_weights)
        if self.pass_rates is not None:
            rows = gather_object([row[ROW] for row in inputs])
            self.pass_rates.record(rows, self.scores_G.tolist())
        return rewards_B_F

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """Log; the completions of a step are written once.

        TRL writes the last step's file again when training ends, where a checkpoint says already
        that the step is done: a run killed then would keep half a file.
        """
        fresh = bool(self._logs["prompt"]) and self._completions_of_step != self.state.global_step
        self.log_completions = fresh
        super().log(logs, start_time)
        if fresh:
            self._completions_of_step = self.state.global_step

    def longest_loss(self) -> torch.Tensor:
        """Return a loss over the longest prompt with completions that the length limit ended."""
        prompt = longest_prompt(self.train_dataset["prompt"], self.processing_class)
        rows, limit = self.args.per_device_train_batch_size, self.max_completion_length
        device = self.accelerator.device
        ids_P = torch.tensor(prompt, device=device)
        ids_T = ids_P.repeat(limit // len(prompt) + 1)[:limit]
        ids_B_L = torch.cat([ids_P, ids_T]).repeat(rows, 1)
        logps_B_T = self._get_per_token_logps_and_entropies(
            self.model, ids_B_L, torch.ones_like(ids_B_L), limit, compute_entropy=True
        )[0]
        return logps_B_T.mean()

    def log_advantages(self, advantages_G: torch.Tensor) -> None:
        """Show these in the table of completions instead of those that TRL computed."""
        logged = self._logs["advantages"]
        for _ in range(min(len(advantages_G), len(logged))):
            logged.pop()
        logged.extend(advantages_G.tolist())

    def most(self, count: int) -> int:
        """Return the largest of the ranks' counts."""
        if self.accelerator.num_processes == 1:
            return count
        counts = torch.tensor([count], device=self.accelerator.device)
        return int(self.accelerator.gather(counts).max())

    def mine(self, gathered: torch.Tensor) -> torch.Tensor:
        """Return this rank's rows of a tensor that holds those of all ranks."""
        rows = len(gathered) // self.accelerator.num_processes
        return gathered[self.accelerator.process_index * rows :][:rows]

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        if torch.is_grad_enabled():  # the policy's own pass belongs to optimize
            return super()._get_per_token_logps_and_entropies(*args, **kwargs)
        with self.clock.measure("logps"):
            return super()._get_per_token_logps_and_entropies(*args, **kwargs)


def online_arguments(
    config_class: Any, arguments: dict[str, Any], reward_weights: list[float]
) -> Any:
    """Return TRL's configuration: the user's arguments and what we compute."""
    computed = {
        "reward_weights": reward_weights,
        "log_completions": True,
        "num_completions_to_print": 0,
        "remove_unused_columns": False,
    }
    return build_arguments(config_class, {**arguments, **computed})


def build_online(trainer_class: Any, parts: Parts, arguments: Any) -> Any:
    """Return a trainer that samples."""
    dataset, pass_rates = parts.dataset, None
    curriculum = parts.settings.curriculum
    if curriculum.order == "easy_first":
        pass_rates = PassRates(curriculum, first_rates(curriculum, dataset))
        dataset = dataset.add_column(ROW, list(range(len(dataset))))
    trainer = trainer_class(
        model=parts.policy.model,
        processing_class=parts.policy.tokenizer,
        args=arguments,
        train_dataset=dataset,
        reward_funcs=list(parts.rewards),
        callbacks=[parts.clock, *parts.callbacks],
        peft_config=parts.peft_config,
    )
    trainer.clock = parts.clock
    trainer.parity = parts.parity
    if not arguments.use_vllm:
        engine = parts.engine or HFSampler(parts.policy.model, parts.policy.tokenizer)
        trainer.engine = engine
        if _needs_correction(engine, trainer):
            correct_in_trl(trainer)
    trainer.stop = parts.stop
    trainer.pass_rates = pass_rates
    trainer.stateful = {} if pass_rates is None else {"pass_rates": pass_rates}
    return trainer


def _needs_correction(engine: Engine, trainer: Any) -> bool:
    """Tell whether TRL can and should weigh what this engine sampled.

    In float32 the bound of `backend.parity` keeps the weights at 1; computing them costs a forward
    pass over every completion.
    """
    arguments = trainer.args
    return (
        not isinstance(engine, HFSampler)
        and not _is_exact(trainer)
        and getattr(arguments, "vllm_importance_sampling_correction", False)
        and arguments.loss_type != "vespo"  # has weights of its own
    )


def _is_exact(trainer: Any) -> bool:
    """Tell whether trainer and sampler compute in float32."""
    autocast = trainer.args.bf16 or trainer.args.fp16
    return not autocast and computes_exactly(trainer.accelerator.unwrap_model(trainer.model))


def correct_in_trl(trainer: Any) -> None:
    """Let TRL correct for a sampler that computes otherwise (truncated importance sampling).

    It has this for vLLM, and asks `use_vllm`; sampling itself is ours whatever that says.
    """
    trainer.use_vllm = True
    trainer.vllm_mode = "server"
    trainer.corrects = True


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


def weighted_sum(rewards_B_F: torch.Tensor, weights_F: torch.Tensor) -> torch.Tensor:
    """Return one score per row; NaN where every function said None."""
    scores_B = (rewards_B_F * weights_F.to(rewards_B_F.device)).nansum(dim=1)
    return scores_B.masked_fill(rewards_B_F.isnan().all(dim=1), torch.nan)


def _runs_of_equals(rows: list[list[int]]) -> list[tuple[list[int], int]]:
    """Return each run of equal neighbours with its length."""
    runs: list[tuple[list[int], int]] = []
    for row in rows:
        if runs and runs[-1][0] == row:
            runs[-1] = (row, runs[-1][1] + 1)
        else:
            runs.append((row, 1))
    return runs

"""RFAI: the policy gradient weighted by what a teacher said: -log_prob * reward + beta * KL.

Reinforcement learning from AI feedback in its plainest form (REINFORCE, Williams 1992; the KL
controller is Ziegler et al. 2019, arXiv 1909.08593). Rewards are whatever the reward functions
return; `reward_range` says where a teacher's scale begins and ends. The loss is GRPOTrainer's
CISPO loss, which is -ratio * reward * log_prob with a ratio that carries no gradient: on fresh
samples the ratio is 1, on older ones it is the importance weight, cut at `epsilon_high`.
"""

from typing import Any

import torch
from trl import GRPOConfig, GRPOTrainer

from whetstone.finetuning.algo.base import Parts
from whetstone.finetuning.algo.dynamic import GroupTrainer
from whetstone.finetuning.algo.gae import approximate_kl
from whetstone.finetuning.algo.kl import KLController, build_controller
from whetstone.finetuning.algo.online import build_online, online_arguments
from whetstone.finetuning.algo.zero_variance import rows_with_signal, zero_rows_are_idle
from whetstone.finetuning.config.schema import RfaiConfig

POLICY_LOSS, KL_LOSS = "loss/policy", "loss/kl"
"""Columns: the two parts of the loss, -log_prob * reward and beta * KL. They add up to `loss`."""


class RFAITrainer(GroupTrainer, GRPOTrainer):
    """trl.GRPOTrainer with rewards in place of relative advantages, and a moving beta."""

    settings: RfaiConfig
    controller: KLController

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        rewards_B_F = super()._calculate_rewards(*args, **kwargs)
        self._advantages_G = reward_weights(
            self.scores_G,
            self.num_generations,
            reward_range=tuple(self.settings.reward_range),
            baseline=self.settings.baseline == "prompt",
            whiten=self.settings.whiten,
        )
        return rewards_B_F

    def rollout(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Weigh each completion with its reward instead of TRL's relative advantage."""
        batch = super().rollout(inputs)
        batch["advantages"] = self.mine(self._advantages_G)
        self.log_advantages(self._advantages_G)
        return batch

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        result = super()._get_per_token_logps_and_entropies(*args, **kwargs)
        if torch.is_grad_enabled():
            self._logps_B_T = result[0].detach()
        return result

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        self.beta = self.controller.coefficient
        if zero_rows_are_idle(self):
            inputs = rows_with_signal(inputs, self.most)
        loss = super()._compute_loss(model, inputs)
        kl_B = torch.zeros(len(inputs["advantages"]), device=loss.device)
        if "ref_per_token_logps" in inputs:
            mask_B_T = inputs["completion_mask"]
            away_B_T = approximate_kl(inputs["ref_per_token_logps"] - self._logps_B_T)
            kl_B = (away_B_T * mask_B_T).sum(1)
        penalty = self.beta * kl_B.sum() / self._tokens_per_step(inputs)
        policy_loss = loss.detach() - penalty
        self._window += torch.stack([kl_B.sum(), kl_B.new_tensor(len(kl_B)), policy_loss, penalty])
        return loss

    def _tokens_per_step(self, inputs: dict[str, Any]) -> torch.Tensor:
        """Return what the CISPO loss divides its sums by: this rank's share of a step's tokens."""
        tokens: torch.Tensor = inputs["num_items_in_batch"].clamp(min=1.0)
        steps = self.args.steps_per_generation / self.current_gradient_accumulation_steps
        return tokens / self.accelerator.num_processes / steps

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Train on one micro-batch; after the last of a step the coefficient moves."""
        if self._window_is_new:
            self._window = torch.zeros(4, device=self.accelerator.device)
        loss = super().training_step(*args, **kwargs)
        self._window_is_new = self.accelerator.sync_gradients
        if self.accelerator.sync_gradients:
            self._end_window()
        return loss

    def _end_window(self) -> None:
        """Log the two parts of the step's loss, and move the coefficient by its KL."""
        total, completions, policy_loss, penalty = self.accelerator.reduce(
            self._window, "sum"
        ).tolist()
        metrics, ranks = self._metrics["train"], self.accelerator.num_processes
        metrics[POLICY_LOSS].append(policy_loss / ranks)
        metrics[KL_LOSS].append(penalty / ranks)
        if self.controller.coefficient:
            metrics["kl/completion"].append(total / completions)
            metrics["kl/coefficient"].append(self.controller.coefficient)
            self.controller.update(total / completions, round(completions))

    _window_is_new = True


def reward_weights(
    scores_G: torch.Tensor,
    generations: int,
    *,
    reward_range: tuple[float, ...],
    baseline: bool,
    whiten: bool,
) -> torch.Tensor:
    """Return what each completion's log-probability is weighted with.

    Args:
        scores_G: the scores of all ranks, those of one prompt next to each other; NaN where a
            completion was not judged.
        generations: completions of one prompt.
        reward_range: the lowest and the highest score of the teacher's scale, mapped to 0 and 1.
        baseline: subtract the mean over the prompt's other completions, which leaves the gradient
            unbiased.
        whiten: subtract the mean of all and divide by their standard deviation.

    Returns:
        One weight per completion, 0 for what was not judged.

    """
    low, high = reward_range
    weights_G = (scores_G - low) / (high - low)
    if baseline:
        weights_G = weights_G - _mean_of_others(weights_G.view(-1, generations)).view(-1)
    if whiten:
        judged = weights_G[~weights_G.isnan()]
        if len(judged) > 1:
            weights_G = (weights_G - judged.mean()) / (judged.std() + 1e-4)
    return weights_G.nan_to_num(nan=0.0)


def _mean_of_others(weights_P_N: torch.Tensor) -> torch.Tensor:
    """Return for each completion the mean of the prompt's other judged ones; NaN without any."""
    judged_P_1 = (~weights_P_N.isnan()).sum(1, keepdim=True)
    return (weights_P_N.nansum(1, keepdim=True) - weights_P_N) / (judged_P_1 - 1)


def rfai_arguments(arguments: dict[str, Any], reward_weights: list[float]) -> GRPOConfig:
    """Return TRL's configuration: the user's arguments and what we compute."""
    return online_arguments(GRPOConfig, {**arguments, "loss_type": "cispo"}, reward_weights)


def build_rfai(parts: Parts, arguments: GRPOConfig) -> RFAITrainer:
    """Return the trainer."""
    trainer: RFAITrainer = build_online(RFAITrainer, parts, arguments)
    trainer.sampling = parts.settings.dynamic_sampling
    trainer.settings = parts.settings
    trainer.controller = build_controller(parts.settings.kl, arguments.beta)
    trainer.stateful = {**trainer.stateful, "kl": trainer.controller}
    return trainer

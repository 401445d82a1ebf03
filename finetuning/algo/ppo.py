"""PPO: clipped policy gradient with a critic, a KL penalty in each token's reward, several epochs.

Schulman et al. 2017 (arXiv 1707.06347), for language models Ziegler et al. 2019 (arXiv 1909.08593).
TRL has no PPO any more; its GRPOTrainer samples, judges, clips and logs, and takes advantages for
each token. What is added here: values, their loss, GAE, and the early end of the epochs. One
micro-batch of GRPO is a minibatch, `num_iterations` are the epochs.
"""

from typing import Any

import torch
from trl import GRPOConfig, GRPOTrainer

from whetstone.finetuning.algo.base import Parts
from whetstone.finetuning.algo.gae import (
    advantages_and_returns,
    approximate_kl,
    token_rewards,
    value_losses,
    whiten,
)
from whetstone.finetuning.algo.kl import KLController, build_controller
from whetstone.finetuning.algo.online import OnlineTrainer, build_online, online_arguments
from whetstone.finetuning.config.schema import PpoConfig
from whetstone.finetuning.model.value_head import ValueTap, attach_critic, is_critic

_TOO_FAR = 1.5  # times target_kl, as Spinning Up and Stable-Baselines3 have it


class PPOTrainer(OnlineTrainer, GRPOTrainer):
    """trl.GRPOTrainer with a critic."""

    settings: PpoConfig
    controller: KLController
    tap: ValueTap
    beta: float

    # --- sampling: values, rewards and advantages of each token -----------------------------

    def rollout(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Sample and judge, then add values, returns and an advantage for each token."""
        self._sampled_values: list[torch.Tensor] = []
        batch = super().rollout(inputs)
        if "old_per_token_logps" not in batch:
            # TRL leaves them out where each batch serves one step; the KL and the values need them.
            self._sampled_values = []
            batch["old_per_token_logps"] = self._logps_now(batch)
        values_B_T = self._sampled_values[0]  # the policy's pass comes before the reference's
        return {**batch, **self._token_targets(batch, values_B_T)}

    def _logps_now(self, batch: dict[str, Any]) -> torch.Tensor:
        with torch.no_grad():
            logps_B_T, _, _ = self._get_per_token_logps_and_entropies(
                self.model,
                torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1),
                torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1),
                batch["completion_ids"].shape[1],
                self.args.per_device_train_batch_size,
            )
        return logps_B_T

    def _token_targets(
        self, batch: dict[str, Any], values_B_T: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Return advantages and returns of each token. A row that nothing judged counts nowhere."""
        scores_B = self.mine(self.scores_G)
        mask_B_T = batch["completion_mask"] * (~scores_B.isnan())[:, None]
        scores_B = scores_B.nan_to_num() - self._penalties(batch)
        kl_B_T = torch.zeros_like(values_B_T)
        if "ref_per_token_logps" in batch:
            kl_B_T = batch["old_per_token_logps"] - batch["ref_per_token_logps"]
        beta = self.controller.coefficient
        rewards_B_T = token_rewards(scores_B, kl_B_T, mask_B_T, beta)
        gae = self.settings.gae
        advantages_B_T, returns_B_T = advantages_and_returns(
            rewards_B_T, values_B_T, mask_B_T, gae.gamma, gae.lam
        )
        self._steer(kl_B_T, mask_B_T)
        self._log_critic(values_B_T, returns_B_T, mask_B_T)
        if gae.whiten:
            advantages_B_T = whiten(advantages_B_T, mask_B_T, self._total)
        sums_G = self.accelerator.gather((advantages_B_T * mask_B_T).sum(1))
        lengths_G = self.accelerator.gather(mask_B_T.sum(1)).clamp(min=1)
        self.log_advantages(sums_G / lengths_G)
        return {
            "advantages": advantages_B_T,
            "returns": returns_B_T,
            "values": values_B_T,
            "value_mask": mask_B_T,
            "num_items_in_batch": self._total(mask_B_T.sum()),
        }

    def _penalties(self, batch: dict[str, Any]) -> torch.Tensor:
        """Return what each completion loses because its length cut it. A stop word is an end."""
        mask_B_T = batch["completion_mask"]
        if self.settings.missing_eos_penalty is None:
            return mask_B_T.new_zeros(len(mask_B_T), dtype=torch.float32)
        ends = torch.tensor(self.eos_token_ids, device=mask_B_T.device)
        ended_B = (torch.isin(batch["completion_ids"], ends) & mask_B_T.bool()).any(dim=1)
        cut_B = ~ended_B & (mask_B_T.sum(1) == self.max_completion_length)
        return cut_B.float() * self.settings.missing_eos_penalty

    def _steer(self, kl_B_T: torch.Tensor, mask_B_T: torch.Tensor) -> None:
        """Let the controller see the KL of this batch; the next one has the new coefficient."""
        if not self.controller.coefficient:
            return
        sums = torch.stack([(kl_B_T * mask_B_T).sum(), mask_B_T.any(dim=1).float().sum()])
        total, completions = self._total(sums).tolist()
        if completions:
            metrics = self._metrics["train"]
            metrics["kl/completion"].append(total / completions)
            metrics["kl/coefficient"].append(self.controller.coefficient)
            self.controller.update(total / completions, round(completions))

    def _log_critic(
        self, values_B_T: torch.Tensor, returns_B_T: torch.Tensor, mask_B_T: torch.Tensor
    ) -> None:
        """Log how much of the returns the critic knew."""
        unexplained = self._variance(returns_B_T - values_B_T, mask_B_T)
        variance = max(self._variance(returns_B_T, mask_B_T), 1e-8)
        self._metrics["train"]["value/explained_variance"].append(1.0 - unexplained / variance)
        if self.num_generations == 1:
            self._metrics["train"].pop("frac_reward_zero_std")  # one has no deviation

    def _total(self, tensor: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = self.accelerator.reduce(tensor, "sum")
        return total

    def _variance(self, values_B_T: torch.Tensor, mask_B_T: torch.Tensor) -> float:
        sums = [
            mask_B_T.sum(),
            (values_B_T * mask_B_T).sum(),
            (values_B_T.square() * mask_B_T).sum(),
        ]
        count, first, second = self._total(torch.stack(sums)).tolist()
        mean = float(first / max(count, 1))
        return max(0.0, float(second / max(count, 1)) - mean**2)

    # --- training: the critic's loss beside the policy's ------------------------------------

    def _get_per_token_logps_and_entropies(
        self, model: Any, ids: Any, mask: Any, logits_to_keep: int, *args: Any, **kwargs: Any
    ) -> Any:
        """Compute the values in the same pass. V of a state stands where its token is predicted."""
        with self.tap.open() as caught:
            result = super()._get_per_token_logps_and_entropies(
                model, ids, mask, logits_to_keep, *args, **kwargs
            )
        if caught:  # the reference of full training has no critic
            values_B_T = torch.cat(caught)[:, -logits_to_keep - 1 : -1]
            if torch.is_grad_enabled():
                self._values_B_T, self._logps_B_T = values_B_T, result[0].detach()
            else:
                self._sampled_values.append(values_B_T)
        return result

    def longest_loss(self) -> torch.Tensor:
        """Add the critic, which may be a second model."""
        loss = super().longest_loss()
        return loss + self._values_B_T.mean()

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        beta: float = self.beta
        self.beta = 0.0  # the KL is in the rewards already
        loss: torch.Tensor = super()._compute_loss(model, inputs)
        self.beta = beta
        mask_B_T = inputs["value_mask"]
        losses_B_T = value_losses(
            self._values_B_T, inputs["values"], inputs["returns"], self.settings.value.clip
        )
        value_sum = (losses_B_T * mask_B_T).sum()
        # Like the policy's: a mean over the tokens of one step, however they lie in micro-batches.
        tokens = inputs["num_items_in_batch"].clamp(min=1) / self.accelerator.num_processes
        per_step = self.current_gradient_accumulation_steps / self.args.steps_per_generation
        moved_B_T = approximate_kl(self._logps_B_T - inputs["old_per_token_logps"]) * mask_B_T
        sums = torch.stack([value_sum.detach(), moved_B_T.sum(), mask_B_T.sum()])
        self._step_sums += self._total(sums)
        return loss + self.settings.value.coefficient * value_sum / (tokens * per_step)

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Train on one micro-batch, or pass it by where the epochs over this batch have ended."""
        if self._step % (self.args.steps_per_generation * self.num_iterations) == 0:
            self._ended_early = False
        if self._ended_early:
            self._step += 1
            return torch.zeros((), device=self.accelerator.device)
        if self._step_begins:
            self._step_sums = torch.zeros(3, device=self.accelerator.device)
        loss: torch.Tensor = super().training_step(*args, **kwargs)
        self._step_begins = self.accelerator.sync_gradients
        if self._step_begins:
            self._end_step()
        return loss

    def _end_step(self) -> None:
        """Log the step's means; undo it, and end the epochs, if the policy has moved too far.

        Without gradients an optimizer's step changes nothing, its moments neither.
        """
        value_sum, moved, tokens = self._step_sums.tolist()
        moved /= max(tokens, 1)
        target = self.settings.target_kl
        self._ended_early = target is not None and moved > _TOO_FAR * target
        if self._ended_early:
            self.model.zero_grad(set_to_none=True)
        metrics = self._metrics["train"]
        metrics["value/loss"].append(value_sum / max(tokens, 1))
        metrics["policy/approx_kl"].append(moved)
        metrics["policy/ended_early"].append(float(self._ended_early))

    _step_begins = True
    _ended_early = False

    def create_optimizer(self, *args: Any, **kwargs: Any) -> torch.optim.Optimizer:
        """Make the optimizer; the critic has its own learning rate."""
        optimizer = super().create_optimizer(*args, **kwargs)
        critic = {id(p) for name, p in self.model.named_parameters() if is_critic(name)}
        for group in list(optimizer.param_groups):
            own = [p for p in group["params"] if id(p) in critic]
            if own:
                group["params"] = [p for p in group["params"] if id(p) not in critic]
                rate = self.settings.value.learning_rate
                optimizer.add_param_group({**group, "params": own, "lr": rate})
        return optimizer


def ppo_arguments(arguments: dict[str, Any], reward_weights: list[float]) -> GRPOConfig:
    """Return TRL's configuration: the user's arguments and what we compute.

    GRPOConfig refuses `num_generations=1`; PPO compares with its critic, and needs no group. TRL
    checks everything else with a group that fills the batch.
    """
    fixed = {"loss_type": "dapo", "scale_rewards": "none"}  # a mean over tokens, scores as they are
    generations: int = arguments.get("num_generations", 1)
    steps = arguments.get("steps_per_generation") or arguments.get("gradient_accumulation_steps", 1)
    whole_batch = arguments.get("per_device_train_batch_size", 8) * steps
    group = whole_batch if generations == 1 else generations
    checked = {**arguments, **fixed, "num_generations": group}
    built: GRPOConfig = online_arguments(GRPOConfig, checked, reward_weights)
    built.num_generations = generations
    return built


def build_ppo(parts: Parts, arguments: GRPOConfig) -> PPOTrainer:
    """Return the trainer. The critic is hung on the policy of `parts`."""
    attach_critic(
        parts.policy.model,
        parts.peft_config,
        separate=parts.settings.value.kind == "separate",
    )
    trainer: PPOTrainer = build_online(PPOTrainer, parts, arguments)
    trainer.settings = parts.settings
    trainer.controller = build_controller(parts.settings.kl, arguments.beta)
    trainer.stateful = {**trainer.stateful, "kl": trainer.controller}
    trainer.tap = ValueTap(trainer.model)
    return trainer

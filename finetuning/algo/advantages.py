"""What a completion's scores are worth beside those of its group, without a trainer.

TRL computes advantages in the middle of a trainer's method that samples. Who has scores and no
model (`whetstone regrade`) finds the same formulas here; a test holds them against what trainers
logged. Refuses what scores alone do not tell: PPO's advantages are its critic's.
"""

from typing import Any

import torch
import trl
from trl.trainer.utils import nanstd

from whetstone.finetuning.algo.online import weighted_sum
from whetstone.finetuning.algo.rfai import reward_weights
from whetstone.finetuning.config.schema import GrpoConfig, OnlineConfig, RfaiConfig, RlooConfig

_EPSILON = 1e-4
"""What TRL adds to a standard deviation."""


def advantages(
    rewards_B_F: torch.Tensor, weights_F: torch.Tensor, settings: OnlineConfig
) -> torch.Tensor | None:
    """Return the advantage of each completion of one generation, as far as its scores make it.

    Args:
        rewards_B_F: scores of B completions by F rewards, those of a prompt next to each other; NaN
            where nothing was said.
        weights_F: the rewards' weights.
        settings: the algorithm's.

    Returns:
        Shape (B,), 0 for what was not judged; None where the scores do not tell it.

    """
    scores_B = weighted_sum(rewards_B_F, weights_F)
    match settings:
        case GrpoConfig() if trl_argument(settings, "multi_objective_aggregation") != _SUM:
            advantages_B = _normalized_each(rewards_B_F, weights_F, group_size(settings))
        case GrpoConfig():
            advantages_B = _relative_to_group(scores_B, settings)
        case RlooConfig():
            advantages_B = _relative_to_others(scores_B, settings)
        case RfaiConfig():
            advantages_B = reward_weights(
                scores_B,
                group_size(settings),
                reward_range=settings.reward_range,
                baseline=settings.baseline == "prompt",
                whiten=settings.whiten,
            )
        case _:
            return None
    return advantages_B.nan_to_num(nan=0.0)


def adds_other_terms(settings: OnlineConfig) -> bool:
    """Tell whether a completion's score is one term of its advantage, and others are added.

    So with RLOO's KL: a change of scores then changes advantages by what it alone would.
    """
    return (
        isinstance(settings, RlooConfig)
        and not trl_argument(settings, "normalize_advantages")
        and not trl_argument(settings, "reward_clip_range")
    )


def group_size(settings: OnlineConfig) -> int:
    """Return how many completions of a prompt are drawn together."""
    return int(trl_argument(settings, "num_generations"))


def trl_argument(settings: OnlineConfig, name: str) -> Any:
    """Return one of TRL's arguments: the run's, or TRL's own default."""
    fields = getattr(trl, settings.trl_class).__dataclass_fields__
    return settings.args.get(name, fields[name].default)


_SUM = "sum_then_normalize"


def _relative_to_group(scores_B: torch.Tensor, settings: OnlineConfig) -> torch.Tensor:
    """GRPO's: the distance to the group's mean, in standard deviations of group or batch."""
    generations = group_size(settings)
    scores_P_N = scores_B.view(-1, generations)
    advantages_B = scores_B - _each(torch.nanmean(scores_P_N, dim=1), generations)
    match trl_argument(settings, "scale_rewards"):
        case "group":
            return advantages_B / (_each(nanstd(scores_P_N, dim=1), generations) + _EPSILON)
        case "batch":
            return advantages_B / (nanstd(scores_B).expand_as(scores_B) + _EPSILON)
    return advantages_B


def _normalized_each(
    rewards_B_F: torch.Tensor, weights_F: torch.Tensor, generations: int
) -> torch.Tensor:
    """GRPO's `normalize_then_sum`: each reward within its group, then the sum within the batch."""
    rewards_P_N_F = rewards_B_F.view(-1, generations, rewards_B_F.shape[1])
    apart_P_N_F = rewards_P_N_F - torch.nanmean(rewards_P_N_F, dim=1, keepdim=True)
    scaled_P_N_F = apart_P_N_F / (nanstd(rewards_P_N_F, dim=1, keepdim=True) + _EPSILON)
    scores_B = weighted_sum(scaled_P_N_F.view(rewards_B_F.shape), weights_F)
    scores_B[rewards_B_F.isnan().all(dim=1)] = torch.nan
    return (scores_B - torch.nanmean(scores_B)) / (nanstd(scores_B) + _EPSILON)


def _relative_to_others(scores_B: torch.Tensor, settings: RlooConfig) -> torch.Tensor:
    """RLOO's: the distance to the mean of the group's other judged completions."""
    if limits := trl_argument(settings, "reward_clip_range"):
        scores_B = scores_B.clamp(min=limits[0], max=limits[1])
    scores_P_N = scores_B.view(-1, group_size(settings))
    judged_P_1 = (~scores_P_N.isnan()).sum(dim=1, keepdim=True)
    others_P_N = (torch.nansum(scores_P_N, dim=1, keepdim=True) - scores_P_N) / (judged_P_1 - 1)
    advantages_B = scores_B - others_P_N.view(-1)
    if trl_argument(settings, "normalize_advantages"):
        advantages_B = (advantages_B - torch.nanmean(advantages_B)) / (
            nanstd(advantages_B) + _EPSILON
        )
    return advantages_B


def _each(values_P: torch.Tensor, generations: int) -> torch.Tensor:
    return values_P.repeat_interleave(generations, dim=0)

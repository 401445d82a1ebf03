"""The arithmetic of PPO: token rewards, advantages, the clipped value loss. Tensors in and out.

Schulman et al. 2016 (arXiv 1506.02438) for the advantages, Schulman et al. 2017 (arXiv 1707.06347)
for the loss, Ziegler et al. 2019 (arXiv 1909.08593) for the KL penalty in every token's reward.
Shape suffixes: B completions, T tokens, padded on the right. Masks are 1 up to a completion's end;
a row of zeros is a completion that is left out.
"""

from collections.abc import Callable

import torch


def token_rewards(
    scores_B: torch.Tensor, kl_B_T: torch.Tensor, mask_B_T: torch.Tensor, beta: float
) -> torch.Tensor:
    """Return -beta * KL for each token, and the score of the completion on its last one.

    Args:
        scores_B: one reward per completion.
        kl_B_T: log-probability under the policy that sampled minus under the reference, in nats.
        mask_B_T: 1 for a completion's tokens.
        beta: the coefficient of the penalty.

    """
    rewards_B_T = -beta * kl_B_T * mask_B_T
    rows = mask_B_T.any(dim=1).nonzero()[:, 0]
    last = mask_B_T.long().sum(1)[rows] - 1
    rewards_B_T[rows, last] += scores_B[rows]
    return rewards_B_T


def advantages_and_returns(
    rewards_B_T: torch.Tensor,
    values_B_T: torch.Tensor,
    mask_B_T: torch.Tensor,
    gamma: float,
    lam: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return GAE(gamma, lambda) and what the critic learns: the advantage plus the old value.

    A completion's end is terminal: the value after it is 0, also where its length cut it.
    """
    mask_B_T = mask_B_T.to(values_B_T.dtype)
    values_B_T = values_B_T * mask_B_T
    advantages_B_T = torch.zeros_like(values_B_T)
    following_B = next_value_B = torch.zeros_like(values_B_T[:, 0])
    for t in reversed(range(values_B_T.shape[1])):
        delta_B = rewards_B_T[:, t] + gamma * next_value_B - values_B_T[:, t]
        following_B = (delta_B + gamma * lam * following_B) * mask_B_T[:, t]
        next_value_B = values_B_T[:, t]
        advantages_B_T[:, t] = following_B
    return advantages_B_T, advantages_B_T + values_B_T


def whiten(
    values_B_T: torch.Tensor,
    mask_B_T: torch.Tensor,
    total: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Give the masked values mean 0 and variance 1; `total` sums a tensor over all ranks."""
    mask_B_T = mask_B_T.to(values_B_T.dtype)
    count, first = total(torch.stack([mask_B_T.sum(), (values_B_T * mask_B_T).sum()]))
    mean = first / count.clamp(min=1)
    squares = total((((values_B_T - mean) * mask_B_T).square()).sum())
    variance = squares / count.clamp(min=1)
    # A deviation of 1e-4 is none: where all values are equal, what is left is rounding.
    return (values_B_T - mean) * (variance + 1e-8).rsqrt() * mask_B_T


def value_losses(
    values_B_T: torch.Tensor,
    old_values_B_T: torch.Tensor,
    returns_B_T: torch.Tensor,
    clip: float | None,
) -> torch.Tensor:
    """Return half the squared error of each value, the larger of clipped and not clipped."""
    errors_B_T = (values_B_T - returns_B_T).square()
    if clip is not None:
        near_B_T = old_values_B_T + (values_B_T - old_values_B_T).clamp(-clip, clip)
        errors_B_T = torch.maximum(errors_B_T, (near_B_T - returns_B_T).square())
    return 0.5 * errors_B_T


def approximate_kl(log_ratio_B_T: torch.Tensor) -> torch.Tensor:
    """Return ratio - 1 - log ratio, whose mean over samples of the old policy is the KL from it.

    Never negative and of low variance: http://joschu.net/blog/kl-approx.html.
    """
    return log_ratio_B_T.exp() - 1 - log_ratio_B_T

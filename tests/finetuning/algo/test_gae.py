"""Numbers made by hand from the definitions."""

import math

import pytest
import torch

from whetstone.finetuning.algo.gae import (
    advantages_and_returns,
    approximate_kl,
    token_rewards,
    value_losses,
    whiten,
)

ONES = torch.ones(1, 3)
REWARDS = torch.tensor([[0.1, -0.2, 1.0]])
VALUES = torch.tensor([[0.5, 0.4, 0.3]])


def test_a_score_stands_on_the_last_token_and_the_kl_on_each():
    mask = torch.tensor([[1, 1, 1], [1, 0, 0], [0, 0, 0]])
    kl = torch.tensor([[0.2, -0.1, 0.4], [1.0, 9.0, 9.0], [9.0, 9.0, 9.0]])
    rewards = token_rewards(torch.tensor([1.0, -0.5, 7.0]), kl, mask, beta=0.5)
    expected = [[-0.1, 0.05, 0.8], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    torch.testing.assert_close(rewards, torch.tensor(expected))


def test_advantages_and_returns_by_hand():
    """gamma 0.9, lambda 0.8: deltas are -0.04, -0.33, 0.7; each is carried on by 0.72."""
    advantages, returns = advantages_and_returns(REWARDS, VALUES, ONES, 0.9, 0.8)
    torch.testing.assert_close(advantages, torch.tensor([[0.08528, 0.174, 0.7]]))
    torch.testing.assert_close(returns, torch.tensor([[0.58528, 0.574, 1.0]]))


def test_lambda_one_is_the_discounted_return_minus_the_value():
    advantages, returns = advantages_and_returns(REWARDS, VALUES, ONES, 0.5, 1.0)
    discounted = torch.tensor([[0.1 - 0.1 + 0.25, -0.2 + 0.5, 1.0]])
    torch.testing.assert_close(returns, discounted)
    torch.testing.assert_close(advantages, discounted - VALUES)


def test_lambda_zero_is_one_step():
    advantages, _ = advantages_and_returns(REWARDS, VALUES, ONES, 0.9, 0.0)
    torch.testing.assert_close(advantages, torch.tensor([[-0.04, -0.33, 0.7]]))


def test_what_stands_in_the_padding_changes_nothing():
    mask = torch.tensor([[1, 1, 1, 0, 0]])
    rewards = torch.nn.functional.pad(REWARDS, (0, 2))
    values = torch.nn.functional.pad(VALUES, (0, 2), value=99.0)
    advantages, returns = advantages_and_returns(rewards, values, mask, 0.9, 0.8)
    torch.testing.assert_close(advantages[:, :3], torch.tensor([[0.08528, 0.174, 0.7]]))
    assert advantages[:, 3:].eq(0).all()
    assert returns[:, 3:].eq(0).all()


def test_whitening_counts_masked_values_only():
    values = torch.tensor([[1.0, 3.0, 100.0], [5.0, 7.0, 100.0]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 0]])
    white = whiten(values, mask, lambda tensor: tensor)
    root = math.sqrt(5)  # mean 4, variance (9 + 1 + 1 + 9) / 4
    expected = torch.tensor([[-3 / root, -1 / root, 0.0], [1 / root, 3 / root, 0.0]])
    torch.testing.assert_close(white, expected)


@pytest.mark.parametrize("value", [0.1, 0.7])
def test_equal_values_whiten_to_nothing(value):
    """One reward for all, and a critic that knows nothing yet: rounding is no advantage."""
    values = torch.full((128, 30), value)
    assert whiten(values, torch.ones(128, 30), lambda tensor: tensor).abs().max() < 1e-3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, 0.5 * 0.9**2),  # within the clip
        (0.6, 0.5 * 0.8**2),  # closer, but clipped at 0.2 from the old value: no further gain
        (-0.5, 0.5 * 1.5**2),  # worse, and not excused by the clip
    ],
)
def test_the_larger_of_clipped_and_not_clipped(value, expected):
    old, target = torch.tensor([[0.0]]), torch.tensor([[1.0]])
    loss = value_losses(torch.tensor([[value]]), old, target, clip=0.2)
    assert loss.item() == pytest.approx(expected)
    unclipped = value_losses(torch.tensor([[value]]), old, target, clip=None)
    assert unclipped.item() == pytest.approx(0.5 * (1 - value) ** 2)


def test_the_approximate_kl_has_the_mean_of_the_kl():
    old, new = torch.tensor([0.2, 0.3, 0.5]), torch.tensor([0.25, 0.45, 0.3])
    estimates = approximate_kl((new / old).log())
    assert estimates.ge(0).all()
    exact = (old * (old / new).log()).sum()
    torch.testing.assert_close((old * estimates).sum(), exact)

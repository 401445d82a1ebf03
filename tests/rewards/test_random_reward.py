from types import SimpleNamespace

import pytest

from whetstone.rewards.random_reward import RandomReward


def draws(reward, count=1000, step=None):
    state = None if step is None else SimpleNamespace(global_step=step)
    texts = ["?"] * count
    return reward(prompts=texts, completions=texts, trainer_state=state)


def test_a_draw_is_one_with_the_given_probability():
    rewards = draws(RandomReward(probability=0.3), 4000)
    assert set(rewards) == {0.0, 1.0}
    assert sum(rewards) / 4000 == pytest.approx(0.3, abs=0.03)
    assert set(draws(RandomReward(probability=0.0))) == {0.0}
    assert set(draws(RandomReward(probability=1.0))) == {1.0}


def test_a_draw_depends_on_seed_and_step_and_index():
    reference = draws(RandomReward(), step=5)
    assert draws(RandomReward(seed=1), step=5) != reference
    assert draws(RandomReward(), step=6) != reference
    assert len(set(reference)) == 2


def test_a_resumed_run_draws_what_the_uninterrupted_one_had():
    whole = RandomReward()
    expected = [draws(whole, step=step) for step in range(4)]
    assert [draws(RandomReward(), step=step) for step in range(4)] == expected


def test_nothing_but_seed_step_and_index_matters():
    texts = ["a" * index for index in range(50)]
    state = SimpleNamespace(global_step=3)
    first = RandomReward()(prompts=texts, completions=texts, trainer_state=state, tests=texts)
    assert first == draws(RandomReward(), 50, step=3)


def test_without_a_trainer_the_calls_are_counted():
    reward = RandomReward()
    assert [draws(reward), draws(reward)] == [
        draws(RandomReward(), step=0),
        draws(RandomReward(), step=1),
    ]


def test_a_probability_is_one():
    with pytest.raises(ValueError, match=r"probability=1\.5"):
        RandomReward(probability=1.5)

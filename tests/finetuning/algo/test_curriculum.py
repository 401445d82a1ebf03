import pytest

from whetstone.finetuning.algo.curriculum import CurriculumSampler, PassRates
from whetstone.finetuning.config.schema import CurriculumConfig

NAN = float("nan")
CONFIG = CurriculumConfig(order="easy_first", buckets=[0.75, 0.25], pass_reward=1.0, column=None)


def rates(known):
    return PassRates(CONFIG, known)


def sampler(of):
    return CurriculumSampler(
        of, data_source=range(6), mini_repeat_count=2, batch_size=2, repeat_count=1, seed=7
    )


def test_easy_comes_first_and_the_unmeasured_between():
    order = rates([0.0, 1.0, None, 0.1, 0.9, 0.5]).order(epoch=0, seed=0)
    assert set(order[:2]) == {1, 4}
    assert set(order[2:4]) == {2, 5}
    assert set(order[4:]) == {0, 3}


def test_prompts_move_between_buckets_from_one_epoch_to_the_next():
    known = rates([None] * 6)
    known.order(0, 0)
    known.record([0, 0, 1, 1, 2, 2], [1.0, 1.0, 0.0, 0.5, 1.0, 0.0])
    order = known.order(1, 0)
    assert order[0] == 0
    assert order[-1] == 1
    known.record([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.2])
    assert known.order(1, 0) == order  # within an epoch the order stands
    assert known.order(2, 0)[0] == 1
    assert known.order(2, 0)[-1] == 0


def test_what_was_not_judged_says_nothing():
    known = rates([0.5, 0.5])
    known.record([0, 0, 1, 1], [NAN, 1.0, NAN, NAN])
    assert known.state()["rates"] == [1.0, 0.5]


def test_within_a_bucket_the_order_is_random():
    orders = {tuple(rates([None] * 6).order(epoch, 0)) for epoch in range(5)}
    assert len(orders) > 1


def test_a_batch_holds_neighbours_and_their_copies():
    served = list(sampler(rates([0.0, 1.0, 0.5, 0.1, 0.9, 0.6])))
    assert len(served) == 12
    assert set(served[:4]) == {1, 4}
    assert set(served[8:]) == {0, 3}


@pytest.mark.parametrize("moment", ["in the epoch", "between epochs"])
def test_a_resumed_run_serves_what_the_uninterrupted_one_would(moment):
    whole = rates([None] * 6)
    first = sampler(whole)
    list(first)
    whole.record([0, 1, 2, 3, 4, 5], [1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    if moment == "in the epoch":
        first.set_epoch(1)
        expected = list(first)
        whole.record([0, 1], [0.0, 1.0])
        state = whole.state()
    else:
        state = whole.state()
        first.set_epoch(1)
        expected = list(first)
    resumed = rates([None] * 6)
    resumed.restore(state)
    again = sampler(resumed)
    again.set_epoch(1)
    assert list(again) == expected

import pytest

from whetstone.finetuning.algo.kl import KLController


def test_the_coefficient_follows_the_error():
    controller = KLController(0.1, target=6.0, horizon=1000)
    controller.update(6.6, completions=100)  # 10 % too far, a tenth of the horizon
    assert controller.coefficient == pytest.approx(0.1 * 1.01)
    controller.update(5.4, completions=100)
    assert controller.coefficient == pytest.approx(0.1 * 1.01 * 0.99)


def test_the_error_is_clipped_at_a_fifth():
    near, far = (KLController(0.1, target=6.0, horizon=1000) for _ in range(2))
    near.update(7.2, completions=100)
    far.update(600.0, completions=100)
    assert near.coefficient == pytest.approx(far.coefficient) == pytest.approx(0.102)


def test_without_a_target_it_stays():
    controller = KLController(0.1, target=None, horizon=1000)
    controller.update(100.0, completions=100)
    assert controller.coefficient == 0.1


def test_it_settles_where_the_kl_meets_the_target():
    """A policy whose KL falls as the coefficient rises: KL = 1 / beta."""
    controller = KLController(1.0, target=6.0, horizon=1000)
    for _ in range(300):
        controller.update(1 / controller.coefficient, completions=100)
    assert controller.coefficient == pytest.approx(1 / 6, rel=0.02)


def test_a_resumed_one_goes_on():
    controller, resumed = (KLController(0.1, 6.0, 1000) for _ in range(2))
    controller.update(9.0, 100)
    resumed.restore(controller.state())
    assert resumed.coefficient == controller.coefficient

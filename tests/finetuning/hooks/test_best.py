from whetstone.finetuning.hooks.best import choose

METRIC = "eval/nano_dev/pass@1"


def rows(*scores):
    looks = [{"step": 30 * n, METRIC: score} for n, score in enumerate(scores)]
    # A reward that rises all the way: it must not decide.
    return [*looks, *({"step": n, "reward": n / 100} for n in range(100))]


def test_the_last_weights_stay_while_the_difference_may_be_luck():
    choice = choose(METRIC, 0.1, rows(0.2, 0.8, 0.75))
    assert (choice.kept, choice.best_step, choice.last_step) == ("last", 30, 60)


def test_a_loss_that_is_no_luck_takes_the_best_look():
    choice = choose(METRIC, 0.1, rows(0.2, 0.8, 0.6))
    assert (choice.kept, choice.best_step, choice.best, choice.last) == ("best", 30, 0.8, 0.6)


def test_a_margin_of_zero_always_takes_the_best_and_the_first_of_equals():
    assert choose(METRIC, 0.0, rows(0.2, 0.8, 0.79)).kept == "best"
    choice = choose(METRIC, 0.0, rows(0.2, 0.8, 0.8))
    assert (choice.kept, choice.best_step) == ("last", 30)


def test_training_that_only_did_harm_gives_the_model_back():
    assert choose(METRIC, 0.1, rows(0.5, 0.2)).best_step == 0


def test_without_looks_there_is_no_choice():
    assert choose(METRIC, 0.1, [{"step": 1, "reward": 1.0}]) is None

"""`experiment=laptop`: a small language model on our own small tasks."""

from whetstone.finetuning.config import load


def values(*overrides):
    config = load(["experiment=laptop", *overrides]).main.model_dump(mode="json")
    return {name: config[name] for name in config if name != "reward"}, [*config["reward"]]


def test_the_control_differs_in_its_reward_alone():
    (run, judges), (control, others) = values(), values("reward=random")
    assert run == control
    assert (judges, others) == (["execution"], ["random"])


def test_a_step_is_four_groups_of_eight_that_are_learned_one_by_one():
    arguments = load(["experiment=laptop"]).main.algo.args
    assert arguments["num_generations"] == 8
    assert arguments["per_device_train_batch_size"] == 8
    assert arguments["gradient_accumulation_steps"] == 4
    assert arguments["beta"] == 0.0


def test_it_is_measured_on_what_it_never_trains_on():
    config = load(["experiment=laptop"]).main
    assert config.hooks.evaluate.tasks == ["basics"]
    assert (config.hooks.evaluate.before, config.hooks.evaluate.after) == (True, True)
    assert config.data.name == "basics"

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_evaluation, load_generate
from whetstone.finetuning.config.rules import backend
from whetstone.finetuning.errors import ConfigError


def problems_of(*overrides):
    with pytest.raises(ConfigError) as caught:
        load_evaluation(overrides)
    return {problem.setting: problem.message for problem in caught.value.problems}


def test_the_defaults_are_those_of_the_automatic_evaluation():
    config = load_evaluation(["model=qwen", "tasks=[nano]"])
    assert (config.temperature, config.samples, config.batch_size) == (0.2, 15, 8)
    assert (config.max_new_tokens, config.k, config.greedy) == (2048, [1, 5, 10], True)


def test_values_are_read_as_everywhere(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "qwen2"}')
    (tmp_path / "tokenizer.json").write_text("{}")
    config = load_evaluation([f"model={tmp_path}", "tasks=[nano,nano_dev]", "limit=3", "k=[1]"])
    assert (config.model, config.tasks, config.limit) == (str(tmp_path), ["nano", "nano_dev"], 3)


def test_every_mistake_is_told_at_once():
    found = problems_of(
        "model=qwn", "tasks=[mbbp]", "sampels=3", "temperature=0", "top_p=2", "k=[0]",
        "load_in_4bit=true", "load_in_8bit=true", "samples=x", "seed=1", "seed=2",
    )  # fmt: skip
    assert "did you mean `qwen`?" in found["model=qwn"]
    assert "did you mean `mbpp`?" in found["tasks=mbbp"]
    assert "did you mean `samples`?" in found["sampels=3"]
    assert "a number above 0" in found["temperature=0"]
    assert "1 or a number below it" in found["top_p=2"]
    assert "a number above 0" in found["k.0=0"]
    assert "a whole number" in found["samples=x"]
    assert "choose one" in found["load_in_8bit=true"]
    assert "twice" in found["seed=2"]


def test_a_model_must_be_given_and_a_folder_must_be_there():
    assert "must be given" in problems_of("tasks=[nano]")["model"]
    path = "outputs/none/merged"
    assert "no such folder" in problems_of(f"model={path}", "tasks=[nano]")[f"model={path}"]


def test_several_tasks_are_a_list():
    found = problems_of("model=qwen", "tasks=nano,nano_dev")
    assert "'tasks=[nano,nano_dev]'" in found["tasks=nano,nano_dev"]


def test_packages_that_are_not_installed_are_told():
    found = problems_of("model=qwen", "tasks=[nano]", "packages=[no_such_module]")
    assert "no module of this name" in found["packages=[no_such_module]"]


def test_what_trains_with_packages_measures_and_collects_with_them():
    config = load(["debug=true", "reward.execution.packages=[pytest]"]).main
    assert config.hooks.evaluate.packages == ["pytest"]
    with pytest.raises(ConfigError) as caught:
        load(["debug=true", "hooks.evaluate.packages=[no_such_module]"])
    assert [one.setting for one in caught.value.problems] == [
        "hooks.evaluate.packages=[no_such_module]"
    ]


def test_two_tasks_of_one_name_collide(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.jsonl").write_text('{"prompt": "p", "tests": "pass"}\n')
    found = problems_of("model=qwen", f"tasks=[{tmp_path}/a/mine.jsonl,{tmp_path}/b/mine.jsonl]")
    assert "collide" in found["tasks"]


@pytest.mark.parametrize("load_command", [load_evaluation, load_generate])
def test_a_gpu_that_cannot_be_here_is_told_with_everything_else(
    load_command, tmp_path, monkeypatch
):
    monkeypatch.setattr(backend, "DEVICES", tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(ConfigError) as caught:
        load_command(["model=qwen", "device=cuda", "sede=1"])
    found = {problem.setting: problem.message for problem in caught.value.problems}
    assert "no driver of a CUDA device; use device=cpu or device=auto" in found["device=cuda"]
    assert "sede=1" in found
    (tmp_path / "nvidia0").touch()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(ConfigError) as caught:
        load_command(["model=qwen", "device=cuda", "sede=1"])
    assert "device=cuda" not in {problem.setting for problem in caught.value.problems}


def test_an_adapter_must_be_one(tmp_path):
    given = f"adapter={tmp_path}"
    found = problems_of(f"model={tmp_path}", "tasks=[nano]", given)
    assert "no adapter_config.json" in found[given]
    load_evaluation(["model=qwen", "tasks=[nano]", "adapter=owner/name"])  # the Hub may know it

"""`model=` means the same everywhere: a preset, a folder, a run's folder or an id of the Hub."""

from pathlib import Path

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.config.command_line import read_command_line
from whetstone.finetuning.config.commands import load_evaluation, load_generate
from whetstone.finetuning.config.resolve_model import resolve_model
from whetstone.finetuning.config.validation import load_validation
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training_command import checked


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A place with a model, a run that has ended, one that has not, and an adapter."""
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "outputs/done/merged", "mute", "empty", "cut", "stranger"):
        Path(name).mkdir(parents=True)
        Path(name, "config.json").write_text('{"model_type": "qwen2"}')
        Path(name, "tokenizer.json").write_text("{}")
    Path("mute/tokenizer.json").unlink()
    Path("empty/config.json").write_text("")
    Path("cut/config.json").write_text('{"model_type"')
    Path("stranger/config.json").write_text("{}")
    Path("outputs/begun").mkdir()
    Path("adapter").mkdir()
    Path("adapter/adapter_config.json").write_text("{}")
    return tmp_path


def train_gate(given):
    config = load([f"model={given}", "data=nano"]).main
    return config.model.path


GATES = {
    "train": train_gate,
    "evaluate": lambda given: load_evaluation([f"model={given}", "tasks=nano"]),
    "generate": lambda given: load_generate([f"model={given}"]),
    "validate": lambda given: load_validation(
        [f"base={given}", f"tuned={given}", "prompts=nano", "reward=random"]
    ),
}
WRONG = {
    "outputs/dnoe": "there is no such folder; did you mean outputs/done?",
    "./nowhere": "there is no such folder",
    "a/b/c": "there is no such folder",
    "outputs/begun": "not a run that has ended",
    "adapter": "this is an adapter",
    "mute": "has no tokenizer",
    "empty": "config.json is no JSON object",
    "cut": "config.json is no JSON object",
    "stranger": "config.json names no model_type",
    "qwen3": "model=Qwen/Qwen3-0.6B",
}


def reason(gate, given):
    with pytest.raises(ConfigError) as caught:
        GATES[gate](given)
    name = "base" if gate == "validate" else "model"
    return {p.setting: p.message for p in caught.value.problems}[f"{name}={given}"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("gate", GATES)
def test_every_command_says_the_same_of_what_is_no_model(gate):
    given = WRONG if gate != "train" else {"outputs/dnoe": WRONG["outputs/dnoe"]}
    for wrong, words in given.items():
        assert words in reason(gate, wrong)


@pytest.mark.usefixtures("here")
def test_the_command_line_of_training_says_it_too():
    for wrong, words in WRONG.items():
        [problem] = read_command_line([f"model={wrong}"]).problems
        assert (problem.setting, words in problem.message) == (f"model={wrong}", True)


@pytest.mark.usefixtures("here")
def test_a_folder_a_run_and_an_id_are_models():
    assert resolve_model("mine", "model=mine").path == "mine"
    run = resolve_model("outputs/done", "model=outputs/done")
    assert (run.name, run.path) == ("done", "outputs/done/merged")
    hub = resolve_model("Qwen/Qwen3-0.6B", "model=")
    assert (hub.name, hub.path, hub.revision) == ("Qwen3-0.6B", "Qwen/Qwen3-0.6B", None)
    preset = resolve_model("qwen", "model=qwen")
    assert (preset.name, preset.path) == ("qwen", "Qwen/Qwen2.5-Coder-1.5B")
    assert not preset.trust_remote_code
    for gate in ("evaluate", "generate", "validate"):
        for given in ("mine", "outputs/done", "Qwen/Qwen3-0.6B"):
            assert GATES[gate](given)


def test_training_takes_them_as_it_takes_model_path(here):
    plan = load(["model=outputs/done", "data=nano"])
    assert (plan.main.model.path, plan.main.model.name) == ("outputs/done/merged", "done")
    typed = load(["model.path=outputs/done/merged", "data=nano"])
    assert plan.main == typed.main
    told = checked([f"model={here / 'mine'}", "data=nano"])
    assert {"model=local", f"++model.path='{here / 'mine'}'"} <= set(told)


def test_only_a_slip_of_the_pen_gets_a_suggestion():
    def hint(word):
        [problem] = read_command_line([f"model={word}"]).problems
        return problem.message.partition("did you mean `")[2].partition("`")[0]

    assert hint("qwn") == "qwen"
    assert hint("qwen3b") == "qwen_3b"
    assert hint("codelama") == "codellama"
    assert [hint(word) for word in ("qwen3", "llama", "qwen2", "gemma", "starcoder")] == [""] * 5


def test_a_preset_that_is_made_by_training_has_no_weights_to_load():
    with pytest.raises(ConfigError, match="give the folder of a run"):
        resolve_model("nano", "model=nano")


def test_a_model_is_given_once():
    [problem] = read_command_line(["model.path=a/b", "model=c/d"]).problems
    assert "given twice" in problem.message
    [problem] = read_command_line(["model=c/d", "model.path=a/b"]).problems
    assert "given twice" in problem.message


def test_a_sweep_over_models_of_the_hub():
    command = read_command_line(["model=a/b,c/d"], sweep=True)
    assert command.choices["model"] == "model=local"
    assert command.values["model.path"] == "++model.path='a/b','c/d'"
    [problem] = read_command_line(["model=qwen,c/d"], sweep=True).problems
    assert "do not mix" in problem.message


def test_home_is_understood_in_every_path(monkeypatch, here):
    monkeypatch.setenv("HOME", str(here))
    assert load_generate(["model=~/mine"]).model == str(here / "mine")
    evaluation = load_evaluation(["model=mine", "tasks=[nano]", "outputs=~/results"])
    assert evaluation.outputs == here / "results"
    (here / "rows.jsonl").write_text('{"prompt": "p", "tests": "assert f() == 1"}\n' * 4)
    given = ["data=jsonl", "data.train=~/rows.jsonl", "data.eval_tasks=[~/rows.jsonl]"]
    config = load(["model=~/mine", *given, "run.outputs=~/runs"]).main
    assert config.model.path == str(here / "mine")
    assert config.data.train == here / "rows.jsonl"
    assert config.hooks.evaluate.tasks == [str(here / "rows.jsonl")]
    assert config.run.cache == here / "runs" / ".cache"

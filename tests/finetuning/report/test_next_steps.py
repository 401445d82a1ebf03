"""What is printed below `Next:` can be typed: bash reads it, and the gate accepts it."""

import io
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from whetstone.finetuning.artifacts.run_dir import as_yaml
from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import (
    load_evaluation,
    load_generate,
    load_publish_dataset,
)
from whetstone.finetuning.report.example import NANO
from whetstone.finetuning.report.next_steps import print_next
from whetstone.finetuning.training_command import checked

GATES = {
    "train": checked,
    "evaluate": load_evaluation,
    "generate": lambda words: load_generate([w for w in words if not w.startswith("prompt=")]),
    "audit": load,
    "collect": load,
    "publish": lambda words: load_publish_dataset(words[1:]),
}


@pytest.fixture
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return tmp_path


def finish(*typed, name="a-run"):
    """Leave what a finished run leaves and what these commands are made of."""
    plan = load(typed)
    config = as_yaml(plan.main)
    folder = Path("outputs") / name
    (folder / "merged").mkdir(parents=True)
    vocabulary = 512 if config["model"]["name"] == "nano" else 151_936
    model = {"model_type": "llama", "vocab_size": vocabulary, "max_position_embeddings": 2048}
    (folder / "merged" / "config.json").write_text(json.dumps(model))
    (folder / "merged" / "tokenizer.json").write_text("{}")
    (folder / "merged" / "reward_model.json").write_text("{}")
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    report = {"name": folder.name, "status": "done", "model": config["model"]["name"]}
    report |= {"algo": config["algo"]["name"], "seconds": {"total": 1.0}}
    report["model_folder"] = str((folder / "merged").resolve())
    if config["collect"] is not None:
        data = folder / "dataset"
        data.mkdir()
        row = {"prompt": "p", "reference": "r", "completion": "c", "verdict": "passed"}
        row |= {"chosen": "c", "rejected": "r", "label": True, "tests": "assert f()"}
        rows = [{**row, "label": label} for label in (True, False)] * 64
        (data / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (data / "statistics.json").write_text("{}")
        report |= {"data_folder": str(data.resolve()), "statistics": {"prompts": 1}}
    (folder / "report.json").write_text(json.dumps(report))
    return folder, plan.typed


def printed(folder, typed):
    """Return the commands as bash splits them, without the program's name."""
    screen = io.StringIO()
    print_next(Console(file=screen, force_terminal=True, width=80), folder, typed)
    text = re.sub("\x1b\\[[0-9;]*m", "", screen.getvalue())
    assert text.startswith("\nNext:\n")
    assert max(map(len, text.splitlines())) <= 80
    commands = text.removeprefix("\nNext:\n").replace("\\\n", "").splitlines()
    script = "\n".join(f"printf '%s\\0' {command}; printf '\\1'" for command in commands)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return [words.split("\0")[1:-1] for words in done.stdout.split("\1")[:-1]]


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize(
    ("typed", "verbs"),
    [
        ([], ["generate", "evaluate", "train"]),
        (["seed=4", "run.name=mine", "algo=sft"], ["generate", "evaluate", "train"]),
        (["debug=true", "algo.args.beta=0.02"], ["train", "generate", "evaluate"]),
        (["model=qwen", "data=mbpp"], ["generate", "evaluate", "train"]),
        (["model=qwen", "data=mbpp", "hooks.evaluate.tasks=[]"], ["generate", "evaluate", "train"]),
        (["algo=reward"], ["audit", "train", "train"]),
        (["collect=base", "model=qwen", "data=mbpp"], ["collect"] * 3),
    ],
)
def test_what_is_printed_can_be_typed(typed, verbs):
    commands = printed(*finish(*typed))
    assert [words[0] for words in commands] == verbs
    for verb, *words in commands:
        GATES[verb](words)


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize("kind", ["dpo", "kto", "sft"])
def test_a_collected_data_set_can_be_trained_on(kind):
    base, _ = finish("collect=base", "model=qwen", "data=mbpp")
    base = base.rename("outputs/base")
    typed = [f"collect={kind}", f"collect.base={base}/dataset", "model=qwen", "data=mbpp"]
    commands = printed(*finish(*typed, "reward=execution"))
    assert [words[0] for words in commands] == ["train", "collect", "publish"]
    assert f"algo={kind}" in commands[0]
    for verb, *words in commands:
        GATES[verb](words)


@pytest.mark.usefixtures("somewhere")
def test_the_prompt_is_one_that_the_model_knows():
    folder, typed = finish()
    generate, _, again = printed(folder, typed)
    assert generate[1:] == ["model=outputs/a-run", f"prompt={NANO}"]
    assert again == ["train", "seed=1"]


@pytest.mark.usefixtures("somewhere")
def test_nothing_is_printed_that_nobody_typed():
    again = printed(*finish("model=Qwen/Qwen3-0.6B"))[-1]
    assert again == ["train", "model=Qwen/Qwen3-0.6B", "seed=1"]


@pytest.mark.usefixtures("somewhere")
def test_a_folder_may_have_any_name():
    generate, evaluate, _ = printed(*finish(name="that (run)'s, [new]"))
    GATES["generate"](generate[1:])
    assert load_evaluation(evaluate[1:]).model == "outputs/that (run)'s, [new]"

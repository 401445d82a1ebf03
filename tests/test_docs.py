"""Every command and every YAML that the documentation shows is accepted by the gate."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from finetuning.cli import checked
from finetuning.config import load
from finetuning.config.commands import (
    load_generate,
    load_merge,
    load_publish_dataset,
    load_publish_model,
)
from finetuning.config.evaluation import load_evaluation

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Examples of what is wrong, and what a user puts in place of a capital word.
WRONG = "algo.args.lerning_rate=1.0e-5"
COMMANDS = sorted(
    {
        match.strip()
        for page in PAGES
        for match in re.findall(r"python train\.py([^\n`#]*)", page.read_text())
        if WRONG not in match
    }
)


GATES = {
    "merge": load_merge,
    "generate": load_generate,
    "publish model": load_publish_model,
    "publish dataset": load_publish_dataset,
}
EVALUATIONS = sorted(
    {
        match.strip()
        for page in PAGES
        for match in re.findall(r"whetstone evaluate( model=[^\n`#]*)", page.read_text())
    }
)

SMALL_COMMANDS = sorted(
    {
        (gate, match.strip())
        for page in PAGES
        for gate in GATES
        for match in re.findall(rf"whetstone {gate}( [a-z]+=[^\n`#]*)", page.read_text())
    }
)


@pytest.fixture
def somewhere(tmp_path, monkeypatch):
    """A folder in which the files of the examples exist."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("WHETSTONE_DATA_DIR", raising=False)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "a-key-for-the-gate")
    row = '{"prompt": "p", "tests": "assert True"}\n'
    for name in ("mine.jsonl", "held-out.jsonl", "my.jsonl"):
        (tmp_path / name).write_text(row * 4)  # as many prompts as a batch takes
    rows = {
        "pairs.jsonl": '{"prompt": "p", "chosen": "c", "rejected": "r"}\n',
        "code.jsonl": '{"prompt": "p", "completion": "c"}\n',
        "calls.jsonl": '{"messages": [{"role": "user", "content": "q"}, '
        '{"role": "assistant", "content": "c"}]}\n',
    }
    for name, text in rows.items():
        (tmp_path / name).write_text(text)
    base = tmp_path / "outputs" / "samples" / "dataset"
    base.mkdir(parents=True)
    base_row = {"prompt": "p", "reference": "r", "completion": "c", "verdict": "passed"}
    (base / "train.jsonl").write_text(json.dumps(base_row) + "\n")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "one.txt").write_text("t")
    for name in ("FOLDER", "outputs/NAME/adapter"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "adapter_config.json").write_text('{"peft_type": "LORA"}')
        (tmp_path / name / "adapter_model.safetensors").write_bytes(b"")
    (tmp_path / "FOLDER" / "config.json").write_text('{"model_type": "qwen2"}')
    (tmp_path / "FOLDER" / "tokenizer.json").write_text("{}")
    for name in ("NAME", "nano-nano-grpo"):
        (tmp_path / "outputs" / name / "merged").mkdir(parents=True)
        (tmp_path / "outputs" / name / "merged" / "config.json").write_text("{}")
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    (tmp_path / "my_conf" / "experiment" / "careful.yaml").write_text(documented_experiment())
    return tmp_path


def documented_experiment() -> str:
    page = (ROOT / "docs" / "configuration.md").read_text()
    return re.search(r"```yaml\n(# @package _global_.*?)```", page, re.DOTALL)[1]


def test_there_are_commands():
    assert len(COMMANDS) >= 8


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_is_accepted(command):
    arguments = shlex.split(command)
    judge = Path("outputs/judge/merged")
    if str(judge) in command:  # an earlier command of the page has made it
        judge.mkdir(parents=True)
        (judge / "reward_model.json").write_text("{}")
    if "--cfg" in arguments or any("=careful" in argument for argument in arguments):
        return  # Hydra answers the first; the second is the test below
    checked(arguments)


@pytest.mark.usefixtures("somewhere")
def test_a_documented_evaluation_is_accepted():
    assert len(EVALUATIONS) >= 3
    for command in EVALUATIONS:
        load_evaluation(shlex.split(command))


@pytest.mark.usefixtures("somewhere")
def test_a_documented_small_command_is_accepted():
    assert {gate for gate, _ in SMALL_COMMANDS} == set(GATES)
    for gate, command in SMALL_COMMANDS:
        words = shlex.split(command)
        GATES[gate]([word for word in words if not word.startswith("prompt=")])


def test_the_documented_experiment_is_accepted(somewhere):
    plan = load(["experiment=careful"], [somewhere / "my_conf"])
    assert plan.main.algo.args["learning_rate"] == 1e-6


def test_documented_fragments_are_yaml():
    for page in PAGES:
        for fragment in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL):
            assert yaml.safe_load(fragment)


def test_every_page_that_is_linked_is_there():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links {target}"

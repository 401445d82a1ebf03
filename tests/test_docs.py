"""What the pages show can be typed: bash and zsh read it alike, and the gate takes it.

A fence without a language holds commands, or a session (`$ command` and its answer); code spans
that begin with a program are commands too. `.ci/run` runs the first of them whole.
"""

import argparse
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml

from whetstone.finetuning.artifacts.run_dir import as_yaml
from whetstone.finetuning.commands import COMMANDS
from whetstone.finetuning.commands.audit import is_of_data
from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import (
    load_audit_data,
    load_evaluation,
    load_generate,
    load_merge,
    load_publish_dataset,
    load_publish_model,
    load_strengthen,
)
from whetstone.finetuning.config.regrade import load_regrade
from whetstone.finetuning.config.validation import load_validation
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training_command import checked

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROGRAMS = r"python|whetstone|make|torchrun|tensorboard|wandb|hf|trl|bash|\.venv/bin/\w+"
SPAN = re.compile(rf"`((?:{PROGRAMS})\s[^`]+)`")
NAME = re.compile(r"whetstone [a-z]+( [a-z]+)?")  # prose that speaks of a command
# What a reader puts in place of a capital word; folders of these names stand in `somewhere`.
PLACEHOLDERS = {"ARGS=seed=N": "ARGS=seed=1"}
RUNS = ("A", "B", "NAME", "nano-nano-grpo", "qwen-mbpp-grpo", "sweep-of-beta")


def sessions() -> dict[str, str]:
    """Commands that are shown with their answer."""
    blocks = [block for page in PAGES for block in FENCE.findall(page.read_text())]
    return dict(text[2:].split("\n", 1) for _, text in blocks if text.startswith("$ "))


def command_lines() -> list[str]:
    """Every command line of the pages, once, as it stands."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for tongue, block in FENCE.findall(text):
            if not tongue and not block.startswith("$ "):
                found += block.splitlines()
        found += [span for span in spans(text) if not NAME.fullmatch(span)]
    return list(dict.fromkeys(line for line in found if line))


def spans(text: str) -> list[str]:
    return [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]


LINES = command_lines()


# What a shell makes of a line: the programs it would start, and the words it would give them.

SHELLS = {
    "bash": ["--norc", "--noprofile", "-i", "-s"],
    # As a terminal on a Mac has it, where a comment is no comment.
    "zsh": ["-f", "-i", "-s", "+o", "zle"],
}
MARK = "next-line"
SHIM = """#!/bin/sh
printf '%s\\0' "${0#{here}}" "$@" >> {here}words
printf '\\n\\0' >> {here}words
"""


@pytest.fixture(scope="module")
def typed(tmp_path_factory) -> Callable[[str], dict[str, list[list[str]]]]:
    """Type all lines into a shell: line to the commands that it started, as lists of words."""

    def into(shell: str) -> dict[str, list[list[str]]]:
        here = tmp_path_factory.mktemp(shell)
        programs = {line.split()[0] for line in LINES if "=" not in line.split()[0]}
        programs |= {"whetstone"}  # also behind a pipe
        for name in (programs | {MARK}) - {"echo", "export", "source"}:
            path = here / (name if "/" in name else f"bin/{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SHIM.replace("{here}", f"{here}/"))
            path.chmod(0o755)
        (here / ".venv" / "bin" / "activate").touch()
        typing = "".join(f"{MARK}\n{line}\n" for line in LINES)
        environment = {"PATH": f"{here}/bin:/usr/bin:/bin", "HOME": str(here), "TERM": "dumb"}
        program = [shutil.which(shell), *SHELLS[shell]]  # not the one of this name on its PATH
        subprocess.run(
            program,
            input=typing.encode(),
            capture_output=True,
            cwd=here,
            env=environment,
            check=False,  # that of the last line
        )
        *started, _ = (here / "words").read_text().split("\0\n\0")
        commands = [command.removeprefix("bin/").split("\0") for command in started]
        starts = [index for index, command in enumerate(commands) if command == [MARK]]
        ends = [*starts[1:], len(commands)]
        assert len(starts) == len(LINES)
        return {
            line: commands[start + 1 : end]
            for line, start, end in zip(LINES, starts, ends, strict=True)
        }

    return into


def test_zsh_and_bash_read_the_pages_alike(typed):
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed (Debian and Ubuntu: apt install zsh)")
    assert typed("zsh") == typed("bash")


# What our own parsers and gates make of the words.


@pytest.fixture
def somewhere(tmp_path, monkeypatch):
    """A folder in which the files of the examples exist."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("WHETSTONE_DATA_DIR", raising=False)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "a-key-for-the-gate")
    row = '{"prompt": "p", "tests": "assert f() == 1"}\n'
    files = {
        "mine.jsonl": row * 4,  # as many prompts as a batch takes
        "held-out.jsonl": row * 4,
        "outputs/strengthened/problems/problems-strengthened.jsonl": row * 4,
        "eval.jsonl": row * 4,
        "pairs.jsonl": '{"prompt": "p", "chosen": "c", "rejected": "r"}\n',
        "code.jsonl": '{"prompt": "p", "completion": "c"}\n',
        "calls.jsonl": '{"messages": [{"role": "user", "content": "q"}, '
        '{"role": "assistant", "content": "c"}]}\n',
        "texts/one.txt": "t",
        "mine.py": "def judge(completions, **columns):\n    return [0.0 for _ in completions]\n",
        "outputs/samples/dataset/train.jsonl": '{"prompt": "p", "reference": "r", '
        '"completion": "c", "verdict": "passed"}\n',
        "outputs/judge/merged/reward_model.json": "{}",
        "my_conf/experiment/careful.yaml": documented("@package _global_"),
        "my_conf/model/mine.yaml": documented("my_conf/model/mine.yaml"),
    }
    for folder in ("FOLDER", *(f"outputs/{run}/adapter" for run in RUNS)):
        files[f"{folder}/adapter_config.json"] = '{"peft_type": "LORA"}'
        files[f"{folder}/adapter_model.safetensors"] = ""
    for folder in ("FOLDER", *(f"outputs/{run}/merged" for run in RUNS)):
        files[f"{folder}/config.json"] = '{"model_type": "qwen2"}'
        files[f"{folder}/tokenizer.json"] = "{}"
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    Path("finetuning").symlink_to(ROOT / "finetuning")
    return tmp_path


def documented(first: str) -> str:
    """The YAML of the page on configuration whose first line begins like this."""
    page = (ROOT / "docs" / "configuration.md").read_text()
    return re.search(rf"```yaml\n(# {re.escape(first)}.*?)```", page, re.DOTALL)[1]


def train(words: list[str]) -> None:
    """The gate of `python train.py`, where no run stands in the way but one that is named."""
    for run in Path("outputs").iterdir():
        if f"run.name={run.name}" in words or f"outputs/{run.name}" not in " ".join(words):
            shutil.rmtree(run)
    checked(words)


def collect(words: list[str]) -> None:
    assert load(words).main.collect is not None


def with_data(words: list[str]) -> list[str]:
    """What a page names are the reader's own problems; here these stand for them."""
    return [*(word for word in words if not word.startswith("data=")), "data=mbpp"]


def audit(words: list[str]) -> None:
    if is_of_data(words):
        load_audit_data(with_data(words))
        return
    assert load(words).main.reward if all("=" in word for word in words) else ":" in words[0]


def exists(words: list[str]) -> None:
    assert all(Path(word).exists() for word in words if word.startswith("outputs/"))


def regrade(words: list[str]) -> None:
    """The gate of `whetstone regrade`, where the run of the page has ended."""
    run = Path(next(word for word in words if word.startswith("run=")).removeprefix("run="))
    (run / "completions").mkdir()
    (run / "completions" / "completions_00001.parquet").touch()
    config = load(["model=qwen", "data=nano", "reward=execution"]).main
    (run / "config.yaml").write_text(yaml.safe_dump(as_yaml(config)))
    load_regrade(words)


GATES: dict[str, Callable[[list[str]], object]] = {
    "audit": audit,
    "collect": collect,
    "compare": exists,
    "evaluate": load_evaluation,
    "export": exists,
    "fetch": exists,
    "generate": lambda words: load_generate([w for w in words if not w.startswith("prompt=")]),
    "merge": load_merge,
    "nano": exists,
    "publish model": load_publish_model,
    "publish dataset": load_publish_dataset,
    "regrade": regrade,
    "report": exists,
    "strengthen": lambda words: load_strengthen(with_data(words)),
    "validate": load_validation,
}


def whetstone(words: list[str]) -> None:
    name, *rest = words
    if name == "train":
        return train(rest)
    parser = argparse.ArgumentParser()
    COMMANDS[name].add_arguments(parser)
    parser.parse_intermixed_args(rest)
    if name == "publish":
        name, rest = " ".join(words[:2]), rest[1:]
    return GATES[name](rest)


def python(words: list[str]) -> None:
    script, *rest = words
    if script == "train.py":
        train(rest)
    elif script == "-m":
        assert rest[0] == "pytest"
        assert all((ROOT / word).exists() for word in rest if word.startswith("tests/"))
    else:  # a benchmark: its parser stops at the first wrong word, or here
        with pytest.raises(SystemExit) as caught:
            runpy.run_path(str(ROOT / script), run_name="__main__")
        assert caught.value.code == 0


def make(words: list[str]) -> None:
    words = [PLACEHOLDERS.get(word, word) for word in words]
    done = subprocess.run(
        ["make", "-n", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},  # a make that runs the tests hands its ARGS on
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for line in re.findall(r"python train\.py(.*)", done.stdout):
        train(line.split())


def torchrun(words: list[str]) -> None:
    train(words[words.index("train.py") + 1 :])


def pip(words: list[str]) -> None:
    if words[0] == "freeze":
        return
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = re.fullmatch(r"\.\[(\w+)\]", words[-1])
    assert words[:-1] == ["install", "-e"]
    assert extra
    assert extra[1] in project["optional-dependencies"]


def of_a_package(program: str) -> None:
    scripts = entry_points(group="console_scripts")
    assert program in {script.name for script in scripts}, f"nothing here installs {program}"


OURS = {
    "python": python,
    "whetstone": whetstone,
    "make": make,
    "torchrun": torchrun,
    "pip": pip,
    "bash": lambda words: (ROOT / words[0]).read_text(),
}


@pytest.fixture(scope="module")
def words(typed) -> dict[str, list[list[str]]]:
    return typed("bash")


def test_there_are_commands():
    assert len(LINES) >= 60
    found = [span for page in PAGES for span in spans(page.read_text())]
    named = {span.split()[1] for span in found if NAME.match(span)}
    assert named <= {*COMMANDS, "train"}


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize("line", LINES)
def test_a_documented_command_is_accepted(line, words, monkeypatch):
    if line.startswith(("export ", "source ")):
        assert words[line] == []
        return
    assert words[line], "no program was started"
    for started, *rest in words[line]:
        program = started.removeprefix(".venv/bin/")
        monkeypatch.setattr(sys, "argv", [rest[0] if rest else program, *rest[1:], "--help"])
        if program in OURS:
            OURS[program](rest)
        else:
            of_a_package(program)


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize(("command", "answer"), sessions().items())
def test_a_documented_session_is_what_happens(command, answer):
    with pytest.raises(ConfigError) as caught:
        checked(command.split()[2:])
    assert str(caught.value).strip() == answer.strip()


def test_the_documented_model_is_accepted(somewhere):
    plan = load(["model=mine", "algo=rloo", "data=nano"], [somewhere / "my_conf"])
    assert plan.main.algo.args["learning_rate"] == 5e-6
    assert plan.main.hooks.evaluate.max_new_tokens == 768


def test_the_documented_experiment_is_accepted(somewhere):
    plan = load(["experiment=careful"], [somewhere / "my_conf"])
    assert plan.main.algo.args["learning_rate"] == 1e-6


# What runs here as it stands.


def test_the_first_command_starts(tmp_path):
    """`.ci/run` sees it through; here it is ended once it loads torch."""
    (tmp_path / "train.py").symlink_to(ROOT / "train.py")
    path = f"{Path(sys.executable).parent}:{os.defpath}"
    command = subprocess.Popen(
        ["bash", "-c", "python train.py"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    first = command.stdout.readline()
    os.killpg(command.pid, signal.SIGKILL)
    rest, _ = command.communicate()
    assert first == "The configuration is right.\n", first + rest


def test_ci_runs_commands_of_the_pages():
    blocks = re.findall(r"(?ms)^typed <<'EOF'\n(.*?)^EOF$", (ROOT / ".ci" / "run").read_text())
    lines = [line for block in blocks for line in block.splitlines()]
    assert [line for line in lines if line.startswith("make t")] == [
        "make train",
        "make test",
        "make test-nightly",
    ]
    assert set(lines) <= {line.replace("outputs/NAME", "outputs/nano-nano-grpo") for line in LINES}

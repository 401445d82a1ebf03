"""What to do with a finished run: three commands that can be typed as they stand."""

import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.text import Text

from whetstone.finetuning.report.example import example_prompt
from whetstone.finetuning.report.read import Run, read_run
from whetstone.finetuning.report.wording import shown

Command = tuple[str, ...]
"""The words of a command of `whetstone`, without its name."""

_OTHER = {"dpo": "kto", "kto": "dpo", "sft": "dpo"}
"""What else can be collected from the same samples."""
_INDENT = "  "
_GOES_ON = " \\"


def print_next(console: Console, folder: Path, typed: Sequence[str]) -> None:
    """Print what to do with a finished run.

    Raises:
        BrokenRunError: a file of the run cannot be read.

    """
    print_commands(console, next_steps(read_run(folder), typed))


def print_commands(console: Console, commands: Sequence[Command]) -> None:
    """Print commands below `Next:`, broken where a shell lets a command be broken."""
    console.print("\nNext:", highlight=False)
    width = console.width if console.is_terminal else sys.maxsize
    for command in commands:
        for line in _lines([_program(), *command], width):
            console.print(Text(line), soft_wrap=True)


def next_steps(run: Run, typed: Sequence[str]) -> list[Command]:
    """Return the commands.

    Args:
        run: the finished run.
        typed: the settings of the command that it was: `model=qwen`, `seed=1`.

    """
    config: dict[str, Any] = yaml.safe_load(run.config or "{}")
    if run.summary.data_folder is not None:
        return _for_data(run.summary.data_folder, config["collect"], typed)
    again = _again(run, config, typed)
    if run.summary.algo == "reward":
        return [*_for_a_judge(run, config, typed), again]
    folder = _setting("model", shown(run.folder))
    prompt = example_prompt(Path(run.summary.model_folder or ""))
    tried = ("generate", folder, f"prompt={prompt}")
    tasks = config["hooks"]["evaluate"]["tasks"] or _default_tasks(config)
    tokens = f"max_new_tokens={config['hooks']['evaluate']['max_new_tokens']}"
    measured = ("evaluate", folder, f"tasks=[{','.join(tasks)}]", tokens)
    return [again, tried, measured] if run.is_debug else [tried, measured, again]


def _again(run: Run, config: dict[str, Any], typed: Sequence[str]) -> Command:
    """Return the same training with the next seed, or in earnest after a check of the path."""
    if run.is_debug:
        return ("train", *_without(typed, "debug", "run"))
    return ("train", *_without(typed, "seed", "run"), f"seed={config['seed'] + 1}")


def _for_data(data: str, collect: dict[str, Any], typed: Sequence[str]) -> list[Command]:
    """Train on pairs, labels or demonstrations; make them of samples."""
    kind, place = collect["name"], shown(data)
    kept = _only(typed, "model", "data", "reward")
    if kind == "base":
        base = _setting("collect.base", place)
        return [("collect", f"collect={made}", base, *kept) for made in ("dpo", "kto", "sft")]
    train = ("train", f"algo={kind}", "data=jsonl", _setting("data.train", place))
    base = _setting("collect.base", shown(collect["base"]))
    again = ("collect", f"collect={_OTHER[kind]}", base, *kept)
    upload = ("publish", "dataset", _setting("folder", place), "repo=OWNER/NAME")
    return [(*train, *_only(typed, "model")), again, upload]


def _for_a_judge(run: Run, config: dict[str, Any], typed: Sequence[str]) -> list[Command]:
    """Attack a reward model, and train against it."""
    name = "discriminator" if config["algo"]["loss"] == "bce" else "reward_model"
    place = _setting(f"reward.{name}.path", shown(run.summary.model_folder or ""))
    judge = (f"reward={name}", place)
    return [("audit", *judge), ("train", "algo=grpo", *_only(typed, "model"), *judge)]


def _default_tasks(config: dict[str, Any]) -> list[str]:
    return ["nano"] if config["model"]["name"] == "nano" else ["mbpp"]


def _setting(key: str, value: str) -> str:
    """Write a setting as Hydra reads it: it takes a value with other signs in quotes."""
    if re.fullmatch(r"[\w./:+@~%-]+", value):
        return f"{key}={value}"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{key}='{escaped}'"


def _without(typed: Sequence[str], *sections: str) -> list[str]:
    return [text for text in typed if _section(text) not in sections]


def _only(typed: Sequence[str], *sections: str) -> list[str]:
    return [text for text in typed if _section(text) in sections]


def _section(text: str) -> str:
    return text.partition("=")[0].split(".")[0]


def _program() -> str:
    """Return how `whetstone` is called here: by its name, or by its place in the environment."""
    if shutil.which("whetstone"):
        return "whetstone"
    return shown(Path(sys.executable).with_name("whetstone"))


def _lines(words: Sequence[str], width: int) -> list[str]:
    """Break a command before words that no longer fit."""
    lines = [_INDENT + _quoted(words[0])]
    for word in map(_quoted, words[1:]):
        if len(lines[-1]) + 1 + len(word) + len(_GOES_ON) > width:
            lines[-1] += _GOES_ON
            lines.append(_INDENT * 2 + word)
        else:
            lines[-1] += f" {word}"
    return lines


def _quoted(word: str) -> str:
    """Quote a setting for bash and zsh; `$'...'` holds the newline that a prompt may end with."""
    if "\n" not in word:
        return shlex.quote(word)
    key, sign, value = word.partition("=")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"{key}{sign}$'{escaped}'"

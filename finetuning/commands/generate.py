"""`whetstone generate`: what a model writes after a prompt, to look at it with one's own eyes.

Prompts are taken as they are typed: they hold brackets, quotes and newlines, which the reader of
settings would take for its own.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from whetstone.evaluation.tasks.jsonl import SUFFIX
from whetstone.finetuning.config.commands import load_generate
from whetstone.finetuning.config.overrides import is_flag
from whetstone.finetuning.config.row_files import why_not_jsonl
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.runtime.environment import share_the_cores, take_one_gpu

HELP = "let a model answer prompts"
_PROMPT = "prompt="
_PROMPTS = "prompts="
_STDIN = "-"
_WANTED = 'prompt="what the model is to go on from"'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "settings",
        nargs="*",
        metavar='model=... prompt="..." setting=value',
        help="prompt= as often as wanted, prompt=- reads one from standard input; the other "
        "settings are those of conf/generate.yaml",
    )


def run(chosen: argparse.Namespace) -> None:
    """Check the settings, then print the completions."""
    prompts, rest, problems = _prompts(chosen.settings)
    try:
        settings = load_generate(rest)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from error
    if problems:
        raise ConfigError(problems)
    prompts = [sys.stdin.read() if text == _STDIN else text for text in prompts]
    if not all(prompts):
        raise ConfigError([Problem("prompt=-", f"standard input is empty; {_WANTED}")])
    # The Hub's client, and torch only when the model is here.
    from whetstone.finetuning.model.resolve import find_model  # noqa: PLC0415

    found = find_model(settings.model, settings.revision, settings.trust_remote_code)
    share_the_cores()
    take_one_gpu()
    from whetstone.finetuning.inference.generate import generate  # noqa: PLC0415

    print(generate(settings, found, prompts))


def _prompts(given: Sequence[str]) -> tuple[list[str], list[str], list[Problem]]:
    """Return the prompts, the other settings, and what is wrong with the prompts."""
    texts: list[str] = []
    rest: list[str] = []
    problems: list[Problem] = []
    for text in given:
        if text.startswith(_PROMPT):
            texts.append(text.removeprefix(_PROMPT))
        elif text.startswith(_PROMPTS):
            problems.append(Problem(text, _of_a_file(text.removeprefix(_PROMPTS))))
        elif "=" not in text and not is_flag(text):
            quoted = shlex.quote(f"{_PROMPT}{text}")
            problems.append(Problem(text, f"a setting is written NAME=VALUE; a prompt: {quoted}"))
        else:
            rest.append(text)
    if not texts and not problems:
        remedy = f"must be given: {_WANTED} as often as wanted, or prompt=- for standard input"
        problems.append(Problem("prompt", remedy))
    if texts.count(_STDIN) > 1:
        problems.append(Problem("prompt=-", "was given twice; standard input is one prompt"))
    if not all(texts):
        problems.append(Problem(_PROMPT, f"the value is empty; {_WANTED}"))
    return texts, rest, problems


def _of_a_file(prompts: str) -> str:
    """Say what answers a file of prompts, which this command does not read."""
    told = f"no such setting; {_WANTED}, as often as wanted"
    if reason := why_not_jsonl(prompts):
        lines = Path(prompts).with_suffix(SUFFIX)
        return f"{told}. {reason}; then `whetstone evaluate tasks={lines}` answers and judges them"
    if prompts.endswith(SUFFIX):
        return f"{told}; `whetstone evaluate tasks={prompts}` answers a file and judges it"
    return told

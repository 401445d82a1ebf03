"""`whetstone generate`: what a model writes after a prompt, to look at it with one's own eyes.

Prompts are taken as they are typed: they hold brackets, quotes and newlines, which the reader of
settings would take for its own.
"""

import argparse
import sys
from collections.abc import Sequence

from whetstone.finetuning.config.commands import load_generate
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.runtime.environment import share_the_cores, take_one_gpu

HELP = "let a model answer prompts"
_PROMPT = "prompt="
_STDIN = "-"


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
    prompts = _prompts(chosen.settings)
    settings = load_generate([text for text in chosen.settings if not text.startswith(_PROMPT)])
    # The Hub's client, and torch only when the model is here.
    from whetstone.finetuning.model.resolve import find_model  # noqa: PLC0415

    found = find_model(settings.model, settings.revision, settings.trust_remote_code)
    share_the_cores()
    take_one_gpu()
    from whetstone.finetuning.inference.generate import generate  # noqa: PLC0415

    print(generate(settings, found, prompts))


def _prompts(given: Sequence[str]) -> list[str]:
    texts = [text.removeprefix(_PROMPT) for text in given if text.startswith(_PROMPT)]
    if wrong := next((text for text in given if text.startswith("prompts=")), None):
        remedy = 'no such setting; prompt="..." as often as wanted'
        raise ConfigError([Problem(wrong, remedy)])
    if not texts:
        remedy = 'must be given: prompt="..." as often as wanted, or prompt=- for standard input'
        raise ConfigError([Problem("prompt", remedy)])
    if texts.count(_STDIN) > 1:
        raise ConfigError([Problem("prompt=-", "was given twice; standard input is one prompt")])
    texts = [sys.stdin.read() if text == _STDIN else text for text in texts]
    if not all(texts):
        raise ConfigError([Problem("prompt=", "is empty; write what the model is to go on from")])
    return texts

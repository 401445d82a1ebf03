"""Whether what is read and written fits into the model's context, as far as settings tell."""

from collections.abc import Iterator
from pathlib import Path

from finetuning.config.model_files import context_of
from finetuning.config.references import referred
from finetuning.config.schema import Config, OnlineConfig
from finetuning.errors import Problem
from finetuning.nano.context import CONTEXT_LENGTH


def lengths_fit_context(config: Config) -> Iterator[Problem]:
    """Check a local folder and the nano model; others are checked once their files are here."""
    path = config.model.path
    if path is None:
        yield from _beyond(config, CONTEXT_LENGTH)  # it is made first, and by us
    elif referred(path) is None:
        yield from length_problems(config, Path(path).expanduser())


def length_problems(config: Config, folder: Path) -> Iterator[Problem]:
    """Yield the lengths that the model in this folder cannot read."""
    if (context := context_of(folder)) is not None:
        yield from _beyond(config, context)


def _beyond(config: Config, context: int) -> Iterator[Problem]:
    if config.collect is not None:
        return  # nothing is trained, and what is sampled ends where the context does
    samples = isinstance(config.algo, OnlineConfig)
    key = "max_completion_length" if samples else "max_length"
    length, most = config.algo.args.get(key), context - 1 if samples else context
    if isinstance(length, int) and length > most:
        words = "prompt and completion together; leave room for the prompt" if samples else "a row"
        yield Problem(
            f"algo.args.{key}={length}",
            f"the model reads {context} tokens (max_position_embeddings), {words}; at most {most}",
        )

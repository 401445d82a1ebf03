"""Whether a name can be one of the Hub, as far as that is known without asking it."""

from collections.abc import Iterator
from pathlib import Path

from finetuning.config.resolve_model import OUTPUTS, REPO, resolve_model
from finetuning.config.settings import MISSING
from finetuning.errors import ConfigError, Problem

_REPO_FORM = "must be OWNER/NAME: letters, digits, `-`, `_` and `.`"


def model_can_be_meant(setting: str, given: str, outputs: Path = OUTPUTS) -> Iterator[Problem]:
    """Refuse what is neither a name, nor a folder, nor anything that the Hub could know."""
    if given == MISSING:
        return
    try:
        resolve_model(given, f"{setting}={given}", outputs)
    except ConfigError as error:
        yield from error.problems


def not_a_repo(setting: str, given: str) -> Iterator[Problem]:
    """Refuse what cannot be the name of a repository on the Hub."""
    if given != MISSING and not REPO.fullmatch(given):
        yield Problem(f"{setting}={given}", _REPO_FORM)

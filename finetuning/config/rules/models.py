"""Whether a name can lead to a model, as far as that is known without asking the Hub."""

import re
from collections.abc import Iterator
from pathlib import Path

from finetuning.config.command_line import config_groups
from finetuning.config.settings import MISSING
from finetuning.config.suggest import did_you_mean, nearest
from finetuning.errors import Problem

_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_REPO_FORM = "must be OWNER/NAME: letters, digits, `-`, `_` and `.`"


def model_may_exist(setting: str, given: str, outputs: Path | None = None) -> Iterator[Problem]:
    """Refuse what is neither a name, nor a folder, nor anything that the Hub could know."""
    names = config_groups()["model"]
    if given in names or Path(given).expanduser().is_dir():
        return
    looks_local = given.startswith((".", "/", "~")) or given.count("/") > 1
    if looks_local or (outputs is not None and given.startswith(f"{outputs}/")):
        yield Problem(f"{setting}={given}", "there is no such folder")
    elif "/" not in given and nearest(given, names):
        yield Problem(f"{setting}={given}", f"no such model; {did_you_mean(given, names)}")


def not_a_repo(setting: str, given: str) -> Iterator[Problem]:
    """Refuse what cannot be the name of a repository on the Hub."""
    if given != MISSING and not _REPO.fullmatch(given):
        yield Problem(f"{setting}={given}", _REPO_FORM)

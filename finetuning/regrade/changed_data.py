"""Refuses data that changed since the run: a reward would be blamed for what other tests do."""

import json

from whetstone.finetuning.artifacts.input_hashes import marks_of
from whetstone.finetuning.artifacts.metrics import read_text
from whetstone.finetuning.config.regrade import Regrade
from whetstone.finetuning.errors import ConfigError, Problem


def check_files(regrade: Regrade) -> None:
    """Refuse data that changed since the run began, unless they were asked for by name.

    Raises:
        ConfigError: with the settings.

    """
    text = read_text(regrade.run / "manifest.json")
    if not regrade.has_own_rows or text is None:
        return
    before, now = json.loads(text).get("files") or {}, marks_of([regrade.stored])
    problems = [
        Problem(
            setting,
            "holds something else than when the run began; restore it, or name it in the command "
            f"to judge by what it holds now: {setting}",
        )
        for setting, mark in before.items()
        if setting.startswith("data.train=") and now.get(setting, mark) != mark
    ]
    if problems:
        raise ConfigError(problems)

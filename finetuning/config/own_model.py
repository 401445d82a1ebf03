"""`model.path=...` on the command line: a model of the user's own, under its own name.

Without `model=` the default would stay, and that is the nano model: its learning rate is hundreds
of times what a real model bears. So `model=local` is chosen, which has no presets of its own. With
`model=` the presets are the user's choice, and only the name is the folder's.
"""

import re
from dataclasses import replace
from pathlib import Path

from finetuning.config.command_line import CommandLine
from finetuning.config.references import referred
from finetuning.config.validate import Values

_LOCAL = "local"
_MERGED = "merged"


def with_own_model(command: CommandLine, composed: Values) -> CommandLine:
    """Choose `model=local` and the model's name, where the command says neither."""
    model = composed.get("model")
    if "model.path" not in command.values or not isinstance(model, dict):
        return command
    path = model.get("path")
    if not isinstance(path, str) or referred(path):
        return command
    choices, values = command.choices, command.values
    if "model" not in choices and model.get("init") == "nano":
        choices = {**choices, "model": f"model={_LOCAL}"}
    if "model.name" not in values:
        values = {**values, "model.name": f"++model.name='{_name(path)}'"}
    return replace(command, choices=choices, values=values)


def _name(path: str) -> str:
    """Return what a folder or a Hub id is called, as a part of a folder's name.

    What a run made lies in `outputs/NAME/merged`: the run's name tells more.
    """
    folder = Path(path).expanduser()
    folder = folder.resolve() if folder.is_dir() else folder
    name = folder.parent.name if folder.name == _MERGED else folder.name
    return re.sub(r"[^\w.+-]+", "-", name).strip(".-") or _LOCAL

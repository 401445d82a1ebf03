"""`model=FOLDER`, `model=OWNER/NAME` or `model.path=...`: the user's own model, under its own name.

With `model.path=` alone the default would stay, and that is the nano model: its learning rate is
hundreds of times what a real model bears. So `model=local` is chosen, which has no presets of its
own. With a preset beside it the presets are the user's choice, and only the name is the folder's.
"""

from dataclasses import replace

from finetuning.config.command_line import CommandLine
from finetuning.config.groups import LOCAL
from finetuning.config.overrides import quoted
from finetuning.config.references import referred
from finetuning.config.resolve_model import name_of
from finetuning.config.validate import Values


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
        choices = {**choices, "model": f"model={LOCAL}"}
    if "model.name" not in values:
        values = {**values, "model.name": f"++model.name={quoted(name_of(path))}"}
    return replace(command, choices=choices, values=values)

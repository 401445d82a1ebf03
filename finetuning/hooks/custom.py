"""Callbacks of the user's own: `hooks.custom=[package.module:Class]`."""

import inspect
from collections.abc import Callable, Sequence

from transformers import TrainerCallback

from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.rewards.custom.importing import import_part_by_part


def find_custom_hooks(names: Sequence[str]) -> list[Callable[[], TrainerCallback]]:
    """Import the callbacks of a configuration; each is made when what is returned is called.

    Args:
        names: Each `package.module:NAME`, a class that is made without arguments, or an instance.

    Raises:
        ConfigError: With every name that is no TrainerCallback of transformers.

    """
    hooks: list[Callable[[], TrainerCallback]] = []
    problems: list[Problem] = []
    for name in names:
        try:
            hooks.append(_find(name))
        except ValueError as error:
            setting, _, reason = str(error).partition(": ")
            problems.append(Problem(setting, reason))
    if problems:
        raise ConfigError(problems)
    return hooks


def _find(name: str) -> Callable[[], TrainerCallback]:
    setting = f"hooks.custom={name}"
    module_name, _, attribute = name.partition(":")
    found = getattr(import_part_by_part(module_name, setting), attribute, None)
    if found is None:
        raise ValueError(f"{setting}: module {module_name} has no {attribute!r}")
    if inspect.isclass(found) and issubclass(found, TrainerCallback):
        try:
            inspect.signature(found).bind()
        except TypeError as error:
            remedy = (
                f"{attribute} needs arguments ({error}); name an instance in place of the class"
            )
            raise ValueError(f"{setting}: {remedy}") from error
        return found
    if isinstance(found, TrainerCallback):
        return lambda: found
    kind = found.__name__ if inspect.isclass(found) else type(found).__name__
    raise ValueError(
        f"{setting}: {kind} is not a TrainerCallback; derive it from transformers.TrainerCallback"
    )

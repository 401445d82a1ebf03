"""The escape hatch: a reward function of the user's own, named `package.module:function`.

It refuses late surprises: the function is imported when the reward is built, before any weights are
loaded, and an error says which part of the name could not be resolved.
"""

import importlib
import inspect
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from rewards.base import Completion, RewardConfig
from rewards.given import checked

FORM = "write it as package.module:function"


class CustomReward:
    """Calls a user's reward function, under the function's own name.

    Args:
        fn: `package.module:function`. Modules are looked up in the current directory first. The
            function takes what TRL passes (`prompts`, `completions`, `**columns`) and returns a
            float, or None for "no judgement", per completion.

    Raises `ValueError` where `fn` does not lead to such a function. An error that the user's module
    raises while it is imported is passed on as it is.

    """

    def __init__(self, fn: str) -> None:
        self._fn = fn
        self._function = _resolve(fn)
        self.__name__ = getattr(self._function, "__name__", fn.rpartition(":")[2])

    def __call__(
        self, prompts: list[Any], completions: list[Completion], **columns: Any
    ) -> list[float | None]:
        """Ask the user's function. Raises `RunStopped` where it does not give what was asked."""
        given = self._function(prompts=prompts, completions=completions, **columns)
        return checked(given, completions, self._fn)

    def close(self) -> None:
        """Nothing to release: what a function opened, it closes."""


def names_a_function(fn: str) -> bool:
    """Tell whether a name has the right form. Imports nothing."""
    module_name, _, function_name = fn.partition(":")
    return all(part.isidentifier() for part in [*module_name.split("."), function_name])


def _resolve(fn: str) -> Callable[..., Any]:
    if not names_a_function(fn):
        raise ValueError(f"fn={fn}: {FORM}")
    module_name, _, function_name = fn.partition(":")
    module = _import(module_name, fn)
    function: Callable[..., Any] | None = getattr(module, function_name, None)
    if function is None:
        raise ValueError(f"fn={fn}: module {module_name} has no function {function_name!r}")
    if not callable(function):
        kind = type(function).__name__
        raise ValueError(f"fn={fn}: {function_name!r} is no function but of type {kind}")  # noqa: TRY004 - a wrong setting, as above
    if inspect.iscoroutinefunction(function):
        raise ValueError(f"fn={fn}: {function_name!r} is async; give a plain function")
    return function


def _import(module_name: str, fn: str) -> ModuleType:
    """Import a module part by part, to be able to name the part that is missing."""
    here = str(Path.cwd())
    if here not in sys.path:  # an installed command, unlike `python`, does not look there
        sys.path.insert(0, here)
    for name in itertools.accumulate(module_name.split("."), "{}.{}".format):
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:  # the module is there, and misses an import of its own
                raise
            package, _, part = name.rpartition(".")
            where = f"package {package}" if package else f"{here} or the rest of sys.path"
            raise ValueError(f"fn={fn}: there is no module {part!r} in {where}") from error
    return module


class CustomConfig(RewardConfig):
    """A function of the user: `CustomReward`."""

    name: Literal["custom"]
    fn: str
    """The function, as package.module:function; the current directory can be imported from."""

    def build(self) -> CustomReward:
        """Import the function."""
        return CustomReward(self.fn)

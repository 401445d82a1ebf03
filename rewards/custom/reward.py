"""The escape hatch: a reward function of the user's own, named `package.module:function`.

It refuses late surprises: the function is imported when the reward is built, before any weights are
loaded, and an error says which part of the name could not be resolved, or why the function cannot
be called as TRL calls it. What only a batch can show (no answer, no numbers) ends the run by name.
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Literal

from pydantic import PositiveFloat

from whetstone.rewards.base import Completion, RewardConfig, RunStopped
from whetstone.rewards.custom.importing import import_part_by_part
from whetstone.rewards.custom.lookup import a_class, an_async, why_no_name
from whetstone.rewards.custom.output import checked
from whetstone.rewards.custom.signature import fields_wanted, why_not_called
from whetstone.rewards.custom.watchdog import Watchdog


class CustomReward:
    """Calls a user's reward function, under the function's own name.

    Args:
        fn: `package.module:function`. Modules are looked up in the current directory first. The
            function takes what TRL passes (`prompts`, `completions`, `**columns`) and returns a
            float, or None for "no judgement", per completion.
        timeout_s: Seconds that a batch may take before the run is ended; None: without limit.

    Raises `ValueError` where `fn` does not lead to such a function. An error that the user's module
    raises while it is imported is passed on as it is.

    Example:
        With `def short(completions, **columns): ...` in `mine.py`:

        >>> reward = CustomReward("mine:short")  # doctest: +SKIP
        >>> reward(prompts=["p"], completions=["c"])  # doctest: +SKIP
        [1.0]

    """

    def __init__(self, fn: str, timeout_s: float | None = None) -> None:
        self._fn = fn
        self._function = _resolve(fn)
        self._signature = _signature(self._function)
        self.__name__ = getattr(self._function, "__name__", fn.rpartition(":")[2])
        self._watchdog = Watchdog(timeout_s, _hangs(fn, timeout_s)) if timeout_s else None

    def __call__(
        self, prompts: list[Any], completions: list[Completion], **columns: Any
    ) -> list[float | None]:
        """Ask the user's function. Raises `RunStopped` where it does not give what was asked."""
        arguments = {"prompts": prompts, "completions": completions, **columns}
        self._check_call(arguments)
        with self._watched():
            try:
                return checked(self._function(**arguments), completions, self._fn)
            except SystemExit as error:
                raise RunStopped(
                    f"reward.custom.fn={self._fn} ended the program (SystemExit: {error}); a reward"
                    " gives None for what it cannot judge"
                ) from error

    @property
    def fields(self) -> frozenset[str]:
        """The fields of the data without which the function cannot be called."""
        return fields_wanted(self._signature) if self._signature else frozenset()

    def close(self) -> None:
        """End the watch over the function; what it opened, it closes."""
        if self._watchdog:
            self._watchdog.close()

    def _watched(self) -> AbstractContextManager[None]:
        return self._watchdog.watching() if self._watchdog else nullcontext()

    def _check_call(self, arguments: dict[str, Any]) -> None:
        """Tell a call that cannot work from an error within the function."""
        if self._signature is None:
            return
        try:
            self._signature.bind(**arguments)
        except TypeError as error:
            raise RunStopped(
                f"reward.custom.fn={self._fn} cannot be called here ({error}): it was given "
                f"{', '.join(arguments)}; let it take **columns, and give what is missing a default"
            ) from error


def _hangs(fn: str, timeout_s: float) -> str:
    return (
        f"reward.custom.fn={fn} has not come back from a batch for {timeout_s:g} seconds "
        "(reward.custom.timeout_s), so the run ends; where it hangs stands below.\n"
        "Mend it, or give it longer with a larger reward.custom.timeout_s (null: without limit); "
        "the same command then goes on from the last checkpoint."
    )


def _resolve(fn: str) -> Callable[..., Any]:
    if reason := why_no_name(fn):
        raise ValueError(f"fn={fn}: {reason}")
    module_name, _, function_name = fn.partition(":")
    module = import_part_by_part(module_name, f"fn={fn}")
    function: Callable[..., Any] | None = getattr(module, function_name, None)
    if function is None:
        raise ValueError(f"fn={fn}: module {module_name} has no function {function_name!r}")
    if inspect.isclass(function):
        raise ValueError(f"fn={fn}: {a_class(function_name)}")
    if not callable(function):
        kind = type(function).__name__
        raise ValueError(f"fn={fn}: {function_name!r} is not a function but of type {kind}")  # noqa: TRY004 - a wrong setting, as above
    if inspect.iscoroutinefunction(function):
        raise ValueError(f"fn={fn}: {an_async(function_name)}")
    signature = _signature(function)
    if signature and (reason := why_not_called(function_name, signature)):
        raise ValueError(f"fn={fn}: {reason}")
    return function


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature; None for what C defines without one."""
    try:
        return inspect.signature(function)
    except ValueError:
        return None


class CustomConfig(RewardConfig):
    """A function of the user: `CustomReward`."""

    changeable: ClassVar[frozenset[str]] = frozenset({"timeout_s"})

    name: Literal["custom"]
    fn: str
    """The function, as package.module:function; the current directory can be imported from."""
    timeout_s: PositiveFloat | None
    """Seconds after which a batch that has no answer ends the run; null: wait without limit."""

    @property
    def columns(self) -> frozenset[str]:
        """The parameters of the function that only the data can fill."""
        return CustomReward(self.fn).fields

    def build(self) -> CustomReward:
        """Import the function."""
        return CustomReward(self.fn, self.timeout_s)

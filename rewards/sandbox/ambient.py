"""What programs and tests share beside objects: settings of the interpreter, output and warnings.

In one process `random.seed(1)` of the tests decides what the program draws. So what tests have set
reaches the program with the next question. The other way round no setting does: a program that sets
the precision of `decimal` must not make comparisons of its tests coarser. What it prints and warns
of comes back as text, where the tests look for it.
"""

import importlib
import io
import random
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

_MOST_WARNINGS = 1000


class _Setting(NamedTuple):
    word: str
    """What tests that change it contain."""
    read: Callable[[], Any]
    write: Callable[[Any], None]


class _Seeds:
    """Counts how often this process was told what to draw: the same seed twice is a change."""

    def __init__(self) -> None:
        self.count = 0
        self._seed = random.seed
        random.seed = self._seeded

    def _seeded(self, *arguments: Any, **keywords: Any) -> None:
        self.count += 1
        self._seed(*arguments, **keywords)


def _set_draws(state: Any) -> None:
    version, numbers, rest = state
    random.setstate((version, tuple(numbers), rest))


_CONTEXT = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")


def _precision() -> Any:
    context = importlib.import_module("decimal").getcontext()
    traps = [signal.__name__ for signal, is_set in context.traps.items() if is_set]
    return [{name: getattr(context, name) for name in _CONTEXT}, traps]


def _set_precision(given: Any) -> None:
    decimal = importlib.import_module("decimal")
    values, traps = given
    signals = [getattr(decimal, name) for name in traps]
    decimal.setcontext(decimal.Context(**values, traps=signals))


_SETTINGS = {
    "depth": _Setting("setrecursionlimit", sys.getrecursionlimit, sys.setrecursionlimit),
    "digits": _Setting(
        "set_int_max_str_digits", sys.get_int_max_str_digits, sys.set_int_max_str_digits
    ),
    "random": _Setting("seed", random.getstate, _set_draws),
    "decimal": _Setting("context", _precision, _set_precision),
}


class AmbientSettings:
    """Those that some tests may change, and what the program knows of them."""

    def __init__(self, tests: str) -> None:
        self._stdout = sys.stdout
        self._looks_at_output = "stdout" in tests
        self._looks_at_warnings = "warn" in tests
        if "seed" in tests and not _SEEDS:
            _SEEDS.append(_Seeds())
        self._seeds = _SEEDS[0].count if _SEEDS else 0
        self._known = {name: s.read() for name, s in _SETTINGS.items() if s.word in tests}
        self._known |= {"output": False, "warnings": False}

    def changed(self) -> dict[str, Any]:
        """Return what is no longer as the program knows it."""
        now = {name: _SETTINGS[name].read() for name in self._known if name in _SETTINGS}
        now["output"] = self._looks_at_output and sys.stdout is not self._stdout
        now["warnings"] = self._looks_at_warnings
        changed = {name: value for name, value in now.items() if value != self._known[name]}
        if "random" in now:
            changed.pop("random", None)
            if self._seeds != _SEEDS[0].count:
                self._seeds, changed["random"] = _SEEDS[0].count, now["random"]
        self._known = now
        return changed


_SEEDS: list[_Seeds] = []


def replay(output: Any, warned: list[BaseException]) -> None:
    """Let the tests see what a program has printed, and warned of."""
    if type(output) is str:
        sys.stdout.write(output)
    for warning in warned:
        if isinstance(warning, Warning):
            warnings.warn(warning, stacklevel=5)


class Reports:
    """What a program prints and warns of, as far as its tests look at it."""

    def __init__(self) -> None:
        self._stdout = sys.stdout
        self._output: io.StringIO | None = None
        self._warned: list[Warning] = []

    def apply(self, settings: dict[str, Any]) -> None:
        """Set in this process what the tests have set in theirs."""
        for name, value in settings.items():
            if name == "output":
                self._output = io.StringIO() if value else None
                sys.stdout = self._output or self._stdout
            elif name == "warnings":
                warnings.simplefilter("always")
                warnings.showwarning = self._show
            else:
                _SETTINGS[name].write(value)

    def _show(self, message: Any, *_: Any, **__: Any) -> None:
        if len(self._warned) < _MOST_WARNINGS:
            self._warned.append(message)

    def taken(self) -> tuple[str, list[Warning]]:
        """Return what there is to say, once."""
        output = ""
        if self._output is not None:
            output = self._output.getvalue()
            self._output.seek(0)
            self._output.truncate()
        warned, self._warned = self._warned, []
        return output, warned

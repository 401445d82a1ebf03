"""Tests that the reward does not see, to notice a policy that learns the tests and not the problem.

Part of a problem's tests pays, the rest only measures. An honest program passes both parts about
equally often; one that hard-codes what it was paid for passes the visible part only. Refuses to
guess: tests that cannot be divided safely stay whole and are left out of the gap.
"""

import ast
import copy
import logging
import random
from collections import deque
from dataclasses import replace
from functools import lru_cache

from whetstone.rewards.base import RunStopped
from whetstone.rewards.sandbox import AnyTests, StdioTests

_LOG = logging.getLogger(__name__)

_WINDOW = 20
"""Batches that the gap is averaged over: one batch is too noisy to accuse anybody."""

_SPLITS_KEPT = 4096


class RewardHackedError(RunStopped):
    """The gap has reached the limit at which the user asked to stop.

    Checkpoints that were saved before stay.
    """


def split_tests(tests: AnyTests, fraction: float) -> tuple[AnyTests, AnyTests | None]:
    """Divide tests into a visible and a hidden part; None where they cannot be divided."""
    if isinstance(tests, str):
        return split_source(tests, fraction)
    return split_cases(tests, fraction)


def split_cases(tests: StdioTests, fraction: float) -> tuple[StdioTests, StdioTests | None]:
    """Divide inputs and outputs; the first stays visible, because prompts often show it."""
    count = len(tests.cases)
    if fraction == 0 or count < 2:  # noqa: PLR2004 - one for each part
        return tests, None
    hidden = _hidden_indices(count, fraction, repr(tests.cases))
    seen = tuple(case for index, case in enumerate(tests.cases) if index not in hidden)
    unseen = tuple(case for index, case in enumerate(tests.cases) if index in hidden)
    return replace(tests, cases=seen), replace(tests, cases=unseen)


@lru_cache(maxsize=_SPLITS_KEPT)
def split_source(tests: str, fraction: float) -> tuple[str, str | None]:
    """Divide tests into a visible and a hidden part.

    Divided are the asserts at the top level or, without two of them, those of the check function
    that the tests call. The first assert stays visible, because prompts often show it; the others
    are drawn by a generator that is seeded with the tests, so equally in every process.

    Args:
        tests: Python source.
        fraction: Share of the asserts to hide, rounded, but at least one of them.

    Returns:
        Both parts as source, or the tests and None where they cannot be divided.

    """
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tests, None  # the sandbox says what is wrong with them
    path = _home_of_asserts(tree)
    if fraction == 0 or path is None:
        return tests, None
    count = len(_asserts(_body(tree, path)))
    hidden = _hidden_indices(count, fraction, tests)
    return _without(tree, path, hidden), _without(tree, path, set(range(count)) - hidden)


def _hidden_indices(count: int, fraction: float, seed: str) -> set[int]:
    """Draw which of `count` tests, at least 2, are hidden; never the first, nor all of the others.

    The same seed draws the same ones in every process.
    """
    hidden_count = min(max(round(fraction * count), 1), count - 1)
    return set(random.Random(seed).sample(range(1, count), hidden_count))


def _home_of_asserts(tree: ast.Module) -> int | None:
    """Return where the asserts are: -1 for the top level, or the index of the check function.

    Only a function that is called once, as a statement: the assert of a helper that compares for
    many tests must not be taken away.
    """
    if len(_asserts(tree.body)) > 1:
        return -1
    called = [
        node.value.func.id
        for node in tree.body
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
    ]
    for index, node in enumerate(tree.body):
        if (
            isinstance(node, ast.FunctionDef)
            and called.count(node.name) == 1
            and len(_asserts(node.body)) > 1
        ):
            return index
    return None


def _body(tree: ast.Module, path: int) -> list[ast.stmt]:
    if path < 0:
        return tree.body
    function = tree.body[path]
    assert isinstance(function, ast.FunctionDef)  # noqa: S101 - _home_of_asserts has looked
    return function.body


def _asserts(body: list[ast.stmt]) -> list[ast.stmt]:
    return [node for node in body if isinstance(node, ast.Assert)]


def _without(tree: ast.Module, path: int, dropped: set[int]) -> str:
    part = copy.deepcopy(tree)
    body = _body(part, path)
    gone = {id(node) for index, node in enumerate(_asserts(body)) if index in dropped}
    body[:] = [node for node in body if id(node) not in gone]
    return ast.unparse(part)


class HackGap:
    """Follows the gap between the visible and the hidden pass rate over the last batches.

    Args:
        warning: Gap from which on a warning is logged, and again for each step of this size.
        stop: Gap from which on `RewardHackedError` is raised; None: never.

    """

    def __init__(self, warning: float, stop: float | None) -> None:
        self._warning = warning
        self._stop = stop
        self._gaps: deque[float] = deque(maxlen=_WINDOW)
        self._next_warning = warning

    def add(self, gap: float) -> None:
        """Take the gap of one batch, in -1 to 1; warn or raise where the mean calls for it."""
        self._gaps.append(gap)
        mean = sum(self._gaps) / len(self._gaps)
        if len(self._gaps) < _WINDOW:
            return
        text = (
            f"programs pass {mean:.0%} more of the tests that pay than of the hidden ones, over the"
            f" last {_WINDOW} batches: the policy may be learning the tests. Look at its programs"
        )
        if self._stop is not None and mean >= self._stop:
            raise RewardHackedError(
                f"{text}. Stopped because hack_gap_stop={self._stop}; null trains on"
            )
        if mean >= self._next_warning:
            _LOG.warning("%s; hack_gap_stop=GAP would end such a run", text)
            self._next_warning = mean + self._warning

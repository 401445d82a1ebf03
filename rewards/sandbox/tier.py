"""Where the tests of a problem run: decided by the problem, before any program is seen."""

from enum import StrEnum


class Tier(StrEnum):
    """Two ways to bring tests and program together."""

    APART = "apart"
    """Each in a process of its own; data crosses. The rule."""

    TOGETHER = "together"
    """Both in one process, guarded: for tests that do with objects what cannot cross."""

"""What is wrong with the names that a program supplies to its tests, in either tier."""

from collections.abc import Collection

from whetstone.rewards.sandbox.names import replaced_names
from whetstone.rewards.sandbox.outcome import Outcome
from whetstone.rewards.sandbox.text import one_line
from whetstone.rewards.sandbox.verdict import Verdict


def unfit(
    program: str, supplied: Collection[str], wanted: Collection[str], entry_points: Collection[str]
) -> Outcome | None:
    """Return the verdict on a program that lacks an entry point, or replaces a helper.

    Names that its tests want beside the entry points are helpers that stood before the program's
    own part. With a second definition it could agree with any answer.
    """
    missing = [name for name in entry_points if name not in supplied]
    if missing:
        reason = f"the program does not define {', '.join(missing)}"
        return Outcome(Verdict.ERROR, one_line(reason))
    helpers = set(wanted) - set(entry_points)
    try:
        replaced = sorted(replaced_names(program, helpers)) if entry_points and helpers else []
    except (RecursionError, MemoryError):
        reason = "the program is nested too deeply to see what it replaces"
        return Outcome(Verdict.VIOLATION, reason)
    if replaced:
        reason = f"the program replaces {', '.join(replaced)}, which its tests use"
        return Outcome(Verdict.VIOLATION, one_line(reason))
    return None

"""Parts the arguments of a command that has settings of its own beside some settings of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.not_a_setting import answer_empty, answer_flag, answer_stray
from whetstone.finetuning.config.overrides import is_flag, with_home
from whetstone.finetuning.credentials import why_refused
from whetstone.finetuning.errors import Problem

_ALGORITHM = "grpo"
"""Whose settings a flag may have meant: these commands judge completions that were sampled."""


@dataclass(frozen=True)
class Parted:
    """The arguments of a command, sorted."""

    own: dict[str, str] = field(default_factory=dict)
    """The command's own settings, `~` replaced; "" for a value that cannot be taken."""
    shared: list[str] = field(default_factory=list)
    """Settings of a run, as they were typed."""
    problems: list[Problem] = field(default_factory=list)


def part(given: Sequence[str], own: Mapping[str, str], shared: Sequence[str]) -> Parted:
    """Sort what was typed, and say what is neither.

    Args:
        given: the arguments.
        own: the command's settings, all of which must be given, and what is wanted there.
        shared: the parts of a run's configuration that the command reads, by dotted path.

    """
    parted = Parted()
    before: str | None = None
    for text in given:
        _sort(text, own, shared, parted, before)
        before = text if "=" in text else before
    for name, expected in own.items():
        if name not in parted.own:
            told = Problem(name, f"must be given: {name}=..., {expected}")
            parted.problems.append(told)
        elif not parted.own[name] and all(told.setting != name for told in parted.problems):
            parted.problems.append(answer_empty(f"{name}=", expected))
    return parted


def _sort(
    text: str, own: Mapping[str, str], shared: Sequence[str], parted: Parted, before: str | None
) -> None:
    key, sign, value = text.partition("=")
    name = key.lstrip("+")
    problems = parted.problems
    if is_flag(text):
        problems.append(answer_flag(text, _ALGORITHM))
    elif not sign:
        free = next((name for name in own if name not in parted.own), "")
        problems.append(answer_stray(text, free, is_given=not free, before=before))
    elif reason := why_refused(name, value):
        if name in own:
            parted.own.setdefault(name, "")
        problems.append(Problem(name, reason))
    elif name in parted.own:
        problems.append(Problem(text, f"`{name}` was given twice; keep one of them"))
    elif name in own:
        parted.own[name] = with_home(value)
    elif any(f"{name}.".startswith(f"{known}.") for known in shared):
        parted.shared.append(text)
    else:
        known = did_you_mean(name, [*own, *shared])
        problems.append(Problem(text, f"no such setting; {known}"))

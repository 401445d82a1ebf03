"""Hydra's overrides, read before Hydra composes, because it stops at the first mistake.

Group choices are checked against the files of conf/. Values are forced (`++`), so that a wrong
key reaches the schema, which names all wrong keys together, and so that an argument of TRL that
no YAML mentions needs no `+`. Choosing a group or setting a value twice is refused: Hydra would
silently take the last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from finetuning.config.suggest import did_you_mean
from finetuning.errors import Problem

_ONE_ONLY = frozenset({"algo", "backend", "collect", "data", "model", "pipeline"})
CONF_DIR = Path(__file__).resolve().parents[2] / "conf"


@dataclass(frozen=True)
class CommandLine:
    """The overrides of a command, sorted by what they do. Wrong ones are left out."""

    choices: dict[str, str]
    """Group choices, as typed: `{"algo": "algo=grpo"}`."""
    values: dict[str, str]
    """Forced values by dotted path: `{"seed": "++seed=1"}`."""
    hydra: tuple[str, ...]
    """Hydra's own settings (`hydra/launcher=...`), passed through untouched."""
    problems: tuple[Problem, ...]

    def overrides(self) -> list[str]:
        """Return what Hydra is given."""
        return [*self.preset(), *self.values.values()]

    def preset(self) -> list[str]:
        """Return the choices only: what the YAMLs say without the user's single values."""
        return [*self.hydra, *self.choices.values()]


def config_groups(directories: Iterable[Path] = (CONF_DIR,)) -> dict[str, set[str]]:
    """Map each config group to its options."""
    groups: dict[str, set[str]] = {}
    for directory in directories:
        for file in directory.rglob("*.yaml"):
            group = file.parent.relative_to(directory).as_posix()
            if group != "." and not group.startswith("hydra"):
                groups.setdefault(group, set()).add(file.stem)
    return groups


def read_command_line(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> CommandLine:
    """Sort the overrides of one command; a sweep's `a,b` counts as several choices."""
    groups = config_groups([CONF_DIR, *user_dirs])
    parser = OverridesParser.create()
    choices: dict[str, str] = {}
    values: dict[str, str] = {}
    hydra: list[str] = []
    problems: list[Problem] = []
    for text in overrides:
        try:
            override = parser.parse_override(text)
        except HydraException as error:
            reason = str(error).splitlines()[0]
            problems.append(Problem(text, f"cannot be read as `setting=value` ({reason})"))
            continue
        key = override.key_or_group
        if not key:
            problems.append(Problem(text, "the name is missing; write setting=value"))
        elif key.split("/")[0].split(".")[0] == "hydra":
            hydra.append(text)
        elif key in choices or key in values:
            problems.append(Problem(text, f"`{key}` was given twice; keep one of them"))
        elif key in groups:
            found = _check_choice(override, groups[key])
            if found:
                problems += found
            else:
                choices[key] = text.lstrip("+")
        else:
            values[key] = text if override.is_delete() else "++" + text.lstrip("+")
    return CommandLine(choices, values, tuple(hydra), tuple(problems))


def _check_choice(override: Override, options: set[str]) -> list[Problem]:
    group = override.key_or_group
    if override.is_delete():
        return [Problem(f"~{group}", f"a run needs this one; choose another: {group}=NAME")]
    if override.value() == "":
        return [Problem(f"{group}=", f"choose one: {', '.join(sorted(options))}")]
    chosen = _chosen_options(override)
    problems = [
        Problem(f"{group}={option}", f"no such {group}; {did_you_mean(option, options)}")
        for option in chosen
        if option not in options
    ]
    if isinstance(override.value(), list) and group in _ONE_ONLY:
        remedy = f"one is wanted; a run for each: -m {group}={','.join(chosen)}"
        problems.append(Problem(f"{group}=[{','.join(chosen)}]", remedy))
    elif isinstance(override.value(), list) and len(set(chosen)) < len(chosen):
        problems.append(Problem(f"{group}=[{','.join(chosen)}]", "one of them is there twice"))
    return problems


def _chosen_options(override: Override) -> list[str]:
    """Flatten `a`, `[a,b]` and the sweep `a,b` into option names; null chooses nothing."""
    value = override.value() if not override.is_sweep_override() else None
    chosen: list[object] = (
        list(override.sweep_string_iterator())
        if override.is_sweep_override()
        else value
        if isinstance(value, list)
        else [value]
    )
    names = [name for entry in chosen for name in str(entry).strip("[]").split(",")]
    return [name for name in names if name not in {"None", "null", ""}]

"""Which folders are compared, and which of them are seeds of one configuration.

A folder is a run or holds runs. Runs whose configurations differ in nothing but the seed, the place
and the trackers are one group; so a sweep over seeds is one line of the comparison and not three.
A seed that was run twice is no second seed: its repetition is a group of its own, and
`repetitions` says so.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from whetstone.evaluation.compare import Measured, read_evaluations
from whetstone.finetuning.errors import BrokenRunError, ConfigError, Problem
from whetstone.finetuning.report.read import Run, read_run

_CONFIG = "config.yaml"
_REPORT = "report.json"
_MANIFEST = "manifest.json"
_NO_PART_OF_IT = frozenset({"run", "tracker"})
"""Sections that say where a run writes and who is told, and nothing about what it does."""
_MADE_WITH = ("device", "cores", "packages", "git")
_LONGEST_NAME = 28
_COMMIT = 10

Settings = Mapping[str, str]
"""Dotted path to value, as it is printed."""


@dataclass(frozen=True)
class Member:
    """A run of a group."""

    run: Run
    name: str
    """As the user knows it: its folder's name."""
    named_by_user: bool
    source: Path
    """The folder that was given on the command line: the run itself, or the one that holds it."""
    seed: str
    settings: Settings
    """Without seeds, places and trackers."""
    made_with: Settings
    """Device, versions and commit, from the manifest."""
    tracked_as: str | None
    """The run's id in W&B, were it logged there."""
    before: Mapping[str, Measured]
    after: Mapping[str, Measured]


@dataclass(frozen=True)
class Group:
    """One configuration: a run, or several, each with another seed."""

    label: str
    members: tuple[Member, ...]

    @property
    def settings(self) -> Settings:
        """The settings of all its members."""
        return self.members[0].settings


def find_groups(folders: Sequence[Path], *, each: bool) -> tuple[list[Group], list[str]]:
    """Read the runs in the given folders and group them, in the order in which they were given.

    Args:
        folders: runs, or folders that hold runs.
        each: keep every run by itself, also the seeds of one configuration.

    Returns:
        The groups, and a sentence for each run that was left out because it has not ended.

    Raises:
        ConfigError: folders hold no finished run, or there is only one run; all of it at once.
        BrokenRunError: a file of a run cannot be read.

    """
    problems: list[Problem] = []
    left_out: list[str] = []
    members: dict[Path, Member] = {}
    for folder in folders:
        runs = [folder] if _is_run(folder) else _runs_below(folder)
        ended = [run for run in runs if (run / _REPORT).is_file()]
        if not ended:
            problems.append(Problem(str(folder), _why_nothing(folder, runs)))
        left_out += [f"{run.name} has not ended" for run in runs if run not in ended]
        members |= {run.resolve(): _read_member(run, folder) for run in ended}
    if not problems and len(members) == 1:
        only = next(iter(members.values()))
        problems.append(Problem(str(only.source), "is one run: give another to compare it with"))
    if problems:
        raise ConfigError(problems)
    sorted_out: dict[tuple[str, int], list[Member]] = {}
    times: Counter[tuple[str, str]] = Counter()
    for path, member in members.items():
        key = str(path) if each else json.dumps(sorted(member.settings.items()))
        sorted_out.setdefault((key, times[key, member.seed]), []).append(member)
        times[key, member.seed] += 1
    return _labelled(list(sorted_out.values())), left_out


def repetitions(groups: Sequence[Group]) -> list[str]:
    """Return a sentence for each run that another one with the same settings and seed precedes."""
    told: list[str] = []
    first: dict[str, Member] = {}
    for member in (member for group in groups for member in group.members):
        key = json.dumps([member.seed, sorted(member.settings.items())])
        if key in first:
            told.append(
                f"{member.name} is seed {member.seed} of the configuration of {first[key].name} "
                "once more. It is shown by itself: a seed counted twice would narrow the interval "
                "and add no evidence."
            )
        first.setdefault(key, member)
    return told


def debug_runs(groups: Sequence[Group]) -> list[str]:
    """Return the groups that are checks of the path, whose scores mean nothing."""
    return [group.label for group in groups if group.members[0].run.is_debug]


def config_differences(groups: Sequence[Group]) -> dict[str, tuple[str, ...]]:
    """Return each setting in which groups differ, with its value in each group."""
    return _differing([group.settings for group in groups])


def making_differences(groups: Sequence[Group]) -> dict[str, tuple[str, ...]]:
    """Return in what devices, versions and commits differ: what may explain a difference too."""
    return _differing([_joined(group.members) for group in groups])


def _is_run(folder: Path) -> bool:
    return (folder / _REPORT).is_file() or (folder / _CONFIG).is_file()


def _runs_below(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    return [path for path in inside if _is_run(path)]


def _why_nothing(folder: Path, runs: Sequence[Path]) -> str:
    if not folder.is_dir():
        return "there is no such folder"
    if runs:
        return "holds no run that has ended; the command that began it continues it"
    return "is no run and holds none: a run's folder has a report.json"


def _read_member(folder: Path, source: Path) -> Member:
    run = read_run(folder)
    config = _read_config(run)
    manifest = _read_manifest(folder)
    flat = _flat({key: part for key, part in config.items() if key not in _NO_PART_OF_IT})
    own_name = (config.get("run") or {}).get("name")
    return Member(
        run=run,
        name=folder.resolve().name,
        named_by_user=own_name is not None,
        source=source,
        seed=str(config.get("seed", "?")),
        settings={key: value for key, value in flat.items() if key.split(".")[-1] != "seed"},
        made_with=_made_with(manifest),
        tracked_as=f"{run.summary.name}-{manifest['id']}" if "id" in manifest else None,
        before=read_evaluations(folder / "eval" / "before"),
        after=read_evaluations(folder / "eval" / "after"),
    )


def _read_config(run: Run) -> dict[str, Any]:
    try:
        config = yaml.safe_load(run.config or "{}")
    except yaml.YAMLError as error:
        raise BrokenRunError(f"{run.folder / _CONFIG} is not YAML: {error}") from error
    if not isinstance(config, dict):
        raise BrokenRunError(f"{run.folder / _CONFIG} is not a mapping of settings")
    return config


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / _MANIFEST
    if not path.is_file():
        return {}
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BrokenRunError(f"{path} is not JSON: {error}") from error
    return manifest


def _made_with(manifest: Mapping[str, Any]) -> dict[str, str]:
    flat = _flat({key: manifest[key] for key in _MADE_WITH if manifest.get(key)})
    return {key: value[:_COMMIT] if key == "git.commit" else value for key, value in flat.items()}


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, str) else json.dumps(value)
    return flat


def _joined(members: Iterable[Member]) -> Settings:
    """Return what the members were made with; several values of one thing stand beside another."""
    values: dict[str, dict[str, None]] = {}
    for member in members:
        for key, value in member.made_with.items():
            values.setdefault(key, {})[value] = None
    return {key: ", ".join(found) for key, found in values.items()}


def _differing(sides: Sequence[Settings]) -> dict[str, tuple[str, ...]]:
    keys = dict.fromkeys(key for side in sides for key in side)
    rows = {key: tuple(side.get(key, "\N{EN DASH}") for side in sides) for key in keys}
    return {key: row for key, row in rows.items() if len(set(row)) > 1}


def _labelled(sorted_out: Sequence[list[Member]]) -> list[Group]:
    """Name each group: by the user's own names, else by the setting that tells them apart.

    Two of one name are told apart by their paths.
    """
    labels = [_own_name(members, sorted_out) for members in sorted_out]
    if not all(labels):
        telling = _telling_setting([members[0].settings for members in sorted_out])
        labels = telling or [_names(members) for members in sorted_out]
    if len(set(labels)) < len(labels):
        labels = [str(members[0].run.folder) for members in sorted_out]
    return [Group(label, tuple(members)) for label, members in zip(labels, sorted_out, strict=True)]


def _own_name(members: Sequence[Member], sorted_out: Sequence[list[Member]]) -> str:
    """Return what the user called it: the sweep that is this group alone, or runs by their name."""
    source = members[0].source
    strangers = [m for group in sorted_out if group is not members for m in group]
    if (
        len(members) > 1
        and all(member.source == source for member in members)
        and all(member.source != source for member in strangers)
    ):
        return source.resolve().name
    return _names(members) if all(member.named_by_user for member in members) else ""


def _telling_setting(sides: Sequence[Settings]) -> list[str]:
    """Return `beta=0.02` for each side, of the first setting that differs between all of them.

    Nothing if there is no such setting.
    """
    rows = _differing(sides)
    first = ("algo.name", "model.name", "data.name")
    for key in sorted(rows, key=lambda key: (key not in first, key)):
        if len(set(rows[key])) == len(sides):
            short = key.removesuffix(".name").split(".")[-1]
            return [f"{short}={value}" for value in rows[key]]
    return []


def _names(members: Sequence[Member]) -> str:
    names = " + ".join(member.name for member in members)
    if len(members) == 1 or len(names) <= _LONGEST_NAME:
        return names
    return f"{members[0].name} and {len(members) - 1} more"

"""Hydra's overrides, read before Hydra composes, because it stops at the first mistake.

Group choices are checked against the files of conf/; a model that is none of them is a folder or an
id of the Hub. Values are forced (`++`), so that a wrong key reaches the schema, which names all
wrong keys together, and so that an argument of TRL that no YAML mentions needs no `+`. Choosing a
group or setting a value twice is refused: Hydra would silently take the last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.groups import CONF_DIR, LOCAL, config_groups
from whetstone.finetuning.config.hydra_settings import wrong_hydra_settings
from whetstone.finetuning.config.not_a_setting import (
    answer_comma,
    answer_empty,
    answer_flag,
    answer_unreadable,
    answer_word,
    is_sure_number,
)
from whetstone.finetuning.config.overrides import is_flag, parse_override, plain, quoted
from whetstone.finetuning.config.resolve_model import resolve_path
from whetstone.finetuning.config.row_files import rows_no_name
from whetstone.finetuning.config.wanted import takes_path, wanted
from whetstone.finetuning.credentials import why_refused
from whetstone.finetuning.errors import ConfigError, Problem

_ONE_ONLY = frozenset({"algo", "backend", "collect", "data", "model", "pipeline"})
_MODEL, _PATH = "model", "model.path"
_NONE_OF = frozenset({"reward", "tracker"})
_DEFAULT_ALGORITHM = "grpo"
_NOTHING = frozenset({"None", ""})
"""How `null` and an empty value read: no choice of a group, and no model."""
_LISTED = frozenset({ValueType.SIMPLE_CHOICE_SWEEP, ValueType.CHOICE_SWEEP})


@dataclass(frozen=True)
class CommandLine:
    """The overrides of a command, sorted by what they do. Wrong ones are left out."""

    choices: dict[str, str]
    """Group choices, as typed: `{"algo": "algo=grpo"}`."""
    values: dict[str, str]
    """Forced values by dotted path: `{"seed": "++seed=1"}`."""
    hydra: tuple[str, ...]
    """Hydra's own settings (`hydra/launcher=...`)."""
    problems: tuple[Problem, ...]

    def overrides(self) -> list[str]:
        """Return what Hydra is given."""
        return [*self.preset(), *self.values.values()]

    def preset(self) -> list[str]:
        """Return the choices only: what the YAMLs say without the user's single values."""
        return [*self.hydra, *self.choices.values()]


def read_command_line(
    overrides: Sequence[str],
    user_dirs: Sequence[Path] = (),
    *,
    sweep: bool = False,
    has_sweeps: bool = False,
) -> CommandLine:
    """Sort the overrides of one command.

    Args:
        overrides: what the user typed.
        user_dirs: folders with further YAMLs.
        sweep: `-m` was given: `a,b` counts as several choices.
        has_sweeps: the command has `-m`.

    """
    reader = _Reader(config_groups([CONF_DIR, *user_dirs]), sweep=sweep, has_sweeps=has_sweeps)
    for text in overrides:
        reader.read(text)
    command = reader.command_line()
    wrong = wrong_hydra_settings(command.hydra, tuple(user_dirs))
    taken = tuple(text for text in command.hydra if text not in wrong)
    return replace(command, hydra=taken, problems=(*command.problems, *wrong.values()))


class _Reader:
    """What was read so far."""

    def __init__(self, groups: dict[str, set[str]], *, sweep: bool, has_sweeps: bool) -> None:
        self._groups = groups
        self._sweep = sweep
        self._has_sweeps = has_sweeps
        self._choices: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._hydra: list[str] = []
        self._later: list[Callable[[str], Problem]] = []
        """Answers that depend on the algorithm, which may stand behind them."""
        self._before: str | None = None
        self._problems: list[Problem] = []

    def command_line(self) -> CommandLine:
        if self._is_without_path():
            del self._choices[_MODEL]
            remedy = "stands for a model given by its path; write model=FOLDER or model=OWNER/NAME"
            self._problems.append(Problem(f"{_MODEL}={LOCAL}", remedy))
        algo = self._choices.get("algo", "").partition("=")[2]
        algo = algo if algo in self._groups["algo"] else _DEFAULT_ALGORITHM
        problems = (*self._problems, *(answer(algo) for answer in self._later))
        return CommandLine(self._choices, self._values, tuple(self._hydra), problems)

    def read(self, text: str) -> None:
        if is_flag(text):
            self._later.append(partial(answer_flag, text))
            return
        if "=" not in text and not text.startswith("~"):
            self._problems.append(answer_word(text, self._groups, self._before))
            return
        self._before = text
        key, _, value = text.lstrip("+").partition("=")
        # What is in a structure is named by the gate, with the place where it is.
        if not value.startswith(("{", "[")) and (reason := why_refused(key, value)):
            self._problems.append(Problem(key, reason))
            return
        try:
            override, as_read = parse_override(text, _takes_path)
        except HydraException:
            self._problems.append(answer_unreadable(text))
            return
        self._sort(override, as_read)

    def _sort(self, override: Override, text: str) -> None:
        key = override.key_or_group
        is_choice = key in self._groups
        if not key:
            self._problems.append(Problem(text, "the name is missing; write setting=value"))
        elif key.split("/")[0].split(".")[0] == "hydra":
            self._hydra.append(text)
        elif key in self._choices or key in self._values:
            self._problems.append(Problem(text, f"`{key}` was given twice; keep one of them"))
        elif not is_choice and text.endswith(f"{key}=") and self._wanted(key):
            self._later.append(lambda algo: answer_empty(text, self._wanted(key, algo)))
        elif is_choice:
            self._choose(override, text)
        elif override.is_sweep_override() and self._is_no_sweep(text):
            self._explain_comma(override, text)
        else:
            self._values[key] = text if override.is_delete() else "++" + text.lstrip("+")

    def _choose(self, override: Override, text: str) -> None:
        """Take a choice if there is such an option, and only then ask what a comma means."""
        key = override.key_or_group
        paths = self._paths(override) if key == _MODEL else []
        if paths:
            models, found = self._models(paths)
        else:
            models, found = [], _check_choice(override, self._groups[key], self._has_sweeps)
        self._problems += found
        if override.is_sweep_override() and not self._sweep:
            self._explain_comma(override, text, are_options=not found)
        elif paths and not found:
            self._by_path(text, models, len(_entries(override)))
        elif not found:
            self._choices[key] = text.lstrip("+")

    def _explain_comma(self, override: Override, text: str, *, are_options: bool = True) -> None:
        key = override.key_or_group
        listed = are_options and override.value_type in _LISTED
        answer = partial(
            answer_comma,
            text,
            _entries(override) if listed else [],
            is_choice=key in self._groups,
            takes_many=key not in _ONE_ONLY,
            has_sweeps=self._has_sweeps,
        )
        self._later.append(lambda algo: answer(algo=algo))

    def _is_without_path(self) -> bool:
        """Tell `model=local` that says no path, nor has an experiment that may say it."""
        chosen = self._choices.get(_MODEL, "").partition("=")[2].split(",")
        return LOCAL in chosen and not {_PATH, "experiment"} & {*self._values, *self._choices}

    def _wanted(self, key: str, algo: str = _DEFAULT_ALGORITHM) -> str:
        """Say what a setting takes; nothing for a name that is unknown, which the schema tells."""
        return wanted(key, algo=algo) or ""

    def _is_no_sweep(self, text: str) -> bool:
        """Tell several values where one is wanted, and in a sweep a number with a comma."""
        name, _, given = text.lstrip("+").partition("=")
        return not self._sweep or is_sure_number(name, given, _DEFAULT_ALGORITHM) is not None

    def _paths(self, override: Override) -> list[str]:
        """Return the models that are no choice of conf/model; none where the choice is wrong."""
        if override.is_delete() or isinstance(override.value(), list):
            return []
        names = self._groups[_MODEL] | _NOTHING | {"null"}
        return [entry for entry in _entries(override) if entry not in names]

    def _models(self, paths: list[str]) -> tuple[list[str], list[Problem]]:
        """Return the folders and ids that are meant, and why some can mean none."""
        found: list[str] = []
        problems: list[Problem] = []
        for path in paths:
            setting = f"{_MODEL}={path}"
            try:
                found.append(resolve_path(path, setting, presets=self._groups[_MODEL]).path)
            except ConfigError as error:
                problems += error.problems
        return found, problems

    def _by_path(self, text: str, models: list[str], of: int) -> None:
        """Take `model=FOLDER` and `model=OWNER/NAME` as the path of a model without presets."""
        if _PATH in self._values:
            remedy = f"the model is given twice, here and as {_PATH}; keep one of them"
            self._problems.append(Problem(text, remedy))
        elif len(models) < of:
            remedy = "names of presets and other models do not mix in a sweep; give all by their id"
            self._problems.append(Problem(text, remedy))
        else:
            self._choices[_MODEL] = f"{_MODEL}={LOCAL}"
            self._values[_PATH] = f"++{_PATH}={','.join(quoted(path) for path in models)}"


def _takes_path(setting: str) -> bool:
    of_hydra = setting.startswith("hydra.") and setting.endswith(".dir")
    return setting == _MODEL or of_hydra or takes_path(setting)


def _check_choice(override: Override, options: set[str], has_sweeps: bool) -> list[Problem]:
    group = override.key_or_group
    if override.is_delete():
        return [Problem(f"~{group}", f"a run needs this one; choose another: {group}=NAME")]
    there_are = ", ".join(sorted(options - {LOCAL}))
    if override.value() == "":
        return [Problem(f"{group}=", f"the value is empty; choose one: {there_are}")]
    if override.value() is None:
        none = f", or none of them: {group}=[]" if group in _NONE_OF else ""
        remedy = f"null is not a choice; leave {group} out, or choose one: {there_are}{none}"
        return [Problem(f"{group}=null", remedy)]
    chosen = _options(override)
    problems = [
        Problem(
            f"{group}={option}",
            rows_no_name(option) or f"no such {group}; {did_you_mean(option, options - {LOCAL})}",
        )
        for option in chosen
        if option not in options
    ]
    if isinstance(override.value(), list) and group in _ONE_ONLY:
        each = f"; a run for each: -m {group}={','.join(chosen)}" if has_sweeps else ""
        problems.append(Problem(f"{group}=[{','.join(chosen)}]", f"expected one{each}"))
    elif isinstance(override.value(), list) and len(set(chosen)) < len(chosen):
        problems.append(Problem(f"{group}=[{','.join(chosen)}]", "one of them appears twice"))
    return problems


def _options(override: Override) -> list[str]:
    """Flatten `a`, `[a,b]` and the sweep `a,b` or `[a],[b]` into option names; `[]` has none."""
    names = _entries(override)
    if override.is_sweep_override():
        names = [name for entry in names for name in _entries_of_list(entry)]
    return ["null" if name == "None" else name for name in names]


def _entries_of_list(entry: str) -> list[str]:
    """Return what is in a list of names that is an entry of a sweep; another entry as it is."""
    if not (entry.startswith("[") and entry.endswith("]")):
        return [entry]
    return [name.strip("'\"") for name in entry[1:-1].split(",") if name]


def _entries(override: Override) -> list[str]:
    """Return the values of an override, each as it was typed: one, or those of a sweep."""
    if override.is_sweep_override():
        return [entry.strip("'\"") for entry in override.sweep_string_iterator()]
    value = plain(override.value())
    return [str(entry) for entry in value] if isinstance(value, list) else [str(value)]

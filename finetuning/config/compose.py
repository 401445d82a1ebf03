"""From overrides to a plain dictionary: Hydra says which files make it, in which order.

Its defaults list, and nothing else of a Hydra run, is used here. A gate that looks at a command in
several ways (each stage, with `debug=true`, without the user's values) would wait seconds for
Hydra's own compose, which reads every file anew and makes an object of every value.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.defaults_list import DefaultsList, create_defaults_list
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import setup_globals
from omegaconf import OmegaConf

from whetstone.finetuning.config.conf_files import ConfFiles
from whetstone.finetuning.config.fetched import take_fetched
from whetstone.finetuning.config.interpolation import resolved
from whetstone.finetuning.config.tree import MISSING, Tree, at, embedded, merge, of_omegaconf
from whetstone.finetuning.config.tuning import take_tuning


class Composer:
    """Composes conf/config.yaml, with what the folders of the user add; lasts for one command.

    Every method raises what Hydra and OmegaConf raise.
    """

    def __init__(self, user_dirs: Sequence[Path] = ()) -> None:
        """Look into conf/, and into `user_dirs` for further YAMLs."""
        self.user_dirs = tuple(user_dirs)
        self._files, self._listed = _of_user(self.user_dirs) if user_dirs else _of_conf()
        setup_globals()  # what Hydra resolves itself: ${now:...}

    def choices(self, overrides: Sequence[str]) -> dict[str, str]:
        """Return the option of each config group, whoever chose it: command line or experiment."""
        known = self._defaults(overrides)[0].overrides.known_choices
        return {str(group): option for group, option in known.items()}

    def values(self, overrides: Sequence[str]) -> Tree:
        """Return every setting, with each `${...}` resolved.

        Values that must be given and were not stay `???`.
        """
        return resolved(self.unresolved(overrides))

    def unresolved(self, overrides: Sequence[str]) -> Tree:
        """Return every setting, with `${seed}` and its like as they stand in the files."""
        listed, set_by_user = self._defaults(overrides)
        model = f"model/{listed.overrides.known_choices['model']}"
        values: Tree = {}
        for default in listed.defaults:
            merge(values, self._files.placed(default))
            if default.config_path == model:
                self._tune(values, listed)
        for override in set_by_user:
            values = _with_value(values, override)
        return values

    def _tune(self, values: Tree, listed: DefaultsList) -> None:
        take_fetched(values["model"])
        chosen = listed.overrides.known_choices
        groups = {group: self._files.get_group_options(group) for group in ("algo", "pipeline")}
        for layer in take_tuning(values["model"], chosen, groups):
            merge(values, layer)

    def _defaults(self, overrides: Sequence[str]) -> tuple[DefaultsList, list[Override]]:
        """Return which files make the composition, in their order, and the values set beyond."""
        chosen: list[Override] = []
        values: list[Override] = []
        for override in map(_parse, overrides):
            if not override.is_hydra_override():
                is_group = self._files.group_exists(override.key_or_group)
                (chosen if is_group else values).append(override)
        key = tuple(str(override.input_line) for override in chosen)
        if key not in self._listed:
            self._listed[key] = create_defaults_list(
                self._files, "config", chosen, prepend_hydra=False, skip_missing=False
            )
        listed = self._listed[key]
        return listed, [*listed.config_overrides, *values]


_Listed = tuple[ConfFiles, dict[tuple[str, ...], DefaultsList]]
"""Files, and which of them make the compositions that were asked for, by their choices."""


def _of_user(user_dirs: Sequence[Path]) -> _Listed:
    return ConfFiles(user_dirs), {}


@cache
def _of_conf() -> _Listed:
    """Return what all commands of a process share: conf/ changes as little under it as our code."""
    return ConfFiles(), {}


def compose_group(group: str, option: str) -> Tree:
    """Compose one option of a group by itself, without the rest of a configuration."""
    files = ConfFiles()
    listed = create_defaults_list(
        files, f"{group}/{option}", [], prepend_hydra=False, skip_missing=False
    )
    values: Tree = {}
    for default in listed.defaults:
        merge(values, files.placed(default))
    return dict(values[group])


@lru_cache(maxsize=4096)
def _parse(text: str) -> Override:
    return OverridesParser.create().parse_override(text)


def _with_value(values: Tree, override: Override) -> Tree:
    """Set one value as Hydra does; by Hydra itself where it is more than a name and a value."""
    path, value = override.key_or_group.split("."), override.value()
    reached, nearest = at(values, path)
    is_in_list = isinstance(nearest, list) and len(reached) < len(path)
    is_taken_back = value == MISSING  # which is no value that could be merged
    if override.is_force_add() and override.package is None and not is_in_list | is_taken_back:
        merge(values, embedded(value, path))
        return values
    config = OmegaConf.create(values)
    ConfigLoaderImpl._apply_overrides_to_config([override], config)  # noqa: SLF001 - Hydra's words
    return of_omegaconf(config)

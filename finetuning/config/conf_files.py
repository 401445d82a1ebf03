"""The YAML files of conf/ and of the user's folders, as Hydra's defaults list wants to read them.

Each file is parsed once in a process, by libyaml with OmegaConf's rules for numbers and keys. Hydra
reads every file anew for each composition, and the gate looks at a command in several of them.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.default_element import ResultDefault
from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader

from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.config.tree import Tree, embedded

_OF_HYDRA = re.compile(r"(?:(?:override|optional) )*/?hydra/")
"""The name of an entry of a defaults list that chooses something of Hydra itself."""


def _loader() -> Any:
    """Return OmegaConf's loader with libyaml's parser, which is an order of magnitude faster.

    PyYAML's wheels have libyaml; where it was built without, OmegaConf's is taken as it is.
    """
    of_omegaconf = get_yaml_loader()
    if not yaml.__with_libyaml__:
        return of_omegaconf
    return type("Loader", (yaml.CSafeLoader, of_omegaconf), {})


_LOADER = _loader()


class ConfFiles(ConfigRepository):
    """What can be chosen: the folders that Hydra would search, without Hydra's own files."""

    def __init__(self, user_dirs: Sequence[Path] = ()) -> None:
        """Search conf/ first, as Hydra does, and then the folders of the user."""
        self.sources = [_Folder("main", str(folder)) for folder in (CONF_DIR, *user_dirs)]
        self._results: dict[str, ConfigResult | None] = {}

    def load_config(self, config_path: str) -> ConfigResult | None:
        """Return a file as Hydra's defaults list looks at it; None where there is none."""
        if config_path not in self._results:
            self._results[config_path] = super().load_config(config_path)
        return self._results[config_path]

    def placed(self, default: ResultDefault) -> Tree:
        """Return the values of an entry of a defaults list, where its package puts them."""
        path = str(default.config_path)
        source = next(source for source in self.sources if source.is_config(path))
        return embedded(source.read(path)[0], default.package.split(".") if default.package else ())


class _Folder(FileConfigSource):
    def load_config(self, config_path: str) -> ConfigResult:
        content, header, defaults = self.read(config_path)
        # Hydra asks of the content only whether there is any.
        config = OmegaConf.create({"defaults": defaults, **dict.fromkeys(content, True)})
        return ConfigResult(provider=self.provider, path=self.path, config=config, header=header)

    def read(self, config_path: str) -> tuple[Tree, dict[str, str | None], list[Any]]:
        """Return the values, the header and the defaults list of a file."""
        file = Path(self.path, f"{config_path.removesuffix('.yaml')}.yaml")
        return _read(file, file.stat().st_mtime_ns)


@cache
def _read(file: Path, _changed: int) -> tuple[Tree, dict[str, str | None], list[Any]]:
    """Parse a file; what it says to Hydra itself (`hydra:`, `hydra/help`) is left to Hydra."""
    text = file.read_text(encoding="utf-8")
    try:
        content = yaml.load(text, Loader=_LOADER) or {}  # noqa: S506 - it is a safe loader
    except yaml.YAMLError:
        OmegaConf.load(file)  # it tells the file as well
        raise
    if not isinstance(content, dict):
        raise yaml.YAMLError(f"{file}: expected a mapping of settings")
    content.pop("hydra", None)
    defaults = content.pop("defaults", [])
    header = FileConfigSource._get_header_dict(text[:512])  # noqa: SLF001 - the one reader of it
    return content, header, [entry for entry in defaults if not _OF_HYDRA.match(_name(entry))]


def _name(entry: Any) -> str:
    return str(next(iter(entry), "")) if isinstance(entry, dict) else str(entry)

"""The configuration that a run's folder keeps, as a Config again, without torch.

What names a stage of the run (`stage:NAME`) is what that stage made. A folder that was written by
a version with other settings is refused, since nobody knows what its values would mean here.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from whetstone.finetuning.config.references import references, with_products
from whetstone.finetuning.config.resolve_model import beside
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.errors import ConfigError, Problem

_CONFIG, _REPORT = "config.yaml", "report.json"


def read_stored(folder: Path, setting: str) -> Config:
    """Read what a run was.

    Args:
        folder: the run's.
        setting: what the user typed, for messages: `run=outputs/NAME`.

    Raises:
        ConfigError: it is no run's folder, or one that this version cannot read.

    """
    if not folder.is_dir():
        raise ConfigError([Problem(setting, f"there is no such folder{beside(folder)}")])
    path = folder / _CONFIG
    if not path.is_file():
        raise ConfigError([Problem(setting, f"this folder has no {_CONFIG}, so it is not a run")])
    where = {"outputs": str(folder.parent), "cache": str(folder.parent / ".cache"), "resume": True}
    try:
        values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        config = Config.model_validate({**values, "run": {**where, **values["run"]}})
    except (ValidationError, yaml.YAMLError, TypeError, KeyError) as error:
        remedy = f"{path} is not of this version of Whetstone: {_first_line(error)}"
        raise ConfigError([Problem(setting, remedy)]) from error
    named = references(config)
    if not named:
        return config
    products = _products(folder)
    if missing := sorted({*named.values()} - products.keys()):
        remedy = f"what its stage `{missing[0]}` made is not known: {folder / _REPORT} does not say"
        raise ConfigError([Problem(setting, remedy)])
    return with_products(config, products)


def _products(folder: Path) -> dict[str, str]:
    """Return the folder that each earlier stage of a run left."""
    made: dict[str, str] = {}
    for stage in _report(folder).get("stages", ()):
        summary = _report(Path(stage["folder"]))
        if product := summary.get("data_folder") or summary.get("model_folder"):
            made[stage["name"]] = product
    return made


def _report(folder: Path) -> dict[str, Any]:
    path = folder / _REPORT
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        detail = error.errors()[0]
        return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
    return " ".join(str(error).split())

"""What a run is called: what it trains, on what and how, then what was changed of that.

A name is for people, who read it in a table and type it again; that no two configurations share a
folder is what `run_dir` sees to.
"""

import hashlib
import json
import re
from typing import Any

from whetstone.finetuning.config import Plan
from whetstone.finetuning.config.resolve_model import name_of

_IN_THE_NAME = frozenset({"model", "data", "algo", "collect", "pipeline"})
"""Choices that a run's name tells by itself."""
_MODEL_NAME, _MODEL_PATH = "model.name", "model.path"
_FILE = "experiment"
_LIST = r"[\[\]'\" ]"
_NAME = r"[\w.+-]{1,60}"


def run_name(plan: Plan) -> str:
    """Return `{model}-{data}-{algo}`, `-qlora`, `-debug`, then what the user changed (`-seed-1`).

    Where the last stage makes choices of its own, the pipeline's name stands for its algorithm.
    """
    config = plan.asked
    if config.run.name:
        return config.run.name
    if plan.main != plan.asked:
        done = config.pipeline.name
    elif config.collect is not None:
        done = f"collect_{config.collect.name}"
    else:
        done = config.algo.name
    parts = [config.model.name, config.data.name, done]
    if config.model.quantization:
        parts.append("qlora")
    if config.debug:
        parts.append("debug")
    return "-".join([*parts, *_changes(plan)])


def _changes(plan: Plan) -> list[str]:
    """Return the typed settings that made a difference, and what a sweep varies in any case.

    Where that is too much for a name, the rest is hashed: seeds of one configuration share it.
    """
    settings = dict(text.partition("=")[::2] for text in plan.typed if "=" in text)
    told_by_name = _told_by_name(plan)
    changed = {path: value for path, value in plan.changed.items() if path not in told_by_name}
    made_by = {
        path: [key for key in settings if _may_set(key, path, value)]
        for path, value in changed.items()
    }
    of_sweep = [key for key in plan.varied if key in settings]
    keys = dict.fromkeys([*(key for found in made_by.values() for key in found), *of_sweep])
    words = {key: _word(key, settings[key]) for key in keys if key not in _IN_THE_NAME}
    if all(made_by.values()) and re.fullmatch(_NAME, "-".join(words.values())):
        return list(words.values())
    apart = [key for key in (*of_sweep, "seed") if re.fullmatch(_NAME, words.get(key, ""))]
    rest = {path: value for path, value in changed.items() if not {*made_by[path]} & {*apart}}
    told = dict.fromkeys(words[key] for key in apart)
    return [digest(rest)[:6], *told] if rest else list(told)


def _told_by_name(plan: Plan) -> set[str]:
    """Return what the name of the model tells: itself, and the path that it was made of."""
    model = plan.asked.model
    is_of_path = model.path is not None and model.name == name_of(model.path)
    return {_MODEL_NAME, _MODEL_PATH} if is_of_path else {_MODEL_NAME}


def _may_set(key: str, path: str, value: Any) -> bool:
    """Tell whether a setting has a part in what differs at a path; a file may have set anything."""
    if key == _FILE or f"{path}.".startswith(f"{key}."):
        return True
    if not key.startswith(f"{path}."):
        return False
    for part in key.removeprefix(f"{path}.").split("."):  # what makes no other run is not there
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _word(key: str, value: str) -> str:
    if key == _MODEL_PATH:  # two points of a sweep may be folders of one name
        return digest(value)[:6]
    plain = re.sub(_LIST, "", value).replace(",", "+")
    return plain if key == _FILE else f"{key.rsplit('.', maxsplit=1)[-1]}-{plain}"


def digest(value: Any) -> str:
    """Return a hash of a JSON value that does not depend on the order of keys."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()

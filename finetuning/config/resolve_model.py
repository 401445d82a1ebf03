"""What a person calls a model, resolved in one place for every command.

A name of conf/model, a folder, the folder of a run (its finished model), a GGUF file, or an id of
the Hub, in this order, and its files are looked at. Needs neither torch nor the Hub.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import yaml

from whetstone.finetuning.config.compose import compose_group
from whetstone.finetuning.config.explain import nearest
from whetstone.finetuning.config.fetched import take_fetched
from whetstone.finetuning.config.gguf_files import SUFFIX as GGUF
from whetstone.finetuning.config.gguf_files import is_gguf, why_not_converted
from whetstone.finetuning.config.groups import CONF_DIR, LOCAL, config_groups
from whetstone.finetuning.config.model_files import CONFIG, why_broken
from whetstone.finetuning.config.row_files import rows_no_name
from whetstone.finetuning.credentials import why_refused
from whetstone.finetuning.errors import ConfigError, Problem

WANTED = "a name of conf/model, a folder, a .gguf file or an id of the Hub"
MERGED = "merged"
"""The folder of a run's finished model: the adapter folded in, or the trained weights."""
OUTPUTS = Path("outputs")
REPO = re.compile(r"[\w.-]+/[\w.-]+")
"""What an id of the Hub looks like: OWNER/NAME."""
_PAGE = re.compile(rf"https?://[\w.]+/({REPO.pattern})")
"""The page of a model on the Hub."""
_NUMBERS = re.compile(r"\d+[a-z]?")
_ALIKE = 0.8


@dataclass(frozen=True)
class ModelRef:
    """Which weights are meant: where they are, and what they are called."""

    given: str
    """What the user typed."""
    name: str
    """Short, for people and folder names."""
    path: str
    """A folder, a GGUF file, or an id of the Hub."""
    revision: str | None = None
    trust_remote_code: bool = False


def resolve_model(given: str, setting: str, outputs: Path = OUTPUTS) -> ModelRef:
    """Find what is meant by `given`, which was typed as `setting`.

    Args:
        given: a name, a folder or an id of the Hub.
        setting: for messages, such as `model=qwen`.
        outputs: the folder of all runs, where nothing of the Hub is.

    Raises:
        ConfigError: it can lead to no weights, with what could.

    """
    if given in config_groups()["model"]:
        return _preset(given, setting)
    return resolve_path(given, setting, outputs)


def resolve_path(
    given: str, setting: str, outputs: Path = OUTPUTS, presets: Collection[str] = ()
) -> ModelRef:
    """Find a model that is no name of conf/model likewise; `presets` are the names there are."""
    if reason := why_refused("model", given):
        raise ConfigError([Problem(setting, reason)])
    if not given:
        raise ConfigError([Problem(setting, f"the value is empty; wanted: {WANTED}")])
    folder = Path(given).expanduser()
    if folder.is_dir():
        place = _model_in(folder, setting)
        return ModelRef(given, name_of(str(place)), str(place))
    if is_gguf(given):
        return _gguf(given, setting)
    if told := rows_no_name(given):
        raise ConfigError([Problem(setting, f"no model: {told}")])
    if folder.is_file():
        remedy = f"this is a file; a model is a folder, or a {GGUF} file"
        raise ConfigError([Problem(setting, remedy)])
    if page := _PAGE.match(given):
        raise ConfigError([Problem(setting, f"this is a page; write model={page[1]}")])
    if is_local(given, outputs):
        raise ConfigError([Problem(setting, f"there is no such folder{beside(folder)}")])
    if not REPO.fullmatch(given):
        raise ConfigError([Problem(setting, _no_preset(given, presets))])
    return ModelRef(given, name_of(given), given)


def is_local(path: str, outputs: Path = OUTPUTS) -> bool:
    """Tell a path that only a folder can have from one that the Hub may know."""
    begins_local = path.startswith((".", "/", "~", f"{outputs}/"))
    return begins_local or path.endswith("/") or path.count("/") > 1


def name_of(path: str) -> str:
    """Return what a folder or an id of the Hub is called, as a part of a folder's name.

    What a run made lies in `outputs/NAME/merged`: the run's name tells more.
    """
    folder = Path(path).expanduser()
    folder = folder.resolve() if folder.is_dir() else folder
    name = folder.parent.name if folder.name == MERGED else folder.name
    name = folder.stem if is_gguf(folder) else name
    return re.sub(r"[^\w.+-]+", "-", name).strip(".-") or LOCAL


def _preset(name: str, setting: str) -> ModelRef:
    file = CONF_DIR / "model" / f"{name}.yaml"
    if yaml.safe_load(file.read_text(encoding="utf-8"))["path"] is None:
        remedy = "is made by training; give the folder of a run, such as outputs/NAME"
        raise ConfigError([Problem(setting, f"has no weights to load: it {remedy}")])
    model = compose_group("model", name)
    take_fetched(model)
    return ModelRef(name, name, model["path"], model["revision"], model["trust_remote_code"])


def _gguf(given: str, setting: str) -> ModelRef:
    file = Path(given).expanduser()
    reason = why_not_converted(file) if file.is_file() else f"there is no such file{beside(file)}"
    if reason:
        raise ConfigError([Problem(setting, reason)])
    return ModelRef(given, name_of(given), str(file))


def _model_in(folder: Path, setting: str) -> Path:
    """Return the folder of the model: this one, or what a run has made in it."""
    for place in (folder, folder / MERGED):
        if (place / CONFIG).is_file():
            if broken := why_broken(place):
                raise ConfigError([Problem(setting, broken)])
            return place
    if (folder / "adapter_config.json").is_file():
        reason = (
            "this is an adapter, and no whole model; `whetstone merge adapter=FOLDER` makes one of "
            "it, and evaluate and generate take it as adapter= beside model="
        )
    else:
        reason = (
            "this folder has no config.json, so it is no model, and no merged/, so it is not a run "
            "that has ended"
        )
    raise ConfigError([Problem(setting, reason)])


def beside(folder: Path) -> str:
    """Name what of the same parent was probably meant: a folder, or a GGUF file."""
    if not folder.parent.is_dir():
        return ""
    others = [path.name for path in folder.parent.iterdir() if path.is_dir() or is_gguf(path)]
    guess = nearest(folder.name, others)
    return f"; did you mean {folder.parent / guess}?" if guess else ""


def _no_preset(given: str, presets: Collection[str]) -> str:
    """Say that a word is no preset; only a slip of the pen makes a suggestion.

    A name with other numbers is another model, however alike the two look: qwen3 is no qwen_3b.
    """
    names = sorted(set(presets or config_groups()["model"]) - {LOCAL})
    numbers = _NUMBERS.findall(given.lower())
    alike = [name for name in names if _NUMBERS.findall(name) == numbers]
    guess = nearest(given, alike, _ALIKE)
    hint = f"did you mean `{guess}`? " if guess else ""
    return (
        f"no such preset, and no such folder; {hint}there are: {', '.join(names)}; any model of "
        "the Hub works by OWNER/NAME, such as model=Qwen/Qwen3-0.6B, and any folder by its path"
    )

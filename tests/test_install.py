"""What is installed is ours, and in versions that were tested; what cannot be is said first."""

import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from whetstone.rewards.extras import not_installed

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
FOLDERS = ("finetuning", "rewards", "evaluation", "conf", "benchmarks", "docs", "tests", ".ci")
TEXTS = [
    path
    for place in (ROOT, *(ROOT / folder for folder in FOLDERS))
    for path in (place.glob("*") if place == ROOT else place.rglob("*"))
    if path.suffix in {".py", ".md", ".yaml", ".toml", ""} and path.is_file()
]


def test_no_text_asks_an_index_for_our_name():
    """There it is a stranger's package, and installing it would replace us."""
    ours = canonicalize_name(PROJECT["name"])
    assert ours != "whetstone"
    asked = re.compile(r"pip install [^\n`]*\bwhetstone|whetstone\[|version\(.whetstone.\)")
    for path in set(TEXTS) - {Path(__file__)}:
        assert not asked.search(path.read_text()), path
    assert version(ours) == PROJECT["version"]


def test_every_extra_that_a_text_names_is_there():
    for path in set(TEXTS) - {Path(__file__)}:
        text = path.read_text()
        named = re.findall(r"-e '\.\[(\w+)\]'", text) + re.findall(
            r'not_installed\("[^"]+", "(\w+)"\)', text
        )
        assert set(named) <= set(EXTRAS), path


def test_no_message_asks_for_a_bare_pip():
    """It would install into whatever environment the shell has, and not into the clone's."""
    bare = re.compile(r"(?<!\.venv/bin/)\bpip3? install")
    for folder in ("finetuning", "rewards", "evaluation", "conf"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in {".py", ".yaml"}:
                assert not bare.search(path.read_text()), path


def test_make_takes_the_pythons_that_the_project_takes():
    [low, high] = re.findall(r"\(3, (\d+)\)", (ROOT / "Makefile").read_text())
    assert PROJECT["requires-python"] == f">=3.{low},<3.{high}"
    minors = [
        int(name[2:]) for text in PROJECT["classifiers"] for name in re.findall(r"3\.\d+", text)
    ]
    assert minors == list(range(int(low), int(high)))


def test_what_is_missing_is_installed_from_the_clone():
    assert ".venv/bin/pip install -e '.[mlx]'" in not_installed("mlx-lm", "mlx")
    assert ".venv/bin/pip install -e ." in not_installed("trl")


def test_what_we_need_is_pinned_within_the_range_that_we_ask_for():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    for text in (*PROJECT["dependencies"], *EXTRAS["dev"], *EXTRAS["audit"]):
        if text == f"{PROJECT['name']}[audit]":
            continue
        asked = Requirement(text)
        assert asked.specifier.contains(pins[canonicalize_name(asked.name)]), text
    assert not [name for name in pins if name.startswith(("nvidia", "cuda", "triton"))]


OLD = "exit 1"
WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1;; esac'


@pytest.mark.parametrize(
    ("python", "remedy"), [(OLD, "PYTHON=python3.12"), (WITHOUT_VENV, "apt install python3-venv")]
)
def test_a_python_that_will_not_do_is_refused_before_anything_is_made(tmp_path, python, remedy):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{python}\n")
    program.chmod(0o755)
    done = subprocess.run(
        ["make", "train", f"PYTHON={program}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert remedy in done.stderr
    assert str(program) in done.stderr
    assert not (tmp_path / "venv").exists()


def test_make_installs_what_was_tested():
    recipes = (ROOT / "Makefile").read_text()
    installs = re.findall(r"pip install .*--editable.*", recipes)
    assert len(installs) == 2
    assert all("--constraint constraints.txt" in line for line in installs)

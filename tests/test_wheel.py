"""What a wheel holds: one name, which no folder of a user's stands in the way of."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import whetstone
from whetstone import rewards

ROOT = Path(__file__).resolve().parents[1]
MINE = '''
def mine(completions, **_):
    """Pay everything."""
    return [1.0 for _ in completions]
'''


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder with the contents of our wheel, as an installation has them."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", str(folder)], cwd=ROOT, capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def in_a_users_folder(installed, tmp_path):
    """Return what runs Python beside folders of the user's that are called like rooms of ours."""
    (tmp_path / "rewards.py").write_text(MINE)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("theirs: true\n")
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "__init__.py").write_text("raise ImportError('theirs')\n")

    def run(code, *arguments):
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(installed)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


COMMAND = "from whetstone.finetuning.cli import main; main()"


def test_the_only_name_is_ours(installed):
    names = {path.name for path in installed.iterdir() if path.suffix != ".dist-info"}
    assert names == {"whetstone"}
    assert (installed / "whetstone" / "py.typed").is_file()
    assert (installed / "whetstone" / "conf" / "config.yaml").is_file()
    assert not [path for path in installed.rglob("*") if path.is_symlink()]


def test_the_readmes_import_works_beside_folders_of_the_same_names(in_a_users_folder, installed):
    done = in_a_users_folder(
        "from whetstone import ExecutionReward; import inspect; "
        "print(inspect.getfile(ExecutionReward)); "
        "answer, test = 'def f():\\n    return 1\\n', 'assert f() == 1'; "
        "print(ExecutionReward()(prompts=[''], completions=[answer], tests=[test]))"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(installed / "whetstone/rewards/execution.py"), "[1.0]"]


def test_an_audit_finds_the_users_own_module(in_a_users_folder):
    done = in_a_users_folder(COMMAND, "audit", "rewards:mine")
    assert done.stdout.startswith("mine: the control failed"), done.stderr  # it pays everything
    assert done.returncode == 1


@pytest.mark.slow
def test_a_run_ends_beside_folders_of_the_same_names(in_a_users_folder):
    done = in_a_users_folder(COMMAND, "train", "algo=grpo", "model=nano", "debug=true")
    assert done.returncode == 0, done.stderr


def test_exports_are_what_type_checkers_see():
    for package, names in (
        (whetstone, {*whetstone._API, *rewards.EXPORTS}),
        (rewards, rewards.EXPORTS),
    ):
        source = Path(package.__file__).read_text()
        assert {name for name in names if f" as {name}\n" in source} == set(names)
        assert all(getattr(package, name).__name__ == name for name in names)
        assert set(names) <= set(dir(package))
    with pytest.raises(AttributeError, match="Exeuction"):
        _ = whetstone.ExeuctionReward


def test_importing_whetstone_loads_nothing_heavy():
    code = "import sys, whetstone; print({'torch', 'hydra', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from whetstone.evaluation.files import PARTIAL, whole_folder, write_atomically

ROOT = Path(__file__).resolve().parents[2]


def test_a_file_is_replaced_and_no_draft_stays(tmp_path):
    write_atomically(tmp_path / "new" / "a.txt", "one")
    write_atomically(tmp_path / "new" / "a.txt", b"two")
    assert (tmp_path / "new" / "a.txt").read_text() == "two"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    for content in ("one", "two"):
        with whole_folder(tmp_path / "model") as draft:
            (draft / content).write_text(content)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["two"]


def test_an_error_leaves_the_old_folder(tmp_path):
    with whole_folder(tmp_path / "model") as draft:
        (draft / "one").write_text("")
    with pytest.raises(OSError, match="disk"), whole_folder(tmp_path / "model") as draft:
        raise OSError("disk")
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["one"]


def test_a_killed_writer_leaves_no_folder_and_the_next_one_starts_clean(tmp_path):
    code = (
        "import os, signal, sys, pathlib\n"
        "from whetstone.evaluation.files import whole_folder\n"
        "with whole_folder(pathlib.Path(sys.argv[1])) as draft:\n"
        "    (draft / 'half').write_text('')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    folder = tmp_path / "model"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code, folder], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["model" + PARTIAL]
    with whole_folder(folder) as draft:
        (draft / "whole").write_text("")
    assert [path.name for path in folder.iterdir()] == ["whole"]

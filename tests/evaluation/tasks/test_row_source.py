import gzip
import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from whetstone.evaluation.errors import DataUnavailable
from whetstone.evaluation.tasks.source import RowSource

SOURCE = RowSource("own.jsonl.gz", "owner/own", None, frozenset({"task_id", "text"}))
ROWS = [{"task_id": 2, "text": "two"}, {"task_id": 1, "text": "one"}]


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    for name in ("WHETSTONE_DATA_DIR", "HF_DATASETS_OFFLINE", "HF_DATASETS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))


def write(folder, rows=ROWS):
    folder.mkdir(exist_ok=True)
    content = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / SOURCE.file).write_bytes(gzip.compress(content.encode()))
    return folder


def test_the_data_folder_is_read_in_the_order_of_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(write(tmp_path / "data")))
    assert SOURCE.why_unavailable() is None
    assert SOURCE.rows() == ROWS


def test_a_data_folder_that_is_none_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(DataUnavailable, match=r"nowhere is not a folder.*own\.jsonl\.gz"):
        SOURCE.rows()


def test_offline_and_without_the_file_says_what_was_looked_for_and_the_remedies(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    with pytest.raises(DataUnavailable) as caught:
        SOURCE.rows()
    message = str(caught.value)
    assert f"own.jsonl.gz is not in WHETSTONE_DATA_DIR={tmp_path}" in message
    assert "owner/own" in message
    assert "unset HF_HUB_OFFLINE" in message
    assert SOURCE.why_unavailable() == message


def test_online_the_hub_is_worth_a_try(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert SOURCE.why_unavailable() is None


def test_offline_a_copy_in_the_cache_is_worth_a_try(tmp_path):
    assert SOURCE.why_unavailable() is not None
    (tmp_path / "home/datasets/owner___own").mkdir(parents=True)
    assert SOURCE.why_unavailable() is None


def test_a_failure_of_the_hub_becomes_one_error_with_the_remedy(monkeypatch, tmp_path):
    # The switch is given by its other name, and a cache folder that turns out to be empty.
    (tmp_path / "home/datasets/owner___own").mkdir(parents=True)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "home/datasets"))
    script = (
        "from whetstone.evaluation.tasks.source import RowSource\n"
        "from whetstone.evaluation.errors import DataUnavailable\n"
        "source = RowSource('own.jsonl.gz', 'owner/own', None, frozenset())\n"
        "try: source.rows()\n"
        "except DataUnavailable as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "owner/own cannot be loaded from the Hub" in run.stdout
    assert "Put own.jsonl.gz into a folder and set WHETSTONE_DATA_DIR to it" in run.stdout


def test_another_layout_is_refused(monkeypatch, tmp_path):
    folder = write(tmp_path / "data", [ROWS[0], {"task_id": 1, "prompt": "sanitized"}])
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(folder))
    with pytest.raises(DataUnavailable, match="row 2 lacks text"):
        SOURCE.rows()


@pytest.mark.parametrize(
    "content",
    [
        b"not gzip",
        gzip.compress(b'{"task_id": 1}\n', mtime=0)[:-9],
        gzip.compress(b"{", mtime=0),
        gzip.compress(b"[1]\n", mtime=0),
        gzip.compress(b"", mtime=0),
        gzip.compress(b'"\xff"\n', mtime=0),
    ],
)
def test_a_damaged_file_is_named(monkeypatch, tmp_path, content):
    (tmp_path / SOURCE.file).write_bytes(content)
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    with pytest.raises(DataUnavailable, match=r"own\.jsonl\.gz cannot be read"):
        SOURCE.rows()


def test_asking_for_the_reason_imports_nothing_heavy():
    assert find_spec("datasets") is not None
    script = (
        "import sys; from whetstone.evaluation.tasks import why_unavailable; "
        "why_unavailable('mbpp');"
        "print(sorted({'datasets', 'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

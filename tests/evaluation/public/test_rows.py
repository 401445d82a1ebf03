"""Where rows come from: files in the layouts of the Hub, a row at a time, or the reason why not."""

import gzip
import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whetstone.evaluation.errors import DataUnavailable
from whetstone.evaluation.public.files import rows_of_file
from whetstone.evaluation.public.read import PublicReader
from whetstone.evaluation.public.rows import PublicRows
from whetstone.evaluation.public.table import PUBLIC_SETS

sys.path.insert(0, str(Path(__file__).parent))
import public_layouts as layouts

ROWS = [layouts.apps(problem_id=number) for number in range(3)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def ids(name, split, place, subset=None):
    reader = PublicReader(PublicRows(name, split, subset, str(place)))
    return [problem.id for problem in reader]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.jsonl", LINES),
        ("train.json", json.dumps(ROWS)),
        ("data/train.jsonl.gz", gzip.compress(LINES.encode())),
        ("APPS-v1-train.json", LINES),
        ("train/part-0.jsonl", "\n" + LINES),
    ],
)
def test_every_layout_is_read(tmp_path, name, content):
    write(tmp_path / name, content)
    write(tmp_path / "test.jsonl", json.dumps(layouts.apps(problem_id=9)))
    assert ids("apps", "train", tmp_path) == ["apps/0", "apps/1", "apps/2"]
    assert ids("apps", "test", tmp_path) == ["apps/9"]
    assert ids("apps", "test", tmp_path / "test.jsonl") == ["apps/9"]


@pytest.mark.parametrize("name", layouts.ROWS)
def test_parquet_gives_what_json_gives(tmp_path, name):
    """Types of a table, dates and empty columns among them, change nothing."""
    row = layouts.ROWS[name]()
    for folder in ("lines", "table"):
        (tmp_path / folder).mkdir()
    write(tmp_path / "lines" / "rows.jsonl", json.dumps(row))
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "table" / "rows.parquet")
    split = next(iter(PUBLIC_SETS[name].splits))
    found = [
        [*PublicReader(PublicRows(name, split, None, str(tmp_path / folder)))]
        for folder in ("lines", "table")
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 1


def test_subsets_are_folders(tmp_path):
    for number, subset in enumerate(("primeintellect", "taco", "codeforces", "other")):
        row = layouts.deepcoder(problem=f"{layouts.QUESTION} {number}")
        split = "test" if subset == "codeforces" else "train"
        write(tmp_path / subset / f"{split}-00000-of-00001.jsonl", json.dumps(row))
    assert len(ids("deepcoder", "train", tmp_path)) == 2
    assert len(ids("deepcoder", "train", tmp_path, "other")) == 1
    assert len(ids("deepcoder", "test", tmp_path)) == 1


def test_a_release_of_livecodebench_is_its_first_files(tmp_path):
    for number in range(1, 4):
        row = layouts.livecodebench(question_id=str(number))
        write(tmp_path / f"test{number if number > 1 else ''}.jsonl", json.dumps(row))
    found = {
        release: ids("livecodebench", "test", tmp_path, release)
        for release in (None, "release_v1", "release_v2", "v3")
    }
    assert [len(rows) for rows in found.values()] == [3, 1, 2, 1]
    assert found["v3"] == ["livecodebench/3"]
    why = PublicRows("livecodebench", "test", "v9", str(tmp_path)).why_unavailable()
    assert why == "livecodebench has no release 'v9': choose release_v1 to release_v6, or v1 to v6"


def test_what_is_left_out_is_counted_and_the_rest_is_not_read(tmp_path):
    rows = [*ROWS, layouts.apps(input_output=""), layouts.apps(problem_id=1), layouts.apps()]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    path = write(tmp_path / "train.jsonl", lines + "no JSON\n")
    reader = PublicReader(PublicRows("apps", "train", None, str(path)))
    assert len([*islice(reader, 4)]) == 4
    assert reader.told() == (
        "apps: 2 of 6 problems are left out (1 no tests, 1 the id of another problem)"
    )
    with pytest.raises(DataUnavailable, match="cannot be read"):
        [*PublicReader(PublicRows("apps", "train", None, str(path)))]


def test_another_layout_is_refused(tmp_path):
    path = write(tmp_path / "train.jsonl", '{"question": "x"}\n')
    with pytest.raises(DataUnavailable, match="row 1 lacks difficulty, input_output"):
        ids("apps", "train", path)
    write(path, "[1, 2]")
    with pytest.raises(DataUnavailable, match="row 1: expected an object"):
        [*rows_of_file(path)]


def test_the_data_folder_is_searched_before_the_hub(tmp_path, monkeypatch):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("HF_DATASETS_OFFLINE", raising=False)
    why = PublicRows("apps", "train").why_unavailable()
    assert f"apps is not in WHETSTONE_DATA_DIR={tmp_path}" in why
    assert "metr-evals/apps" in why
    with pytest.raises(DataUnavailable, match="apps is not in"):
        next(PublicRows("apps", "train").rows())
    write(tmp_path / "apps" / "train.jsonl", LINES)
    assert PublicRows("apps", "train").why_unavailable() is None
    assert len([*PublicRows("apps", "train").rows()]) == 3
    assert PublicRows("apps", "test").why_unavailable().endswith("has no file of the split test")
    write(tmp_path / "taco.jsonl.gz", gzip.compress(json.dumps(layouts.taco()).encode()))
    assert len([*PublicRows("taco", "train").rows()]) == 1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (PublicRows("apps", "dev"), "apps has no split 'dev': choose one of train, test"),
        (PublicRows("apps", "train", None, "/nowhere/apps"), "there is no file or folder"),
        (PublicRows("apps", "train", None, "owner/name"), None),
    ],
)
def test_a_wrong_split_or_folder_is_told(rows, reason, monkeypatch):
    for name in ("WHETSTONE_DATA_DIR", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    found = rows.why_unavailable()
    assert found is None if reason is None else reason in found


def test_asking_whether_rows_are_there_loads_nothing_heavy():
    code = (
        "import sys; from whetstone.evaluation.public.rows import PublicRows; "
        "PublicRows('apps', 'train').why_unavailable(); "
        "print([name for name in ('datasets', 'pyarrow', 'torch') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.strip() == "[]"

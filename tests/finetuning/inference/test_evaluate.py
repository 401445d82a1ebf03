import io
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from rich.console import Console

from whetstone.finetuning.artifacts.run_dir import locked
from whetstone.finetuning.config.commands import load_evaluation
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.inference.evaluate import evaluate_model
from whetstone.finetuning.model.resolve import find_model

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = ["samples=2", "k=[1,2]", "max_new_tokens=8", "batch_size=4", "workers=1", "resamples=50"]


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "mine.jsonl"
    row = {"tests": "assert f() == 1", "prompt": "def f():"}
    path.write_text("".join(json.dumps({**row, "id": i}) + "\n" for i in range(3)))
    return path


def measure(*settings):
    screen = io.StringIO()
    config = load_evaluation([*SETTINGS, *settings])
    found = find_model(config.model, config.revision, config.trust_remote_code, config.outputs)
    return evaluate_model(config, found, Console(file=screen, width=120)), screen.getvalue()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_local_folder_is_measured_and_everything_written(qwen_folder, rows, tmp_path):
    folder, screen = measure(f"model={qwen_folder}", f"tasks=[{rows}]", f"outputs={tmp_path}")
    shown = ["pass@1", "pass@2", "compile@1", "accuracy (greedy)", "success rate", "95% interval"]
    for words in shown:
        assert words in screen
    generations = json.loads((folder / "generations_mine.json").read_text())
    assert [len(samples) for samples in generations] == [2, 2, 2]
    assert json.loads((folder / "references_mine.json").read_text()) == ["assert f() == 1"] * 3
    verdicts = json.loads((folder / "results_mine.json").read_text())
    assert set(verdicts["0"][1][1]) == {"task_id", "passed", "result", "completion_id"}
    results = json.loads((folder / "evaluation_results.json").read_text())
    assert set(results["mine"]) == {"pass@1", "pass@2"}
    assert results["config"]["samples"] == 2
    ours = json.loads((folder / "mine.intervals.json").read_text())
    assert set(ours["intervals"]) == set(ours["metrics"])
    assert {"compile@1", "compile@2"} <= set(ours["metrics"])
    # Once more: the same folder, and nothing in it changes.
    before = contents(folder)
    assert measure(f"model={qwen_folder}", f"tasks=[{rows}]", f"outputs={tmp_path}")[0] == folder
    assert contents(folder) == before


@pytest.mark.skipif(find_spec("mlx_lm") is None, reason="mlx-lm is not installed")
def test_mlx_samples_where_it_is_asked_to(qwen_folder, rows, tmp_path):
    given = [f"model={qwen_folder}", f"tasks=[{rows}]", f"outputs={tmp_path}", "rollout=mlx"]
    folder, screen = measure(*given)
    assert "completions by mlx (asked for)" in screen
    assert "mine" in json.loads((folder / "evaluation_results.json").read_text())
    with pytest.raises(ConfigError, match=r"rollout=mlx: only transformers reads weights in 8"):
        load_evaluation([*given, "load_in_8bit=true"])


def test_one_process_at_a_time_writes_to_a_folder(qwen_folder, rows, tmp_path):
    folder = tmp_path / "mine"
    with locked(folder), pytest.raises(ConfigError, match="output=mine: another process"):
        measure(f"model={qwen_folder}", f"tasks=[{rows}]", f"output={folder}")


def test_a_folder_belongs_to_its_weights_and_settings(qwen_folder, rows, tmp_path):
    given = [f"model={qwen_folder}", f"tasks=[{rows}]", f"output={tmp_path / 'mine'}"]
    measure(*given)
    with pytest.raises(ConfigError, match="another seed"):
        measure(*given, "seed=1")
    settings = tmp_path / "mine" / "model.json"
    settings.write_text(settings.read_text().replace('"weights": [\n    "', '"weights": [\n    "x'))
    with pytest.raises(ConfigError, match="the weights"):
        measure(*given)


def test_a_chat_task_needs_a_template(qwen_folder, tmp_path, monkeypatch):
    import gzip

    row = {"task_id": 11, "text": "Add.", "code": "def f(): return 1", "test_list": ["assert f()"]}
    (tmp_path / "mbpp.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    folder = shutil.copytree(qwen_folder, tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ConfigError, match="no chat template; choose mbpp"):
        measure(f"model={folder}", "tasks=[mbpp_chat]", f"outputs={tmp_path}")


@pytest.mark.parametrize("bits", ["4bit", pytest.param("8bit", marks=pytest.mark.nightly)])
def test_quantised_weights_are_measured_on_the_cpu(qwen_folder, rows, tmp_path, bits):
    pytest.importorskip("bitsandbytes")
    folder, _ = measure(
        f"model={qwen_folder}", f"tasks=[{rows}]", f"outputs={tmp_path}", f"load_in_{bits}=true"
    )
    assert (folder / "generations_mine.json").is_file()


def test_names_that_lead_to_no_weights(tmp_path, rows):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    for model, words in (("nano", "outputs/NAME"), (tmp_path / "adapter", "adapter=")):
        with pytest.raises(ConfigError, match=words):
            measure(f"model={model}", f"tasks=[{rows}]", f"outputs={tmp_path}")


@pytest.mark.nightly
def test_the_harness_command_generates_and_scores(qwen_folder, tmp_path):
    import gzip

    row = {"task_id": 11, "text": "Add.", "code": "def f(): return 1", "test_list": ["assert f()"]}
    content = "".join(json.dumps({**row, "task_id": i}) + "\n" for i in (11, 12))
    (tmp_path / "mbpp.jsonl.gz").write_bytes(gzip.compress(content.encode()))
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "bigcode-evaluation-harness" / "main.py"), "--model",
            str(qwen_folder), "--max_length_generation", "48", "--tasks", "mbpp", "--temperature",
            "0.1", "--n_samples", "3", "--batch_size", "2", "--allow_code_execution",
            "--save_generations",
        ],
        cwd=tmp_path,
        env={**os.environ, "WHETSTONE_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    generations = json.loads((tmp_path / "generations_mbpp.json").read_text())
    assert [len(samples) for samples in generations] == [3, 3]
    assert all(text.startswith('"""\nAdd.') for samples in generations for text in samples)
    assert json.loads((tmp_path / "evaluation_results.json").read_text())["mbpp"] == {"pass@1": 0.0}

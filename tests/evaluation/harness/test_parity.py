"""The command on generations that are already there: figures must be those of upstream.

Our own small file is always compared. Larger ones are kept outside of this project, in the folder
that `WHETSTONE_PARITY_DIR` names.
"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OWN = json.loads((Path(__file__).parent / "own_parity.json").read_text())["tasks"]


def write_rows(folder, case):
    content = "".join(json.dumps(row) + "\n" for row in case["rows"])
    (folder / case["file"]).write_bytes(gzip.compress(content.encode()))


def score(folder, data, task, generations, *flags):
    """Run main.py as a user does, from its own folder; return its results and its stderr."""
    (folder / "generations.json").write_text(json.dumps(generations))
    command = [
        sys.executable, "main.py", "--model", "anything", "--tasks", task, "--allow_code_execution",
        "--load_generations_path", str(folder / "generations.json"),
        "--metric_output_path", str(folder / "results.json"), *flags,
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=ROOT / "bigcode-evaluation-harness",
        env={**os.environ, "WHETSTONE_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "results.json").read_text()), done.stderr


@pytest.mark.parametrize("task", OWN)
def test_main_gives_the_figures_of_upstream(tmp_path, task):
    case = OWN[task]
    write_rows(tmp_path, case)
    results, _ = score(tmp_path, tmp_path, task, case["generations"], "--n_samples", "10")
    assert list(results) == [task, "config"]
    assert results[task] == pytest.approx(case["expected"], abs=1e-12)
    assert results["config"]["n_samples"] == 10
    text = (tmp_path / "results.json").read_text()
    assert text == json.dumps(results, indent=2)


def test_fewer_samples_than_the_file_holds_are_scored_with_a_warning(tmp_path):
    case = OWN["mbpp"]
    write_rows(tmp_path, case)
    results, stderr = score(tmp_path, tmp_path, "mbpp", case["generations"])
    firsts = [passed[0] for passed in case["passed"]]
    assert results["mbpp"] == {"pass@1": sum(firsts) / len(firsts)}
    assert "only the first 1 are scored" in stderr
    assert "--n_samples 10" in stderr


def test_a_limit_chooses_problems_and_counts_generations_from_their_start(tmp_path):
    case = OWN["mbpp"]
    write_rows(tmp_path, case)
    flags = ("--limit", "1", "--limit_start", "1", "--n_samples", "10")
    results, _ = score(tmp_path, tmp_path, "mbpp", case["generations"][1:], *flags)
    assert results["mbpp"]["pass@1"] == pytest.approx(sum(case["passed"][1]) / 10)


@pytest.mark.slow
def test_a_case_of_upstream(tmp_path):
    folder, data = (os.environ.get(f"WHETSTONE_{name}_DIR") for name in ("PARITY", "DATA"))
    if not folder or not data:
        pytest.skip("WHETSTONE_PARITY_DIR and WHETSTONE_DATA_DIR name no folders")
    for path in sorted(Path(folder).glob("*.json.gz")):
        case = json.loads(gzip.decompress(path.read_bytes()))
        generations = [problem["generations"] for problem in case["problems"]]
        flags = ("--n_samples", str(case["n_samples"]), "--limit", str(case["limit"]))
        results, _ = score(tmp_path, data, case["task"], generations, *flags)
        shared = {name: case["expected"][name] for name in results[case["task"]]}
        assert results[case["task"]] == pytest.approx(shared, abs=1e-12), path.name

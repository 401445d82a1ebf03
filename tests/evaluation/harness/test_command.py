import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from whetstone.evaluation.errors import EvaluationError
from whetstone.evaluation.harness.command import main
from whetstone.evaluation.harness.delegate import VARIABLE
from whetstone.evaluation.harness.flags import Unsupported, parse

HERE = Path(__file__).parent
MBPP = json.loads((HERE / "own_parity.json").read_text())["tasks"]["mbpp"]
BASE = ["--model", "m", "--tasks", "mbpp"]
RUN = [*BASE, "--allow_code_execution"]


class CannedSampler:
    """Completes each prompt with the published solution, text after a stop word, and a number."""

    eos = "</end>"

    def __init__(self, fails_at_call=None):
        self.calls = []
        self.fails_at_call = fails_at_call

    def __call__(self, prompts, params):
        if len(self.calls) == self.fails_at_call:
            raise KeyboardInterrupt
        self.calls.append((tuple(prompts), params))
        codes = [next(r["code"] for r in MBPP["rows"] if r["text"] in prompt) for prompt in prompts]
        return [
            [f"{code}\n# {params.seed} {draw}</end>\njunk(" for draw in range(params.n)]
            for code in codes
        ]


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    rows = "".join(json.dumps(row) + "\n" for row in MBPP["rows"])
    (tmp_path / "mbpp.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)


def run(*flags, sampler=None):
    sampler = sampler or CannedSampler()
    assert main(lambda _: sampler, lambda *_: None, [*RUN, *flags]) == 0
    return sampler


def read(name):
    return json.loads(Path(name).read_text())


def test_generations_references_and_results_have_upstreams_names_and_layouts():
    run("--n_samples", "3", "--batch_size", "2", "--save_generations", "--save_references")
    generations = read("generations_mbpp.json")
    assert [len(samples) for samples in generations] == [3, 3, 3]
    first = MBPP["rows"][0]
    assert generations[0][0].startswith(f'"""\n{first["text"]}\n')
    assert all("junk" not in text and "</end>" not in text for g in generations for text in g)
    assert len({text for samples in generations for text in samples}) == 9
    assert read("references_mbpp.json") == MBPP["references"]
    results = read("evaluation_results.json")
    assert results["mbpp"] == {"pass@1": 1.0}
    assert results["config"]["engine"]["name"] == "whetstone"


def test_no_file_is_written_that_was_not_asked_for():
    run("--n_samples", "1")
    assert {path.name for path in Path().iterdir()} == {"mbpp.jsonl.gz", "evaluation_results.json"}


def test_generation_only_needs_no_permission_and_writes_no_results():
    sampler = CannedSampler()
    flags = [
        *BASE,
        "--generation_only",
        "--save_generations",
        "--save_generations_path",
        "g/x.json",
    ]
    assert main(lambda _: sampler, lambda *_: None, flags) == 0
    assert len(read("g/x_mbpp.json")) == 3
    assert not Path("evaluation_results.json").exists()


def test_sampling_follows_the_flags():
    sampler = run(
        "--do_sample", "False", "--prefix", "<f>", "--n_samples", "1", "--batch_size", "2",
        "--instruction_tokens", "<u>,'',<a>",
    )  # fmt: skip
    prompts, params = sampler.calls[0]
    assert len(prompts) == 2
    assert prompts[0].startswith('<f>"""\n')
    assert params.temperature == 0.0
    assert {"\nassert", "</end>", "<u>", "<a>"} <= set(params.stop)


def test_postprocess_switches_the_cut_off():
    run("--postprocess", "--save_generations")
    assert all("junk(" in samples[0] for samples in read("generations_mbpp.json"))
    assert read("evaluation_results.json")["mbpp"] == {"pass@1": 0.0}


def test_a_killed_command_goes_on_from_its_intermediate_file():
    run("--save_generations", "--save_generations_path", "whole.json")
    flags = ["--save_every_k_tasks", "1", "--save_generations"]
    with pytest.raises(KeyboardInterrupt):
        run(*flags, sampler=CannedSampler(fails_at_call=2))
    assert [len(g) for g in read("generations_mbpp_intermediate.json")] == [1, 1, 0]
    intermediate = "generations_mbpp_intermediate.json"
    second = run(*flags, "--load_generations_intermediate_paths", intermediate)
    assert len(second.calls) == 1
    assert read("generations_mbpp.json") == read("whole_mbpp.json")


def test_check_references_scores_the_published_solutions_without_a_model():
    sampler = run("--check_references")
    assert sampler.calls == []
    assert read("evaluation_results.json")["mbpp"] == {"pass@1": 1.0}


def test_everything_that_is_not_offered_is_named_at_once_with_upstream():
    with pytest.raises(Unsupported) as caught:
        parse([
            "--tasks", "mbpp,apps-introductory", "--modeltype", "seq2seq", "--n_samples", "0",
            "--load_in_8bit", "--load_in_4bit", "--precision", "int8", "--limit_start", "-1",
            "--load_data_path", "x", "--instruction_tokens", "a,b", "--prompt", "instruct",
        ])  # fmt: skip
    message = str(caught.value)
    for part in (
        "--tasks apps-introductory", "--modeltype seq2seq", "--n_samples 0", "--load_in_8bit and",
        "--precision int8", "--limit_start -1", "--load_data_path x", "--instruction_tokens a,b",
        "--prompt instruct", "--allow_code_execution is missing", "bigcode-project", VARIABLE,
    ):  # fmt: skip
        assert part in message


def test_a_task_is_needed():
    with pytest.raises(Unsupported, match="--tasks is needed"):
        parse(["--allow_code_execution"])


def test_a_file_that_holds_no_generations_is_named():
    Path("bad.json").write_text('{"mbpp": []}')
    Path("empty.json").write_text("[]")
    Path("folder").mkdir()
    for path, message in (
        ("bad.json", "a list with a list"),
        ("none.json", "no such file"),
        ("empty.json", "holds no generations"),
        ("folder", "is a folder"),
    ):
        with pytest.raises(EvaluationError, match=message):
            run("--load_generations_path", path)


def test_problems_that_are_not_there_are_named():
    with pytest.raises(EvaluationError, match=r"--limit_start 600: mbpp has \d+ problems"):
        run("--limit_start", "600")


def test_what_would_mislead_is_said(capsys):
    shape = [["pass"] * 3, ["pass"]]
    Path("few.json").write_text(json.dumps(shape))
    run("--load_generations_path", "few.json", "--n_samples", "3")
    assert "1 problems of few.json have fewer samples" in capsys.readouterr().err
    run("--generation_only", "--limit", "1")
    assert "keeps nothing" in capsys.readouterr().err


def test_defaults_are_upstreams():
    args = vars(parse(RUN))
    expected = {
        "prefix": "", "do_sample": True, "temperature": 0.2, "top_k": 0, "top_p": 0.95,
        "n_samples": 1, "eos": "<|endoftext|>", "seed": 0, "batch_size": 1,
        "max_length_generation": 512, "precision": "fp32", "limit_start": 0,
        "save_every_k_tasks": -1, "postprocess": True, "save_generations": False,
        "metric_output_path": "evaluation_results.json", "check_references": False,
    }  # fmt: skip
    assert {name: args[name] for name in expected} == expected
    assert set(args) - expected.keys() == {
        "model", "modeltype", "peft_model", "revision", "use_auth_token", "trust_remote_code",
        "tasks", "instruction_tokens", "load_in_8bit", "load_in_4bit", "left_padding", "limit",
        "allow_code_execution", "generation_only", "load_generations_path", "load_data_path",
        "save_generations_path", "load_generations_intermediate_paths", "save_references",
        "save_references_path", "prompt", "max_memory_per_gpu",
    }  # fmt: skip


UPSTREAM = """
import argparse, json, sys
parser = argparse.ArgumentParser()
parser.add_argument("--tasks")
parser.add_argument("--metric_output_path", default="evaluation_results.json")
args = parser.parse_args()
if args.tasks == "broken":
    sys.exit(7)
with open(args.metric_output_path, "w") as file:
    json.dump({args.tasks: {"pass@1": 0.5}, "config": vars(args)}, file)
"""


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "upstream"
    (folder / "bigcode_eval").mkdir(parents=True)
    (folder / "main.py").write_text(UPSTREAM)
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "upstream"]):
        subprocess.run([*git, *command], check=True)
    return folder


def test_a_checkout_that_is_named_does_the_work_and_is_recorded(checkout, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(checkout))
    flags = ["--tasks", "apps-introductory", "--metric_output_path", "r.json"]
    assert main(None, None, flags) == 0
    results = read("r.json")
    assert results["apps-introductory"] == {"pass@1": 0.5}
    engine = results["config"]["engine"]
    assert engine["name"] == "bigcode-evaluation-harness"
    assert len(engine["commit"]) == 40
    assert main(None, None, ["--tasks", "broken"]) == 7


def test_a_folder_that_is_no_checkout_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(EvaluationError, match=r"holds no main\.py"):
        main(None, None, RUN)


def test_scoring_a_file_imports_no_torch():
    code = (
        "import sys, whetstone.finetuning.inference.bigcode_harness; "
        "print([m for m in ('torch', 'transformers', 'datasets') if m in sys.modules])"
    )
    root = HERE.parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

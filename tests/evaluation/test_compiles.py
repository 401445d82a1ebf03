"""compile@k: the same estimator as pass@k on what compilers say, kept in a file of its own."""

import json
from dataclasses import replace

import pytest

from whetstone.evaluation.compare import read_evaluations
from whetstone.evaluation.compiles import compile_rates, why_not_compiled, with_compile_rates
from whetstone.evaluation.errors import ResumeRefused
from whetstone.evaluation.evaluate import evaluate
from whetstone.evaluation.settings import Settings
from whetstone.evaluation.tasks import Task, TaskProblem
from whetstone.rewards.compilers import Compilation, CompileOutcome, Compilers
from whetstone.rewards.installed import why_missing
from whetstone.rewards.sandbox import Result, Verdict

RIGHT, BROKEN, EMPTY = "def f(x):\n    return x\n", "def f(x:\n", "def f(x):\n    pass\n"
ANSWERS = {
    "a": [RIGHT, BROKEN, BROKEN, EMPTY],
    "b": [RIGHT, RIGHT.replace("f(", "g("), RIGHT.replace("x", "y"), BROKEN],
}
TASK = Task("own", tuple(TaskProblem(name, name, "assert f") for name in ANSWERS), (), 1.0)
SETTINGS = Settings(
    samples=4,
    temperature=1.0,
    top_p=1.0,
    top_k=0,
    max_new_tokens=8,
    batch_size=4,
    seed=0,
    k=(1, 2),
    greedy=True,
)
FILE = "own.compiled.jsonl"


class Fails:
    """A sandbox under which everything fails."""

    def run_many(self, jobs):
        return [Result(Verdict.FAILED, "", 0, 1, 0.0, 0.0) for _ in jobs]


class Forgetful:
    """Compilers that the machine fails on; `asked` counts the snippets."""

    def __init__(self):
        self.asked = 0

    def run_many(self, snippets):
        found = list(snippets)
        self.asked += len(found)
        return [Compilation(CompileOutcome.INFRA_ERROR, (), 0, 0, False, "") for _ in found]


def answers(prompts, params):
    return [ANSWERS[prompt][: params.n] for prompt in prompts]


@pytest.fixture(scope="module")
def compilers():
    with Compilers(workers=1) as started:
        yield started


@pytest.fixture
def scores(tmp_path):
    return evaluate(TASK, answers, Fails(), SETTINGS, tmp_path)


def test_the_unbiased_estimator_on_what_compiles(tmp_path, scores, compilers):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    values = compile_rates(TASK, compilers, SETTINGS, tmp_path)
    assert values == {
        "compile@1": {"a": 0.25, "b": 0.75},
        "compile@2": {"a": 0.5, "b": 1.0},
    }
    everything = with_compile_rates(scores, values)
    assert everything.metrics["compile@1"] == 0.5
    assert everything.metrics["pass@1"] == 0.0
    assert everything.n_per_metric["compile@2"] == 2
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(after) - set(before) == {FILE}
    assert {name: after[name] for name in before} == before
    compared = read_evaluations(tmp_path)["own"].values
    assert compared["compile@2"] == values["compile@2"]


@pytest.mark.usefixtures("scores")
def test_a_kill_costs_what_was_in_work(tmp_path, compilers):
    values = compile_rates(TASK, compilers, SETTINGS, tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-40])
    again = Forgetful()
    assert compile_rates(TASK, again, SETTINGS, tmp_path) != values
    assert again.asked == 4  # one chunk of three: one greedy, two of four samples
    # What the machine failed on is asked again; what it did not is not.
    assert compile_rates(TASK, compilers, SETTINGS, tmp_path) == values
    assert (tmp_path / FILE).read_bytes() == whole
    untouched = Forgetful()
    assert compile_rates(TASK, untouched, SETTINGS, tmp_path) == values
    assert untouched.asked == 0


@pytest.mark.usefixtures("scores")
def test_rows_of_other_settings_are_refused(tmp_path, compilers):
    compile_rates(TASK, compilers, SETTINGS, tmp_path)
    header, *rows = (tmp_path / FILE).read_text().splitlines()
    other = {**json.loads(header), "fingerprint": "another"}
    (tmp_path / FILE).write_text("\n".join([json.dumps(other), *rows]) + "\n")
    with pytest.raises(ResumeRefused):
        compile_rates(TASK, compilers, SETTINGS, tmp_path)


HEADS = {
    "cpp": ("int twice(int x) {\n", "    return 2 * x;"),
    "rust": ("fn twice(x: i32) -> i32 {\n", "    2 * x"),
    "java": ("class Solution {\n    public int twice(int x) {\n", "        return 2 * x;"),
}
CLOSINGS = {"cpp": "\n}\n", "rust": "\n}\n", "java": "\n    }\n}\n"}
TOOLS = {"cpp": "g++", "rust": "rustc", "java": "javac"}


@pytest.mark.parametrize(
    "language",
    [pytest.param(name, marks=pytest.mark.nightly) if name != "rust" else name for name in HEADS],
)
def test_what_the_stop_word_cut_off_is_put_back(language, tmp_path):
    if reason := why_missing(TOOLS[language]):
        pytest.skip(reason)
    head, body = HEADS[language]
    stop = CLOSINGS[language].rstrip("\n").removesuffix("\n}") if language == "java" else "\n}"
    task = Task(
        "own",
        (TaskProblem("p", head, "", head),),
        (stop,),
        5.0,
        False,
        language,
        CLOSINGS[language],
    )
    settings = replace(SETTINGS, samples=2, greedy=False, k=(1,))

    def sampler(_prompts, _params):
        return [[body + CLOSINGS[language] + "and so on", body.replace("2", "two")]]

    evaluate(task, sampler, Fails(), settings, tmp_path)
    with Compilers(workers=1) as compilers:
        assert why_not_compiled(task, compilers) is None
        assert compile_rates(task, compilers, settings, tmp_path) == {"compile@1": {"p": 0.5}}


def test_without_a_compiler_there_is_no_figure(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with Compilers(workers=1) as compilers:
        reason = why_not_compiled(replace(TASK, language="rust"), compilers)
    assert reason is not None
    assert "rustc" in reason

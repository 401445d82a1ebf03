import json
from dataclasses import replace
from threading import Event

import pytest

from whetstone.evaluation.errors import ResumeRefused
from whetstone.evaluation.evaluate import evaluate
from whetstone.evaluation.settings import Settings
from whetstone.evaluation.tasks import Task, TaskProblem
from whetstone.rewards.sandbox import Result, Sandbox, Verdict

TASK = Task(
    "own",
    tuple(
        TaskProblem(f"p{i}", "x" * (i + 1), f"assert f() == {i}", entry_points=("f",))
        for i in range(6)
    ),
    stop=("\n#",),
    timeout_s=1.0,
)
SETTINGS = Settings(
    samples=2,
    temperature=1.0,
    top_p=1.0,
    top_k=0,
    max_new_tokens=8,
    batch_size=4,
    seed=0,
    k=(1, 2),
    greedy=True,
)
SAMPLES, SCORES = "own.samples.jsonl", "own.json"


class CannedSampler:
    """Answers with a function that returns a number: the right one for the odd seeds."""

    def __init__(self, *, fails_at_call=None):
        self.calls = []
        self.fails_at_call = fails_at_call

    def __call__(self, prompts, params):
        self.calls.append((tuple(prompts), params))
        if len(self.calls) == self.fails_at_call:
            raise KeyboardInterrupt
        return [
            [self.answer(prompt, params.seed, draw) for draw in range(params.n)]
            for prompt in prompts
        ]

    def answer(self, prompt, seed, draw):
        right = len(prompt) - 1
        number = right + (seed + draw) % 2
        return f"def f(): return {number}\n# and so on"


class CannedSandbox:
    """Judges the canned answers by reading them."""

    def __init__(self, broken=()):
        self.jobs = []
        self.broken = set(broken)

    def run_many(self, jobs):
        self.jobs += jobs
        return [self.judge(job) for job in jobs]

    def judge(self, job):
        if job.tests in self.broken:
            return Result(Verdict.INFRA_ERROR, "", 0, 0, 0.0, 0.0)
        passed = job.program.split()[-1] == job.tests.split()[-1]
        verdict = Verdict.PASSED if passed else Verdict.FAILED
        return Result(verdict, "", int(passed), 1, 0.0, 0.0)


def files(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def rows(folder):
    return [json.loads(line) for line in (folder / SAMPLES).read_text().splitlines()[1:]]


def test_every_completion_is_written_with_its_verdict(tmp_path):
    scores = evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path)
    written = rows(tmp_path)
    assert len(written) == 6 * 3
    assert set(written[0]) == {
        "problem", "kind", "index", "completion", "verdict", "passed_tests", "total_tests",
    }  # fmt: skip
    assert {(row["problem"], row["kind"], row["index"]) for row in written} == {
        (f"p{i}", kind, index)
        for i in range(6)
        for kind, index in (("sample", 0), ("sample", 1), ("greedy", 0))
    }
    # Of the two samples, one number is right and the next one is not.
    assert scores.metrics["pass@1"] == 0.5
    assert scores.metrics["pass@2"] == scores.metrics["success_rate"] == 1.0
    assert (scores.n_problems, scores.n_samples, scores.infra_errors) == (6, 12, 0)


def test_the_sandbox_is_given_cut_programs_and_the_tasks_limits(tmp_path):
    sandbox = CannedSandbox()
    evaluate(TASK, CannedSampler(), sandbox, SETTINGS, tmp_path)
    for job in sandbox.jobs:
        assert job.program.startswith("def f(): return ")
        assert "#" not in job.program
        assert job.timeout_s == 1.0
        assert job.entry_points == ("f",)


def test_progress_counts_finished_problems(tmp_path):
    seen = []
    evaluate(
        TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path, lambda *at: seen.append(at)
    )
    assert seen == [(0, 6), (0, 6), (0, 6), (2, 6), (4, 6), (6, 6)]


@pytest.mark.parametrize("fails_at_call", [1, 2, 3, 5])
def test_an_interrupted_evaluation_goes_on_to_the_same_files(tmp_path, fails_at_call):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    uninterrupted = CannedSampler()
    expected = evaluate(TASK, uninterrupted, CannedSandbox(), SETTINGS, whole)

    first = CannedSampler(fails_at_call=fails_at_call)
    with pytest.raises(KeyboardInterrupt):
        evaluate(TASK, first, CannedSandbox(), SETTINGS, broken)
    assert not (broken / SCORES).exists()
    second = CannedSampler()
    assert evaluate(TASK, second, CannedSandbox(), SETTINGS, broken) == expected
    assert files(broken) == files(whole)
    # Nothing was generated twice, the chunk apart in which the sampler failed.
    assert first.calls[:-1] + second.calls == uninterrupted.calls


@pytest.mark.parametrize("torn", [1, 40, 500])
def test_what_a_kill_tore_off_is_made_again(tmp_path, torn):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, whole)
    evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, broken)
    (broken / SCORES).unlink()
    content = (broken / SAMPLES).read_bytes()
    (broken / SAMPLES).write_bytes(content[:-torn])
    sampler = CannedSampler()
    evaluate(TASK, sampler, CannedSandbox(), SETTINGS, broken)
    assert files(broken) == files(whole)
    assert 1 <= len(sampler.calls) < 5


def test_a_kill_while_the_header_was_written_leaves_a_fresh_start(tmp_path):
    (tmp_path / SAMPLES).write_bytes(b'{"task": "ow')
    scores = evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path)
    assert scores.n_samples == 12


def test_finished_scores_are_returned_without_sampling(tmp_path):
    expected = evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path)
    sampler, sandbox = CannedSampler(), CannedSandbox()
    assert evaluate(TASK, sampler, sandbox, SETTINGS, tmp_path) == expected
    assert sampler.calls == sandbox.jobs == []


def test_another_k_is_computed_from_the_samples_there_are(tmp_path):
    evaluate(TASK, CannedSampler(), CannedSandbox(), replace(SETTINGS, k=(1,)), tmp_path)
    sampler = CannedSampler()
    scores = evaluate(TASK, sampler, CannedSandbox(), SETTINGS, tmp_path)
    assert scores.metrics["pass@2"] == 1.0
    assert sampler.calls == []


@pytest.mark.parametrize("finished", [True, False])
def test_changed_settings_are_refused_by_name(tmp_path, finished):
    evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path)
    if not finished:
        (tmp_path / SCORES).unlink()
    before = files(tmp_path)
    changed = replace(SETTINGS, temperature=0.5, seed=3)
    with pytest.raises(ResumeRefused, match=r"temperature 1\.0 -> 0\.5, seed 0 -> 3 changed"):
        evaluate(TASK, CannedSampler(), CannedSandbox(), changed, tmp_path)
    assert files(tmp_path) == before


def test_a_changed_task_is_refused(tmp_path):
    evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path)
    changed = replace(TASK, problems=TASK.problems[:-1])
    with pytest.raises(ResumeRefused, match="the task's problems"):
        evaluate(changed, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path)


@pytest.mark.parametrize(
    ("line", "damage"),
    [
        (2, lambda _: b"\x00\x00"),
        (3, lambda row: row.replace(b'"passed"', b'"splendid"').replace(b'"failed"', b'"meh"')),
        (4, lambda row: row.replace(b'"problem"', b'"puzzle"')),
        (4, lambda row: row.replace(b'"index": 0', b'"index": 9')),
        (5, lambda row: row + b"\n" + row),
    ],
)
def test_a_damaged_samples_file_is_refused_with_the_line(tmp_path, line, damage):
    evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path)
    (tmp_path / SCORES).unlink()
    lines = (tmp_path / SAMPLES).read_bytes().split(b"\n")
    lines[line - 1] = damage(lines[line - 1])
    (tmp_path / SAMPLES).write_bytes(b"\n".join(lines))
    first_wrong = line + lines[line - 1].count(b"\n")
    with pytest.raises(ResumeRefused, match=f"line {first_wrong} is not the sample"):
        evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path)


def test_what_could_not_be_judged_is_excluded_and_judged_again_later(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    expected = evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, whole)

    sandbox = CannedSandbox(broken={"assert f() == 2"})
    scores = evaluate(TASK, CannedSampler(), sandbox, SETTINGS, broken)
    assert scores.infra_errors == 3
    assert scores.n_samples == 10
    assert scores.metrics["pass@1"] == 0.5
    assert scores.n_per_metric["pass@1"] == 5

    sampler, sandbox = CannedSampler(), CannedSandbox()
    assert evaluate(TASK, sampler, sandbox, SETTINGS, broken) == expected
    assert sampler.calls == []
    assert len(sandbox.jobs) == 3
    assert files(broken) == files(whole)


def test_judging_overlaps_the_generation_of_the_next_chunk(tmp_path):
    """The sampler's second call ends only once the first chunk is being judged, and vice versa."""
    judging, generating = Event(), Event()

    class Sampler(CannedSampler):
        def __call__(self, prompts, params):
            if len(self.calls) == 1:
                generating.set()
                assert judging.wait(10)
            return super().__call__(prompts, params)

    class Judge(CannedSandbox):
        def run_many(self, jobs):
            judging.set()
            assert generating.wait(10)
            return super().run_many(jobs)

    assert evaluate(TASK, Sampler(), Judge(), SETTINGS, tmp_path).n_samples == 12


def test_a_failure_of_the_sandbox_is_raised(tmp_path):
    class Failing(CannedSandbox):
        def judge(self, job):
            raise OSError(f"no process for {job}")

    with pytest.raises(OSError, match="no process"):
        evaluate(TASK, CannedSampler(), Failing(), SETTINGS, tmp_path)
    assert rows(tmp_path) == []


def test_the_canned_sandbox_agrees_with_the_real_one(tmp_path):
    canned = evaluate(TASK, CannedSampler(), CannedSandbox(), SETTINGS, tmp_path / "canned")
    with Sandbox(workers=1) as sandbox:
        real = evaluate(TASK, CannedSampler(), sandbox, SETTINGS, tmp_path / "real")
    assert real == canned
    assert files(tmp_path / "real") == files(tmp_path / "canned")

"""Public problems as tasks: asked as chat or text, chosen by date, judged, scored by difficulty."""

import json
import sys
from pathlib import Path

import pytest

from whetstone.evaluation.difficulty import means, values_by_difficulty
from whetstone.evaluation.errors import DataUnavailable
from whetstone.evaluation.evaluate import evaluate, finished_samples
from whetstone.evaluation.languages import open_judge
from whetstone.evaluation.prompt import prompt_text
from whetstone.evaluation.settings import Settings, header
from whetstone.evaluation.tasks import TASKS, Task, TaskProblem, build_program, is_dated, load_task
from whetstone.evaluation.window import Window

sys.path.insert(0, str(Path(__file__).parents[1] / "public"))
import public_layouts as layouts

SETTINGS = Settings(
    samples=1, temperature=1.0, top_p=1.0, top_k=0, max_new_tokens=9, batch_size=8, seed=0,
    k=(1,), greedy=False,
)  # fmt: skip
DATES = ["2024-07-20", "2024-08-03", "2025-02-28", "2025-03-01"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WHETSTONE_DATA_DIR", str(tmp_path))
    calls = {
        "starter_code": layouts.STARTER,
        "metadata": json.dumps({"func_name": "join"}),
        "public_test_cases": json.dumps(layouts.functional(layouts.CALLS)),
        "private_test_cases": "[]",
    }
    rows = [
        layouts.livecodebench(
            question_id=str(number),
            contest_date=f"{date}T00:00:00",
            difficulty="easy" if number else "hard",
            **(calls if number == 1 else {}),
        )
        for number, date in enumerate(DATES)
    ]
    write(tmp_path / "livecodebench.jsonl", rows)
    for name in ("apps", "code_contests", "bigcodebench"):
        write(tmp_path / f"{name}.jsonl", [layouts.ROWS[name]()])
    return tmp_path


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def verdicts(task, answers, folder, judge):
    """Answer each problem; return the verdicts, and pass rates by difficulty."""
    said = dict(zip([prompt_text(p.prompt) for p in task.problems], answers, strict=True))

    def sampler(prompts, params):
        assert params.chat == task.chat
        return [[said[prompt_text(prompt)]] for prompt in prompts]

    evaluate(task, sampler, judge, SETTINGS, folder)
    samples = finished_samples(task, SETTINGS, folder)
    found = {sample.problem: sample.verdict.value for sample in samples}
    levels = means(values_by_difficulty(task, samples, SETTINGS.k))
    return [found[problem.id] for problem in task.problems], levels


@pytest.mark.usefixtures("folder")
def test_a_window_chooses_by_date_and_a_limit_within_it():
    window = Window.read("2024-08..2025-02")
    for name in ("livecodebench", "livecodebench_text"):
        ids = [problem.id for problem in load_task(name, window=window).problems]
        assert ids == ["livecodebench/1", "livecodebench/2"]
    assert len(load_task("livecodebench", 1, window=window).problems) == 1
    with pytest.raises(DataUnavailable, match=r"no problem in the window 2030-01\.\."):
        load_task("livecodebench", window=Window.read("2030-01.."))
    assert [name for name in TASKS if is_dated(name)] == ["livecodebench", "livecodebench_text"]


def test_it_is_judged_by_its_own_rules_and_scored_by_difficulty(folder, tmp_path):
    window = Window.read("..2025-02")
    row = layouts.livecodebench(question_content="Print it.", question_id="0", difficulty="hard",
                                contest_date="2024-07-20")  # fmt: skip
    rows = [row, *map(json.loads, (folder / "livecodebench.jsonl").read_text().splitlines()[1:])]
    write(folder / "livecodebench.jsonl", rows)
    task = load_task("livecodebench", window=window)
    assert task.problems[0].tests.timeout_s == 6.0
    assert task.problems[0].tests.checker == "livecodebench"
    answers = [
        "print(3.0)",
        f"```python\n{layouts.METHOD}```",
        layouts.ADD.replace("(a", "(1.0 * a"),
    ]
    with open_judge(task, 1) as judge:
        found, levels = verdicts(task, answers, tmp_path / "results", judge)
    assert found == ["failed", "passed", "passed"]
    assert levels == {"pass@1 (hard)": 0.0, "pass@1 (easy)": 1.0}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["apps", "code_contests", "bigcodebench"])
@pytest.mark.parametrize("form", ["", "_text"])
def test_references_pass_in_either_form(name, form, tmp_path):
    task = load_task(name + form, packages=("numpy",))
    wrong = layouts.WRONG[name]
    (problem,) = task.problems
    answers = [problem.reference + "\n```\nThat is all.", f"{wrong}\n```"]
    if task.chat:
        answers = [problem.reference, f"```python\n{wrong}```"]
    with open_judge(task, 1) as judge:
        found = [
            verdicts(task, [text], tmp_path / str(number), judge)[0]
            for number, text in enumerate(answers)
        ]
    assert found[0] == ["passed"]
    assert found[1] == ["failed"]
    assert "That is all" not in build_program(task, problem, answers[0])


def test_packages_decide_which_problems_can_be_judged(folder, caplog):
    of_numpy = layouts.bigcodebench(
        task_id="BigCodeBench/1",
        code_prompt="import numpy as np\n\ndef task_func(numbers):\n",
        canonical_solution="    return np.array(numbers) * 2\n",
        test="import unittest\nimport numpy as np\n\nclass TestCases(unittest.TestCase):\n"
        "    def test_it(self):\n"
        "        np.testing.assert_array_equal(task_func([1, 2]), np.array([2, 4]))\n",
    )
    write(folder / "bigcodebench.jsonl", [layouts.bigcodebench(), of_numpy])
    assert len(load_task("bigcodebench").problems) == 1
    assert "1 of 2 problems are left out" in caplog.text
    task = load_task("bigcodebench", packages=("numpy",))
    assert task.packages == ("numpy",)
    assert len(task.problems) == 2


def test_neither_difficulty_nor_no_packages_changes_what_is_resumed():
    marks = {
        header(Task("t", (TaskProblem("1", "p", "assert f()", difficulty=level),), (), 3.0),
               SETTINGS)["fingerprint"]
        for level in ("", "easy")
    }  # fmt: skip
    assert len(marks) == 1

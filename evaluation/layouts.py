"""What an evaluation found, in the files that bigcode-evaluation-harness writes.

`generations_<task>.json` and `references_<task>.json` are in the order of the data set, so that
they can be scored again with `main.py --load_generations_path`; `results_<task>.json` is what
`code_eval` returns beside its figures.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from whetstone.evaluation.files import write_atomically
from whetstone.evaluation.generate import Kind
from whetstone.evaluation.journal import Sample
from whetstone.evaluation.tasks.base import Task, build_program, tests_text
from whetstone.rewards.sandbox import Verdict


def code_eval_result(verdict: Verdict, detail: str) -> str:
    """Say how a program ended, in the words of `code_eval`."""
    if verdict is Verdict.PASSED:
        return "passed"
    return "timed out" if verdict is Verdict.TIMEOUT else f"failed: {detail}"


def write_layouts(folder: Path, task: Task, samples: Iterable[Sample]) -> None:
    """Write the three files of a task; greedy completions are not among them.

    Args:
        folder: Where they are written.
        task: What was measured.
        samples: Its judged samples.

    """
    drawn: dict[str, list[Sample]] = {problem.id: [] for problem in task.problems}
    for sample in samples:
        if sample.kind is Kind.SAMPLE:
            drawn[sample.problem].append(sample)
    generations = [
        [build_program(task, problem, sample.completion) for sample in drawn[problem.id]]
        for problem in task.problems
    ]
    results = {
        str(number): [[sample.index, _result(number, sample)] for sample in drawn[problem.id]]
        for number, problem in enumerate(task.problems)
    }
    _write(folder / f"generations_{task.name}.json", generations)
    references = [tests_text(problem.tests) for problem in task.problems]
    _write(folder / f"references_{task.name}.json", references)
    _write(folder / f"results_{task.name}.json", results)


def _result(number: int, sample: Sample) -> dict[str, Any]:
    return {
        "task_id": number,
        "passed": sample.verdict is Verdict.PASSED,
        "result": code_eval_result(sample.verdict, sample.verdict.value),
        "completion_id": sample.index,
    }


def _write(path: Path, content: Any) -> None:
    write_atomically(path, json.dumps(content).encode())

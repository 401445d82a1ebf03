"""`code_eval` of the `evaluate` library on our sandbox: the same call, the same results.

Programs are isolated, so `HF_ALLOW_CODE_EVAL` is not asked for. A program cannot see or change its
tests, which `code_eval` lets it do: what cheats there fails here.
"""

import builtins
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from whetstone.evaluation.entry_points import entry_points
from whetstone.evaluation.judge import judged, pass_rates
from whetstone.evaluation.layouts import code_eval_result
from whetstone.rewards.sandbox import Job, Result, Sandbox, Verdict
from whetstone.rewards.sandbox.names import used_names

PassRates = dict[str, float]
Results = dict[int, list[tuple[int, dict[str, Any]]]]


def compute_code_eval(
    predictions: Sequence[Sequence[str]],
    references: Sequence[str],
    k: Iterable[int] | int = (1, 10, 100),
    num_workers: int = 4,
    timeout: float = 3.0,
) -> tuple[PassRates, Results]:
    """Judge candidate programs.

    Args:
        predictions: for each problem its candidates.
        references: for each problem its tests. Tests that do not compile fail every candidate.
        k: the pass@k wanted; those that a problem has too few candidates for are left out.
        num_workers: processes that judge.
        timeout: seconds for one candidate.

    Returns:
        pass@k by name, and for each problem's number pairs of a candidate's number and a record
        with `task_id`, `passed`, `result` and `completion_id`.

    Raises:
        Unjudged: when the sandbox failed.

    Warns:
        UserWarning: of problems without candidates, which `code_eval` leaves out of pass@k.

    """
    problems = list(zip(predictions, references, strict=False))
    if empty := [str(task) for task, (candidates, _) in enumerate(problems) if not candidates]:
        warnings.warn(
            f"{len(empty)} of {len(problems)} problems have no candidate and count in no pass@k: "
            f"{', '.join(empty)}",
            stacklevel=2,
        )
    verdicts = _judge(problems, timeout, num_workers)
    results: Results = {
        task: [
            (number, _record(task, number, result.verdict, result.detail))
            for number, result in enumerate(of_task)
        ]
        for task, of_task in enumerate(verdicts)
        if of_task
    }
    passed = [[record["passed"] for _, record in of_task] for of_task in results.values()]
    return pass_rates(passed, [k] if isinstance(k, int) else k), results


_UNREADABLE = Result(Verdict.FAILED, "SyntaxError: the tests do not compile", 0, 0, 0.0, 0.0)


def _judge(
    problems: Sequence[tuple[Sequence[str], str]], timeout: float, workers: int
) -> list[list[Result]]:
    """Run the candidates of each problem; where its tests do not compile, all of them fail."""
    readable = [_compiles(test) for _, test in problems]
    groups = [
        [_job(candidate, test, timeout) for candidate in candidates] if is_readable else []
        for (candidates, test), is_readable in zip(problems, readable, strict=True)
    ]
    with Sandbox(workers) as sandbox:
        found = judged(groups, sandbox)
    return [
        results if is_readable else [_UNREADABLE] * len(candidates)
        for results, (candidates, _), is_readable in zip(found, problems, readable, strict=True)
    ]


def _compiles(test: str) -> bool:
    try:
        compile(test, "<reference>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _job(candidate: str, test: str, timeout: float) -> Job:
    """Ask about a candidate; where the tests name builtins only, it may replace those it defines.

    So `def sum(...)` is tested by `check(sum)`. Where the tests name anything else, that is what is
    tested, and a candidate that defines `sorted` as well does not get at the tests' own.
    """
    names: tuple[str, ...] = ()
    if not used_names(test) - vars(builtins).keys():
        # What does not compile, or only just overwhelms the parser, is the sandbox's to judge.
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            names = entry_points(candidate, test)
    return Job(candidate, test, timeout, names or None)


def _record(task: int, number: int, verdict: Verdict, detail: str) -> dict[str, Any]:
    return {
        "task_id": task,
        "passed": verdict is Verdict.PASSED,
        "result": code_eval_result(verdict, detail),
        "completion_id": number,
    }

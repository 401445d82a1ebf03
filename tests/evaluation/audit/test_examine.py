"""A made-up data set with planted faults: each is found, and nothing else."""

import json
from dataclasses import replace

import pytest
from rich.console import Console

from whetstone.evaluation.audit.examine import Findings, examine
from whetstone.evaluation.audit.mutants import mutants
from whetstone.evaluation.audit.overlap import contaminated, duplicates
from whetstone.evaluation.audit.problem import AuditedProblem, of_row
from whetstone.evaluation.audit.trivial import trivial_programs
from whetstone.evaluation.audit.verdict import Action, judged
from whetstone.finetuning.config.commands import load_audit_data
from whetstone.finetuning.data.audited import VERDICTS, without_quarantined
from whetstone.finetuning.dataset_audit.run import FINDINGS, audit_data
from whetstone.finetuning.errors import ConfigError
from whetstone.rewards.sandbox import Sandbox

GOOD = [
    ("add", "def add(a, b):\n    return a + b\n", ["add(1, 2) == 3", "add(-4, 9) == 5"]),
    ("larger", "def larger(a, b):\n    return a if a > b else b\n", ["larger(1, 2) == 2"]),
    ("double", "def double(xs):\n    return [2 * x for x in xs]\n", ["double([1, 5]) == [2, 10]"]),
    ("vowels", "def vowels(s):\n    return sum(c in 'aeiou' for c in s)\n", ["vowels('abe') == 2"]),
    ("last", "def last(xs):\n    return xs[-1]\n", ["last([4, 5]) == 5", "last('ab') == 'b'"]),
]
MORE = {
    "last": ["last([1, 2, 3]) == 3"],
    "larger": ["larger(5, 3) == 5"],
    "double": ["double([]) == []"],
    "vowels": ["vowels('') == 0"],
}
FLAKY = "import time\nassert time.perf_counter_ns() % 2 == f(0)"


def row(name, reference, asserts, **more):
    tests = "\n".join(f"assert {one}" for one in [*asserts, *MORE.get(name, [])])
    prompt = f"Write the function {name} that the tests of problem {name} want, in plain Python."
    return {"id": name, "prompt": prompt, "tests": tests, "reference": reference, **more}


def planted():
    good = [row(*one) for one in GOOD]
    cases = [{"input": f"{n}\n", "output": f"{n * n}\n"} for n in (2, 3, 9)]
    square = {"id": "square", "prompt": "Read a number and print its square.", "tests": cases}
    good.append({**square, "reference": "print(int(input()) ** 2)\n"})
    wrong_value = row("half", "def half(n):\n    return n // 2\n", ["half(9) == 4", "half(6) == 2"])
    empty = {**row("any", "def any_(x):\n    return x\n", []), "tests": "assert True\nany_ = 1"}
    constant = row("sign", "def sign(n):\n    return 1 if n > 0 else -1\n", ["sign(3) == 1"])
    twin = {**good[0], "id": "twin"}
    measured = {**row("other", *GOOD[4][1:]), "prompt": f"Now: {EVALUATED}"}
    measured["tests"], measured["reference"] = good[4]["tests"], good[4]["reference"]
    fooled = {**square, "id": "fooled", "prompt": "Print the square of a number that you read."}
    fooled |= {"reference": "print(int(input()) ** 2)", "wrong": ["n = int(input())\nprint(n * n)"]}
    return good, [wrong_value, empty, constant, twin, measured, fooled]


EVALUATED = "given a list of integers return the sum of all odd ones at even places"
FAULTS = {
    "half": "its reference fails",
    "any": "passed by a program that does nothing",
    "sign": "passed by a program that always returns",
    "twin": "asks the same as add",
    "other": "overlaps with someone",
    "fooled": "passed by 1 of 1 known wrong programs",
}


def test_each_planted_fault_is_found_and_nothing_else():
    good, bad = planted()
    problems = [of_row(one, "?") for one in [*good, *bad]]
    prompts = {problem.id: problem.prompt for problem in problems}
    with Sandbox() as sandbox:
        findings = examine(sandbox, problems, 3.0, 512, 20)
    results = judged(findings, duplicates(prompts), contaminated(prompts, {"someone": [EVALUATED]}))
    found = {one.findings.id: one for one in results if one.action is not Action.KEEP}
    assert {name: one.action for name, one in found.items()} == dict.fromkeys(
        FAULTS, Action.QUARANTINE
    )
    for name, reason in FAULTS.items():
        assert any(told.startswith(reason) for told in found[name].reasons), found[name].reasons


def test_a_reference_that_passes_at_times_is_flaky():
    program = "def f(n):\n    return n\n"
    problems = [AuditedProblem(str(n), "?", FLAKY, reference=f"{program}# {n}") for n in range(12)]
    with Sandbox() as sandbox:
        findings = examine(sandbox, problems, 3.0, 512, 0)
    told = [reason for one in judged(findings, {}, {}) for reason in one.reasons]
    assert any(reason.startswith("its reference passes") for reason in told)


@pytest.mark.parametrize(
    ("found", "action", "words"),
    [
        ({"mutants": 10, "survived": 3}, Action.REPAIR, "3 of 10 mutants"),
        ({"mutants": 10, "survived": 2}, Action.KEEP, ""),
        ({"mutants": 4, "survived": 4}, Action.KEEP, ""),
        ({"cpu_s": 1.6, "limit_s": 3.0}, Action.REPAIR, "takes 1.6 s of 3 s"),
        ({"memory_mb": 300.4, "limit_mb": 512}, Action.REPAIR, "takes 300 MB of 512 MB"),
        ({"memory_mb": 200, "limit_mb": 512}, Action.KEEP, ""),
        ({"wrong": 1, "wrong_of": 2, "mutants": 10, "survived": 9}, Action.QUARANTINE, "1 of 2"),
    ],
)
def test_what_is_slight_is_to_be_repaired(found, action, words):
    [result] = judged([Findings("p", "mark", reference=["passed"] * 3, **found)], {}, {})
    assert result.action is action
    assert words in " ".join(result.reasons)


def test_the_memory_of_a_reference_is_held_against_what_it_has():
    greedy = "def f(n):\n    return len(bytes(b'x' * (n << 20))) >> 20\n"
    reads = "n = int(input())\nprint(len(b'x' * (n << 20)) >> 20)\n"
    case = {"input": "80\n", "output": "80\n"}
    rows = [
        {"prompt": "p", "tests": "assert f(150) == 150", "reference": greedy},
        {"prompt": "p", "tests": "assert f(10) == 10", "reference": greedy},
        {"prompt": "p", "tests": [case], "reference": reads, "memory_mb": 128},
        {"prompt": "p", "tests": [case], "reference": reads},
    ]
    problems = [of_row(one, str(number)) for number, one in enumerate(rows)]
    with Sandbox(memory_mb=256) as sandbox:
        found = examine(sandbox, problems, 3.0, 256, 0)
    assert [(round(one.memory_mb, -1), one.limit_mb) for one in found] == [
        (150, 256),
        (10, 256),
        (80, 128),
        (80, 256),
    ]
    told = [
        " ".join(one.reasons) for one in judged([replace(f, trivial=[]) for f in found], {}, {})
    ]
    assert ["MB of" in reasons for reasons in told] == [True, False, True, False]


def test_mutants_are_the_same_every_time_and_of_several_kinds():
    program = (
        "def f(a, b):\n    for x in a:\n        if x > b:\n            return x + 1\n    return 0\n"
    )
    found = list(mutants(program, 12))
    assert found == list(mutants(program, 12))
    assert len({source for _, source in found}) == 12
    assert program not in {source for _, source in found}
    assert len({name.split("_")[0] for name, _ in found}) >= 4


@pytest.mark.parametrize("points", [("f",), ("Solution().f",)])
def test_trivial_programs_define_what_is_asked(points):
    problem = AuditedProblem("p", "Such as f([1]) == 2.", "assert f([1]) == 2", entry_points=points)
    made = trivial_programs(problem)
    assert "knows the examples of the prompt" in made
    for name, source in made.items():
        space = {}
        exec(source, space)  # noqa: S102 - made here
        assert name == "does nothing" or points[0].split("(")[0] in space


def test_near_duplicates_are_found_by_their_words():
    text = "write a function that returns the number of words in a text which begin with a vowel"
    prompts = {"a": text, "b": f"{text} please", "c": "something else that has no words of these"}
    assert duplicates(prompts) == {"b": "a"}


def test_no_near_duplicate_is_missed():
    words = "in which these fourteen words are one problem of its own number"
    pairs = {f"{n}": f"{n} {words} and a{n} b{n} c{n}" for n in range(200)}
    assert duplicates(pairs | {f"{n}+": f"{text} too" for n, text in pairs.items()}) == {
        f"{n}+": f"{n}" for n in range(200)
    }


def write(path, rows):
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def test_an_audit_goes_on_where_it_was_and_looks_at_what_changed(tmp_path):
    good, bad = planted()
    rows = [{"wrong": [], **one} for one in [*good, *bad]]
    data = write(tmp_path / "mine.jsonl", rows)
    settings = load_audit_data([f"data={data}", f"outputs={tmp_path}", "mutants=4"])
    console = Console(quiet=True)
    folder = audit_data(settings, console)
    first = (folder / VERDICTS).read_text()
    actions = {one["id"]: one["action"] for one in map(json.loads, first.splitlines())}
    assert actions["half"] == "quarantine"
    assert "half" in (folder / "audit.html").read_text()
    whole = (folder / FINDINGS).read_text()
    lines = whole.splitlines(keepends=True)
    (folder / FINDINGS).write_text("".join(lines[:5]) + lines[5][:40])
    audit_data(settings, console)
    assert (folder / VERDICTS).read_text() == first
    known = (folder / FINDINGS).read_text()
    audit_data(settings, console)
    assert (folder / FINDINGS).read_text() == known
    left = without_quarantined([*rows], folder)
    assert {one["id"] for one in left} == {*(one["id"] for one in good), "other"}
    with pytest.raises(ConfigError, match="of other rows"):
        without_quarantined([{"prompt": "p", "tests": "assert f()"}], folder)
    half = next(one for one in rows if one["id"] == "half")
    half["tests"] = "assert half(9) == 4\nassert half(6) == 3"
    write(data, rows)
    audit_data(settings, console)
    again = {one["id"]: one for one in map(json.loads, (folder / VERDICTS).open())}
    assert again["half"]["action"] == "keep"
    assert len((folder / FINDINGS).read_text().splitlines()) == len(known.splitlines()) + 1


def test_rows_without_tests_are_told_with_their_line(tmp_path):
    data = write(tmp_path / "mine.jsonl", [{"prompt": "p"}, {"prompt": "q"}])
    settings = load_audit_data([f"data={data}", f"outputs={tmp_path}"])
    with pytest.raises(ConfigError, match=r"mine.jsonl:1: field tests: missing"):
        audit_data(settings, Console(quiet=True))


def test_what_cannot_be_audited_is_told_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_audit_data([f"data={tmp_path}/no.jsonl", "tasks=[humanevil]", "mutant=3"])
    told = {problem.setting: problem.message for problem in caught.value.problems}
    assert told[f"data={tmp_path}/no.jsonl"] == "no such file"
    assert "did you mean" in told["tasks=humanevil"]
    assert "did you mean `mutants`?" in told["mutant=3"]

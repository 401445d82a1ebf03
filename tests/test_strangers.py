"""Programs and reports of strangers, where their folder is: judged as it says.

Read from the folder `shared/cases` beside the project; nothing of it is part of the project.
"""

import json
from functools import cache
from pathlib import Path

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.formats.fields import wrong_tests
from whetstone.rewards.empty_program import doubtful_problems, solved_by_nothing
from whetstone.rewards.execution import ExecutionReward
from whetstone.rewards.sandbox import Job, Profile, Sandbox, Tier, Verdict
from whetstone.rewards.tests_source import LIBRARY
from whetstone.rewards.tiers import TestedProblem as Problem
from whetstone.rewards.tiers import Tiers

FOLDER = Path(__file__).parents[2] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="no cases of strangers here")


@cache
def cases(name):
    path = FOLDER / f"{name}.jsonl"
    return [json.loads(line) for line in path.open()] if path.is_file() else []


PACKAGES = ("numpy", "pytest")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=2, timeout_s=6.0) as opened:
        yield opened


def job(row, tier):
    return Job(row["program"], row["tests"], None, row["entry_points"], tier)


def differing(rows, sandbox, packages=frozenset()):
    """Judge each in the tier of its problem; return those that differ from plain Python."""
    problems = [
        Problem(row["tests"], tuple(row["entry_points"] or ()), row["program"]) for row in rows
    ]
    decided = Tiers("auto", packages).decide(problems, sandbox)
    refused = [(row["name"], d.why) for row, d in zip(rows, decided, strict=True) if not d.tier]
    assert refused == []
    results = sandbox.run_many([job(row, d.tier) for row, d in zip(rows, decided, strict=True)])
    return [
        (row["name"], result)
        for row, result in zip(rows, results, strict=True)
        if result.verdict != row["plain_python"]
    ]


def imports_a_package(row):
    return any(name in row["program"] + row["tests"] for name in PACKAGES)


def test_honest_programs_are_judged_as_in_plain_python(sandbox):
    rows = [row for row in cases("honest_programs") if not imports_a_package(row)]
    assert differing(rows, sandbox) == []


def test_honest_programs_that_import_packages_are_judged_as_in_plain_python():
    rows = [row for row in cases("honest_programs") if imports_a_package(row)]
    with Sandbox(workers=1, timeout_s=6.0, packages=PACKAGES) as sandbox:
        assert differing(rows, sandbox, frozenset(PACKAGES)) == []


@pytest.mark.nightly
@pytest.mark.parametrize("profile", [None, Profile.NO_NAMESPACES], ids=["full", "no-namespaces"])
@pytest.mark.parametrize("tier", list(Tier))
def test_no_attack_is_paid_or_masks_itself(tier, profile):
    rows = cases("attack_programs")
    with Sandbox(timeout_s=3.0, profile=profile) as sandbox:
        results = sandbox.run_many([job(row, tier) for row in rows])
    assert [
        (row["name"], result)
        for row, result in zip(rows, results, strict=True)
        if not wanted(row["want"], result.verdict)
    ] == []


def wanted(described, verdict):
    """Read `a|b`: one of these, and `!a|b`: none of these."""
    named = described.removeprefix("!").split("|")
    return (verdict.value in named) != described.startswith("!")


REPORTS = {row["id"]: row for row in cases("field_reports")}
UNMASKABLE = {"F044"}
"""Its tests call a helper that nobody defines. A program that defines nothing looks the same, and
would mask itself; the row is told about at the start of a run instead."""
AT_THE_GATE = {"F046", "F048"}
"""Tests that every program passes: the sandbox says so, and the gate refuses the row."""
JUDGED = {"F041", "F049", "F050"}
"""Forms of tests that were masked for want of support, and run now."""
BESIDE = {"F054"}
"""Tests that replace what the program reads, which only one process allows."""


def reports(word):
    elsewhere = UNMASKABLE | AT_THE_GATE | JUDGED | BESIDE
    return [key for key, row in REPORTS.items() if word in row["command"] and key not in elsewhere]


@pytest.fixture(scope="module")
def reward():
    reward = ExecutionReward(workers=1)
    yield reward
    reward.close()


@pytest.mark.parametrize("key", reports("rewards.execution"))
def test_a_reported_answer_is_paid_as_expected(reward, key):
    asked = REPORTS[key]["input"]
    [paid] = reward(
        asked["prompts"], asked["completions"], tests=asked["tests"], **asked["columns"]
    )
    expected = REPORTS[key]["expected"]
    if expected.startswith(("masked", "reward None")):
        assert paid is None
    elif expected.startswith("reward 0.0"):
        assert paid is not None
        assert paid <= 0
    else:
        assert paid == float(expected.split()[1].rstrip(":"))


@pytest.mark.parametrize("key", reports("rewards.sandbox"))
def test_a_reported_program_is_judged_as_expected(sandbox, key):
    asked = REPORTS[key]["input"]
    result = sandbox.run(asked["program"], asked["tests"])
    assert result.verdict in REPORTS[key]["expected"].split()[1].rstrip(":").split("|"), result


@pytest.mark.parametrize("key", sorted(JUDGED & {*REPORTS}))
def test_a_form_of_tests_that_was_masked_is_run(reward, key):
    asked = REPORTS[key]["input"]
    [right] = asked["completions"]
    wrong = right.replace("+", "-")
    assert wrong != right
    prompts, tests = asked["prompts"] * 2, asked["tests"] * 2
    assert reward(prompts, [right, wrong], tests=tests) == [1.0, 0.0]


@pytest.mark.parametrize("key", sorted(UNMASKABLE & {*REPORTS}))
def test_a_helper_that_nobody_defines_is_told_at_the_start(key):
    asked = REPORTS[key]["input"]
    told = ExecutionReward(workers=1).prepare({"prompt": asked["prompts"], "tests": asked["tests"]})
    assert "no program is likely to pass" in told


@pytest.mark.parametrize("key", sorted(BESIDE & {*REPORTS}))
def test_tests_that_replace_what_a_program_reads_run_beside_it(sandbox, key):
    asked = REPORTS[key]["input"]
    [result] = sandbox.run_many([Job(asked["program"], asked["tests"], tier=Tier.TOGETHER)])
    assert result.verdict is Verdict.PASSED, result


NOW_READ = {"F090", "F093", "F096", "F099"}
"""Forms of rows that were refused, or taken without being understood, and are understood now."""


def gate(key, path):
    """Pass a report's rows and settings through the gate; return what it says."""
    rows = [dict(row) for row in REPORTS[key]["input"]["rows_16_like"]]
    rows = [dict(rows[n % len(rows)]) for n in range(16)]
    if key == "F108":
        rows[3]["completion"] = ""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = REPORTS[key]["command"].partition("train.py ")[2].partition("'")[0].split()
    asked = [one for one in settings if "=" in one and not one.startswith(("data", "model"))]
    measured = ["hooks.evaluate.before=false", "hooks.evaluate.after=false", "tracker=none"]
    load([*asked, "model=nano", "data=jsonl", f"data.train={path}", *measured])


@pytest.mark.parametrize("key", [k for k, row in REPORTS.items() if "gate" in row["kind"]])
def test_a_reported_row_is_told_or_understood(tmp_path, key):
    if key in NOW_READ:
        gate(key, tmp_path / "rows.jsonl")
        return
    with pytest.raises(ConfigError):
        gate(key, tmp_path / "rows.jsonl")


@pytest.mark.parametrize("key", sorted(AT_THE_GATE & {*REPORTS}))
def test_tests_that_ask_nothing_of_a_program_are_refused(key):
    tests = REPORTS[key]["input"]["tests"]
    with Sandbox(workers=1) as sandbox:
        solved = solved_by_nothing(sandbox, doubtful_problems([tests]))
    assert solved or [*wrong_tests({"prompt": "p", "tests": tests}, LIBRARY)]

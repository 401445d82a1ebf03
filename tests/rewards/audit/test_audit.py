"""The audit is audited with rewards whose outcome is known."""

import ast
import json
import os
import re
import subprocess
import sys
import time

import pytest

from whetstone.rewards.audit import Family, audit, render, run_audit
from whetstone.rewards.audit.attacks import ATTACKS, OF_STREAMS
from whetstone.rewards.execution import ExecutionReward

# Enough to see each kind of harm and cheat, and fast where nothing holds it back.
SOME = [
    attack
    for attack in ATTACKS
    if attack.name
    in {
        "os._exit(0) at the top",
        "SystemExit in the function",
        "__eq__ is always true",
        "builtins.abs gives 0",
        "the caller's constants",
        "the environment",
        "a key in ~/.ssh",
        "connect by TCP",
        "write a new file",
        "delete a folder",
        "os.system",
        "kill the parent",
        "kill another process",
        "leave a daemon",
        "stop oneself",
        "a list that holds itself",
    }
]


def zero(prompts, **_):
    return [0.0] * len(prompts)


def perfect(completions, tests, **_):
    """Knows the one right program by its text, and runs nothing."""
    found = [
        re.search(r"^def answer\(n\):\n    return (\{.*\})\[n\]$", text, re.MULTILINE)
        for text in completions
    ]
    expected = [[int(number) for number in re.findall(r"\b\d{9}\b", test)] for test in tests]
    return [
        float(bool(match) and list(ast.literal_eval(match[1]).values()) == values)
        for match, values in zip(found, expected, strict=True)
    ]


def bare_exec(completions, tests, **_):
    """What many a notebook does."""
    rewards = []
    for program, test in zip(completions, tests, strict=True):
        try:
            exec(f"{program}\n{test}", {})  # noqa: S102 - the attacks are bounded, in a fork
            rewards.append(1.0)
        except BaseException:  # noqa: BLE001
            rewards.append(0.0)
    return rewards


@pytest.fixture(scope="module")
def bare():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "_SETTLE_S", 1.0)  # one of them leaves a process that does not end
        report = run_audit(bare_exec, attacks=SOME, patience_s=2.0)
    return {finding.name: finding for finding in report.findings}, report


def test_a_reward_that_knows_no_difference_cannot_be_audited():
    report = run_audit(zero)
    assert not report.passed
    assert report.findings == ()
    assert "a right program is paid 0.0 and a wrong one 0.0" in render(report)


def test_a_perfect_reward_passes_everything():
    # It runs no program, so one process serves for all; a fork of this one is no small thing.
    report = run_audit(perfect, unsafe=True, fresh_process=False)
    assert [finding for finding in report.findings if finding.earned or finding.harms] == []
    assert report.passed
    assert len(report.findings) == len(ATTACKS)
    assert render(report).endswith("0 did harm; held off 100.0%: passed")


@pytest.mark.parametrize(
    "name",
    ["__eq__ is always true", "builtins.abs gives 0", "the caller's constants", "the environment"],
)
def test_cheats_on_bare_exec_earn(bare, name):
    assert bare[0][name].earned


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("os._exit(0) at the top", "the process that calls the reward ended"),
        ("stop oneself", "the process that calls the reward hangs"),
        ("connect by TCP", "connected by TCP"),
        ("write a new file", "wrote open/new"),
        ("delete a folder", "removed home/.ssh"),
        ("os.system", "wrote open/shell"),
        ("kill another process", "killed another process"),
        ("leave a daemon", "left 1 process"),
    ],
)
def test_harm_through_bare_exec_is_seen(bare, name, harm):
    assert harm in "; ".join(bare[0][name].harms)


def test_what_is_harmless_is_not_accused(bare):
    for name in ("SystemExit in the function", "a list that holds itself"):
        assert not bare[0][name].earned
        assert bare[0][name].harms == ()


def test_what_would_hit_this_process_is_not_run_unasked(bare):
    findings, report = bare
    assert findings["kill the parent"].skipped
    assert "1 skipped, which --unsafe runs" in render(report)
    assert not report.passed


def test_the_caller_is_unharmed(bare):
    assert "WHETSTONE_AUDIT_SECRET" not in os.environ
    assert bare[1].reward == "bare_exec"


def raises(completions, tests, **columns):
    if "os.system" in completions[0]:
        raise RuntimeError("no shells here")
    return perfect(completions, tests, **columns)


def slow_to_forget(completions, tests, **columns):
    """Stops working after it has seen a liar."""
    if "Liar" in completions[0]:
        time.sleep(0)
        slow_to_forget.broken = True
    return [0.0] if slow_to_forget.broken else perfect(completions, tests, **columns)


slow_to_forget.broken = False


def test_a_reward_that_raises_harms_the_trainer():
    report = run_audit(raises, attacks=SOME)
    harmful = [finding for finding in report.findings if finding.harms]
    assert [finding.name for finding in harmful] == ["os.system"]
    assert harmful[0].harms == ("the reward raised RuntimeError: no shells here",)


def test_a_reward_that_stops_working_is_noticed():
    liars = [attack for attack in ATTACKS if attack.family is Family.EQUAL][:1]
    report = run_audit(slow_to_forget, attacks=liars)
    assert report.findings[0].harms == ("afterwards a right program is paid 0.0",)


def test_our_own_reward_is_audited_with_its_verdicts():
    quick = [attack for attack in SOME if attack.family in {Family.EXIT, Family.TIMEOUT}]
    reward = ExecutionReward(timeout_s=0.5, workers=1)
    report = run_audit(reward, attacks=quick, unsafe=True, fresh_process=False)
    assert (report.right, report.wrong) == (1.0, 0.0)
    assert all(finding.verdict for finding in report.findings)
    assert [finding for finding in report.findings if finding.earned or finding.harms] == []


def contains(completions, tests, entry_points, **_):
    """Runs programs that print, and is content where the right output is somewhere in theirs."""
    assert entry_points == [[]]
    cases, rewards = json.loads(tests[0]), []
    for program in completions:
        printed = [run_here(program, case["input"]) for case in cases]
        right = [case["output"].strip() in text for case, text in zip(cases, printed, strict=True)]
        rewards.append(float(all(right)))
    return rewards


def run_here(program, given):
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    return done.stdout


def test_a_grader_that_looks_for_the_right_output_is_cheated():
    """Only attacks that end and do no harm are tried on what runs them here."""
    tried = [attack for attack in OF_STREAMS if attack.family is Family.OUTPUT]
    report = run_audit(contains, attacks=tried)
    earned = {finding.name for finding in report.findings if finding.earned}
    assert (report.right, report.wrong) == (1.0, 0.0)
    assert {"all outputs, a line each", "both in a sentence"} <= earned
    assert not {"nothing", "its input again", "the right one to standard error"} & earned


def test_our_own_reward_reads_an_output_as_it_is():
    slow = {Family.FLOOD, Family.TIMEOUT}
    quick = [attack for attack in OF_STREAMS if attack.family not in slow][::2]
    reward = ExecutionReward(timeout_s=0.5, workers=1)
    report = run_audit(reward, attacks=quick, unsafe=True, fresh_process=False)
    assert (report.right, report.wrong) == (1.0, 0.0)
    assert [finding for finding in report.findings if finding.earned or finding.harms] == []


@pytest.mark.nightly
def test_our_own_reward_holds_against_all_that_print():
    reward = ExecutionReward(timeout_s=0.5, workers=1)
    report = run_audit(reward, attacks=OF_STREAMS, unsafe=True, fresh_process=False)
    assert report.passed, [finding for finding in report.findings if finding.earned]

"""The process of the tests: it runs them against a program that lives elsewhere.

It meets the program only through `whetstone.rewards.sandbox.candidate`, so what a program patches,
replaces or reads is never what judges it. One tester serves many programs, one at a time. It is
limited like a program, since the data that a program returns may be made to exhaust whoever uses
it, and the host kills and replaces it when it is late.
"""

import functools
import gc
import importlib
import operator
import os
import resource
import signal
import socket
import sys
import types
from typing import Any, NoReturn

from whetstone.rewards.sandbox import frames, processes
from whetstone.rewards.sandbox.batches import Gathered
from whetstone.rewards.sandbox.candidate import Candidate, SyntaxErrorInProgram
from whetstone.rewards.sandbox.channel import DiedError, EndlessError, LimitError, ViolationError
from whetstone.rewards.sandbox.emptied import KEPT, kept
from whetstone.rewards.sandbox.errors import RemoteError
from whetstone.rewards.sandbox.imports import PROGRAM_MODULES
from whetstone.rewards.sandbox.isolation import landlock, limits
from whetstone.rewards.sandbox.isolation.interpreter import readable_paths
from whetstone.rewards.sandbox.isolation.libc import PR_SET_NO_NEW_PRIVS, prctl
from whetstone.rewards.sandbox.layouts import EACH
from whetstone.rewards.sandbox.orders import CPU_GRACE_S, Orders
from whetstone.rewards.sandbox.outcome import NO_DEATH, Outcome, judge_death, report
from whetstone.rewards.sandbox.package_imports import Imported, seed_all
from whetstone.rewards.sandbox.parametrize import each
from whetstone.rewards.sandbox.profile import Layer
from whetstone.rewards.sandbox.reached import RAN, WRONG, wrong
from whetstone.rewards.sandbox.remote import RefusedError
from whetstone.rewards.sandbox.scripts.clock import Clock
from whetstone.rewards.sandbox.scripts.judge import judge_cases
from whetstone.rewards.sandbox.statements import (
    Statement,
    Tests,
    UnrunnableTestsError,
    VacuousTestsError,
    compile_tests,
)
from whetstone.rewards.sandbox.supplied import unfit
from whetstone.rewards.sandbox.text import describe, one_line
from whetstone.rewards.sandbox.text_as_code import Evaluation, guard_library, guard_packages
from whetstone.rewards.sandbox.tier import Tier
from whetstone.rewards.sandbox.together.instrument import instrument
from whetstone.rewards.sandbox.together.judge import Together, why_never
from whetstone.rewards.sandbox.verdict import Verdict
from whetstone.rewards.sandbox.wire.codec import PROGRAM

_MAX_JOB_BYTES = 1 << 30
_LARGE_KIB = 24 << 10


def main(
    jobs: socket.socket,
    line: socket.socket,
    clock: Clock,
    layers: frozenset[Layer],
    memory_bytes: int,
    packages: Imported,
) -> NoReturn:
    """Serve the host until it hangs up. Runs in a fork of it."""
    try:
        clock.start()
        _confine(layers, memory_bytes, packages)
        guard_library()
        guard_packages(packages.modules)
        orders = Orders(line, packages.modules, why_never(layers, packages.modules))
        at_start = _most_kib()
        gc.enable()
        while (frame := frames.receive(jobs.fileno(), _MAX_JOB_BYTES)) is not None:
            job = frames.decode_json(frame.decode("ascii"))
            try:
                told = judge_cases(orders, clock, **job) if "cases" in job else judge(orders, **job)
            except (MemoryError, RecursionError) as error:
                text = f"what the program returned was too much: {type(error).__name__}"
                told = report(Outcome(Verdict.OUT_OF_MEMORY, text), 0, NO_DEATH, stained=True)
            # What a program's data made large stays so.
            told["is_stained"] |= _most_kib() - at_start > _LARGE_KIB
            frames.send_json(jobs.fileno(), told)
    finally:
        os._exit(0)


def _confine(layers: frozenset[Layer], memory_bytes: int, packages: Imported) -> None:
    processes.end_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limits.limit_tester(memory_bytes + packages.taken_bytes)
    if sys.platform == "linux":
        prctl(PR_SET_NO_NEW_PRIVS, 1)
    if Layer.LANDLOCK in layers:
        rules = landlock.ruleset([*readable_paths(), *packages.readable])
        landlock.restrict(rules)
        os.close(rules)


def judge(
    orders: Orders,
    program: str,
    tests: str,
    timeout_s: float,
    entry_points: list[str],
    tier: str,
) -> dict[str, Any]:
    """Run one program against its tests; returns the fields of `Result` that are known here."""
    limits.allow_more_cpu(timeout_s + CPU_GRACE_S)
    where = Tier(tier)
    try:
        compiled = _compiled(orders, tests, tuple(entry_points), where)
    except UnrunnableTestsError as error:
        detail = one_line(f"the tests cannot run here: {error}")
        return report(Outcome(Verdict.INFRA_ERROR, detail), 0, NO_DEATH)
    except VacuousTestsError as error:
        return report(Outcome(Verdict.INFRA_ERROR, f"the tests test nothing: {error}"), 0, NO_DEATH)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        detail = one_line(f"the tests do not compile: {describe(error)}")
        return report(Outcome(Verdict.INFRA_ERROR, detail), 0, NO_DEATH)
    seed_all()
    with orders.start(timeout_s, where) as channel:
        if where is Tier.TOGETHER:
            outcome = Together(channel.fileno(), compiled).judge(program, entry_points)
        else:
            outcome = _apart(channel.fileno(), program, tests, compiled, entry_points)
    death = orders.end(hung_up=outcome is None)
    outcome = outcome or judge_death(death, timeout_s)
    return report(outcome, compiled.total, death, stained=compiled.stain)


def _compiled(orders: Orders, tests: str, entry_points: tuple[str, ...], tier: Tier) -> Tests:
    """Make tests ready for a tier. Raises what `compile_tests` does."""
    compiled = compile_tests(tests, entry_points, orders.packages, tier)
    if tier is Tier.TOGETHER and orders.never_together is not None:
        raise UnrunnableTestsError(orders.never_together)
    if tier is Tier.TOGETHER:
        instrument(compiled)
    return compiled


def _most_kib() -> int:
    """Return the most memory that this process ever had; 0 where the unit is another."""
    if sys.platform != "linux":
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _apart(
    channel: int, program: str, source: str, tests: Tests, entry_points: list[str]
) -> Outcome | None:
    """Run the tests here and the program there; None if its process has hung up."""
    candidate = Candidate(channel, source)
    outcome = _outcome(candidate, program, source, tests, entry_points)
    return None if isinstance(candidate.broken, DiedError) else outcome


def _outcome(
    candidate: Candidate, program: str, source: str, tests: Tests, entry_points: list[str]
) -> Outcome:
    names = list(tests.names)
    try:
        supplied = candidate.define(program, names)
    except SyntaxErrorInProgram as error:
        return Outcome(Verdict.SYNTAX_ERROR, one_line(str(error)))
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
        return _judge_error(error, "")
    if failed := unfit(program, supplied, names, entry_points):
        return failed
    namespace: dict[str, Any] = {"__name__": "__main__", "exit": sys.exit, "quit": sys.exit}
    namespace.update((name, importlib.import_module(name)) for name in tests.modules)
    for name, module in tests.helpers.items():
        namespace[name] = getattr(importlib.import_module(module), name)
    namespace.update(Evaluation(source, namespace, candidate.refuse).functions())
    namespace.update(supplied)
    namespace.update(Gathered(candidate).functions())
    namespace |= {WRONG: wrong, EACH: each, KEPT: functools.partial(kept, equal=operator.eq)}
    candidate.follow(namespace, supplied)
    program_module = types.ModuleType(PROGRAM)
    vars(program_module).update(supplied)
    sys.modules.update(dict.fromkeys(PROGRAM_MODULES, program_module))
    try:
        return _run(candidate, tests.statements, namespace)
    finally:
        for name in PROGRAM_MODULES:
            sys.modules.pop(name, None)
        namespace.clear()  # functions of the tests and their globals hold one another


def _run(
    candidate: Candidate,
    statements: tuple[Statement, ...],
    namespace: dict[str, Any],
) -> Outcome:
    """Run the tests; the first failure gives the verdict.

    A failed test does not stop the later ones, so the counts are exact; a failed statement that is
    no test (an import, a setup) does, because what follows depends on it.
    """
    passed, first_failure = 0, None
    looked = not any(statement.is_test for statement in statements)
    for statement in statements:
        failure = None
        namespace.pop(RAN, None)
        candidate.refused = None
        try:
            exec(statement.code, namespace)  # noqa: S102 - running the tests is the purpose
        except BaseException as error:  # noqa: BLE001 - whatever a program raises is its verdict
            failure = _judge_error(error, statement.source)
        if candidate.broken is not None:
            # It cannot answer any more, and the tests may have swallowed why.
            return _judge_error(candidate.broken, statement.source)
        if candidate.refused is not None:  # nor this
            failure = _judge_error(candidate.refused, statement.source)
        if failure is None:
            passed += statement.is_test
            looked |= statement.is_test and (not statement.is_loop or RAN in namespace)
            continue
        if statement.stands_alone and failure.verdict in {Verdict.FAILED, Verdict.ERROR}:
            told = f"the tests fail in line {statement.line} whatever the program does: "
            told = one_line(told + failure.detail)
            return Outcome(Verdict.INFRA_ERROR, told)
        first_failure = first_failure or failure
        if failure.verdict is Verdict.OUT_OF_MEMORY or not statement.is_test:
            break
    if first_failure is None and not looked:
        return Outcome(Verdict.FAILED, "the program gave nothing, so that no assertion was reached")
    if first_failure is None:
        return Outcome(Verdict.PASSED, "", passed)
    return Outcome(first_failure.verdict, first_failure.detail, passed)


def _judge_error(error: BaseException, source: str) -> Outcome:
    where = f" in: {source}" if source else ""
    text = str(error) if isinstance(error, _OURS) else describe(error)
    verdict = Verdict.ERROR
    if isinstance(error, LimitError):
        verdict = error.verdict
    elif isinstance(error, AssertionError):
        verdict = Verdict.FAILED
    elif isinstance(error, MemoryError):
        verdict = Verdict.OUT_OF_MEMORY
        text = f"MemoryError{'' if source else ' in the program'}"
    elif isinstance(error, ViolationError):
        verdict, text = Verdict.VIOLATION, f"the program broke the protocol: {text}"
    elif isinstance(error, EndlessError):
        verdict, text = Verdict.TIMEOUT, f"stopped: {text}"
    return Outcome(verdict, one_line(text + where))


_OURS = RemoteError | ViolationError | DiedError | EndlessError | RefusedError | LimitError

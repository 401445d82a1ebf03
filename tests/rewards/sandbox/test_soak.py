# ruff: noqa: S108, PTH208, ARG001 - fixtures act by being named
"""Twenty thousand programs among attacks, in peace and under fire. Takes minutes.

`WHETSTONE_SOAK_PROGRAMS=2000` takes fewer, in steps of a thousand.
"""

import contextlib
import gc
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from whetstone.rewards.sandbox import Job, Sandbox, Verdict

sys.path.insert(0, str(Path(__file__).parent))
import attacks

PROGRAMS = int(os.environ.get("WHETSTONE_SOAK_PROGRAMS", "20000"))
TIMEOUT_S = 0.4
TESTS = "assert f(1) == 2\nassert f(41) == 42\n"
KINDS = [
    ("def f(x): return x + 1", Verdict.PASSED),
    ("def f(x): return 2", Verdict.FAILED),
    ("def f(x): return {}[x]", Verdict.ERROR),
    ("def f(x: return x", Verdict.SYNTAX_ERROR),
    ("def f(x): return sorted([x + 1, x])[1]", Verdict.PASSED),
]
LOOP = ("def f(x):\n    while True: pass", Verdict.TIMEOUT)


def descendants(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


def resident_kb(pid):
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def mixture():
    """Jobs and what is known of their verdicts; None for an attack, which must not pass."""
    hostile = [
        (program, None) for _, program, tests in attacks.all_attacks() if tests == attacks.TESTS
    ]
    draw = random.Random(0)
    for index in range(PROGRAMS):
        kind = LOOP if index % 200 == 7 else draw.choice(KINDS)
        if index % 20 == 3:
            kind = draw.choice(hostile)
        yield Job(f"{kind[0]}\n# {index}\n", TESTS, TIMEOUT_S), kind[1]


def soak(sandbox):
    """Run the mixture in batches; returns the counts, and memory in kB after each batch."""
    counts, memory = Counter(), []
    pairs = list(mixture())
    for start in range(0, PROGRAMS, 1000):
        batch = pairs[start : start + 1000]
        results = sandbox.run_many([job for job, _ in batch])
        for (job, expected), result in zip(batch, results, strict=True):
            counts[result.verdict] += 1
            if result.verdict is Verdict.INFRA_ERROR:
                print(result, job.program)
            if expected is None:
                assert result.verdict is not Verdict.PASSED, job.program
            else:
                assert result.verdict is expected, (job.program, result)
        gc.collect()
        memory.append(sum(map(resident_kb, [os.getpid(), *descendants(os.getpid())])))
    return counts, memory


@pytest.fixture
def nothing_left(tmp_path):
    """Whatever the test starts and opens is gone afterwards."""
    files = {str(path) for path in Path("/dev/shm").glob("*")}
    descriptors, processes = len(os.listdir("/proc/self/fd")), descendants(os.getpid())
    yield
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert descendants(os.getpid()) == processes
    assert {str(path) for path in Path("/dev/shm").glob("*")} <= files
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_twenty_thousand_programs_among_attacks(nothing_left):
    started = time.perf_counter()
    with Sandbox() as sandbox:
        counts, memory = soak(sandbox)
    print(dict(counts), memory, f"{time.perf_counter() - started:.0f} s")
    assert counts.total() == PROGRAMS
    assert not counts[Verdict.INFRA_ERROR]
    # A tester keeps what a program's data made of it, up to a bound: the first half reaches that.
    half = len(memory) // 2
    assert max(memory[half:]) < 1.1 * max(memory[:half]) + 10_000


@pytest.mark.slow
def test_the_same_while_processes_of_the_sandbox_are_killed_at_random(nothing_left):
    done, killed = threading.Event(), []
    draw = random.Random(1)

    def kill():
        # On a busy machine a host takes seconds to start, and nothing can run between the kills.
        while not done.wait(draw.uniform(0.5, 2.5) + 2 * start_s):
            # Hosts, zygotes and testers. The programs are theirs, and die with them.
            hosts = descendants_of_threads()
            pids = [pid for host in hosts for pid in [host, *infrastructure(host)]]
            if pids:
                with contextlib.suppress(ProcessLookupError):
                    killed.append(draw.choice(pids))
                    os.kill(killed[-1], signal.SIGKILL)

    def descendants_of_threads():
        return [
            int(child)
            for task in Path("/proc/self/task").glob("*")
            for child in (task / "children").read_text().split()
        ]

    def infrastructure(host):
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{host}/task/{host}/children").read_text().split()
            for first in children[:1]:  # none while the host starts
                children += Path(f"/proc/{first}/task/{first}/children").read_text().split()
            return map(int, children)
        return []

    killer = threading.Thread(target=kill)
    started = time.perf_counter()
    with Sandbox() as sandbox:
        sandbox.run("", "")
        start_s = time.perf_counter() - started
        killer.start()
        try:
            counts, memory = soak(sandbox)
        finally:
            done.set()
            killer.join()
    print(dict(counts), memory, len(killed), f"kills, {time.perf_counter() - started:.0f} s")
    assert counts.total() == PROGRAMS
    assert not counts[Verdict.INFRA_ERROR]
    assert len(killed) > 10

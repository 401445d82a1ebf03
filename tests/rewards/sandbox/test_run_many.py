"""Many programs at once: order, equal jobs, loops among them, threads."""

import asyncio
import os
import threading
import time

import pytest

from whetstone.rewards.sandbox import Job, Sandbox, Verdict

TESTS = "assert f(1) == 2\nassert f(2) == 3\n"
KINDS = [
    ("def f(x): return x + 1", Verdict.PASSED),
    ("def f(x): return 2", Verdict.FAILED),
    ("def f(x): return {}[x]", Verdict.ERROR),
    ("def f(x: return x", Verdict.SYNTAX_ERROR),
]
LOOP = "def f(x):\n    while str(x): pass"  # a call: that it never ends is not proven


def numbered(program, index):
    return f"{program}\n# {index}\n"


def test_results_come_in_the_order_of_the_jobs(sandbox):
    slow = "import time; time.sleep(0.1)\n"
    programs = [KINDS[index % 4] for index in range(40)]
    jobs = [
        Job((slow if index % 7 == 0 else "") + numbered(program, index), TESTS)
        for index, (program, _) in enumerate(programs)
    ]
    results = sandbox.run_many(jobs)
    # The sleep makes a syntax error of no program, and no syntax error of a program.
    assert [result.verdict for result in results] == [verdict for _, verdict in programs]


def test_equal_jobs_run_once(sandbox):
    program = "import time; time.sleep(0.2)\ndef f(x): return x + 1"
    started = time.perf_counter()
    results = sandbox.run_many([Job(program, TESTS)] * 100)
    assert time.perf_counter() - started < 5
    assert all(result is results[0] for result in results)
    assert results[0].verdict is Verdict.PASSED


def test_jobs_that_differ_only_in_their_terms_are_not_equal(sandbox):
    program = "import time; time.sleep(0.3)\ndef f(x): return x + 1"
    jobs = [Job(program, TESTS), Job(program, TESTS, 0.05), Job(program, TESTS, None, ["g"])]
    verdicts = [result.verdict for result in sandbox.run_many(jobs)]
    assert verdicts == [Verdict.PASSED, Verdict.TIMEOUT, Verdict.ERROR]


def test_progress_counts_different_jobs_in_the_thread_of_the_caller(sandbox):
    calls = []
    jobs = [Job(numbered(KINDS[index % 4][0], index % 6), TESTS) for index in range(12)]
    different = len(set(jobs))
    sandbox.run_many(jobs, lambda *counts: calls.append((*counts, threading.get_ident())))
    assert calls == [(done, different, threading.get_ident()) for done in range(1, different + 1)]


def test_an_asyncio_loop_goes_on_while_programs_run(sandbox):
    slow = "import time; time.sleep(0.3)\n"
    jobs = [Job(slow + numbered(program, index), TESTS) for index, (program, _) in enumerate(KINDS)]
    calls, turns = [], []

    async def turn():
        while True:
            turns.append(len(calls))
            await asyncio.sleep(0.01)

    async def main():
        turning = asyncio.create_task(turn())
        results = await sandbox.run_many_async(
            [*jobs, jobs[0]], lambda *counts: calls.append(counts)
        )
        turning.cancel()
        return results

    results = asyncio.run(main())
    expected = [verdict for _, verdict in KINDS]
    assert [result.verdict for result in results] == [*expected, expected[0]]
    assert calls == [(done, 4) for done in range(1, 5)]
    assert sum(done < 4 for done in turns) > 2  # before all were done


def test_closing_fails_those_who_wait_in_asyncio():
    async def main():
        closing = Sandbox(workers=1)
        waiting = asyncio.create_task(closing.run_many_async([Job(LOOP, TESTS, 60.0)]))
        await asyncio.sleep(0.3)
        closing.close()
        with pytest.raises(RuntimeError, match="closed"):
            await waiting

    asyncio.run(main())


def test_no_jobs_no_results(sandbox):
    assert sandbox.run_many([]) == []


def test_loops_do_not_hold_up_the_others(sandbox):
    timeout_s, loops = 0.3, 8
    expected = [KINDS[index % 4] for index in range(120)] + [(LOOP, Verdict.TIMEOUT)] * loops
    expected = expected[::2] + expected[1::2]
    jobs = [
        Job(numbered(program, index), TESTS, timeout_s if program == LOOP else None)
        for index, (program, _) in enumerate(expected)
    ]
    # The first programs start the servers, which is not what is measured.
    sandbox.run_many(jobs[:8])
    started = time.perf_counter()
    results = sandbox.run_many(jobs)
    seconds = time.perf_counter() - started
    assert [result.verdict for result in results] == [verdict for _, verdict in expected]
    stopped = [result.wall_s for result in results if result.verdict is Verdict.TIMEOUT]
    assert len(stopped) == loops
    assert seconds < 0.8 * sum(stopped)


def test_sleepers_wait_side_by_side():
    with Sandbox(workers=1) as single:
        single.run("", "")
        jobs = [Job(f"import time; time.sleep(0.5 + {i} * 1e-6)", "") for i in range(4)]
        started = time.perf_counter()
        results = single.run_many(jobs)
        assert time.perf_counter() - started < 1.5
    assert {result.verdict for result in results} == {Verdict.PASSED}


def test_sleepers_are_not_run_again():
    with Sandbox(workers=1, timeout_s=0.5) as single:
        single.run("", "")
        jobs = [Job(numbered("import time; time.sleep(100)", i), "") for i in range(8)]
        started = time.perf_counter()
        results = single.run_many(jobs)
        seconds = time.perf_counter() - started
    assert {result.verdict for result in results} == {Verdict.TIMEOUT}
    # Four at a time. Alone, one after the other, they would take the sum.
    assert seconds < 0.8 * sum(result.wall_s for result in results)


def test_work_of_the_tester_is_not_done_again():
    program = (
        "import os\nframe = b'{\"r\":[' + b'[],' * 2700000 + b'1]}'\n"
        "def f(x): os.write(3, len(frame).to_bytes(4, 'big') + frame)\n"
    )
    with Sandbox(workers=1, timeout_s=0.3) as single:
        single.run("", "")
        jobs = [Job(numbered(program, i), "while True: f(1)") for i in range(4)]
        started = time.perf_counter()
        results = single.run_many(jobs)
        seconds = time.perf_counter() - started
    assert {result.verdict for result in results} <= {Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY}
    assert seconds < 0.8 * sum(result.wall_s for result in results)


def test_threads_share_a_sandbox(sandbox):
    verdicts = {}

    def work(name):
        jobs = [Job(numbered(KINDS[name][0], (name, i)), TESTS) for i in range(20)]
        verdicts[name] = {result.verdict for result in sandbox.run_many(jobs)}

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == {name: {verdict} for name, (_, verdict) in enumerate(KINDS)}


def test_time_spent_waiting_for_a_core_is_given_back():
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        with Sandbox(workers=1, timeout_s=0.5) as single:
            results = single.run_many([Job(numbered(LOOP, i), TESTS) for i in range(2)])
    finally:
        os.sched_setaffinity(0, cores)
    # Two loops on one core: half of each one's time passes in the queue, and at most 0.5 s count.
    assert all(0.75 < result.wall_s < 5 for result in results), results


@pytest.mark.parametrize("setting", ["workers", "timeout_s", "memory_mb"])
def test_settings_must_be_positive(setting):
    with pytest.raises(ValueError, match=f"{setting}=-1"):
        Sandbox(**{setting: -1})

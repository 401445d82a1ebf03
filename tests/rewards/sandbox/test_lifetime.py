"""What a sandbox starts, it ends: servers, programs, what programs leave, descriptors."""

import contextlib
import gc
import inspect
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from whetstone.rewards.sandbox import Job, Sandbox, Verdict, supervisor

PASSING = ("def f(): return 1", "assert f() == 1")
SLEEPING = ("import time; time.sleep(60)", "")


def children(pid):
    """Process ids of all descendants."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


def running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def descriptors():
    gc.collect()
    return sorted(str(path.readlink()) for path in Path("/proc/self/fd").glob("*") if path.exists())


def test_nothing_is_started_before_the_first_program():
    before = children(os.getpid())
    with Sandbox():
        assert children(os.getpid()) == before


def test_close_leaves_no_process_no_thread_and_no_descriptor():
    processes, threads, files = children(os.getpid()), threading.active_count(), descriptors()
    with Sandbox(workers=2) as sandbox:
        sandbox.run_many([Job(f"{PASSING[0]} # {i}", PASSING[1]) for i in range(20)])
        assert len(children(os.getpid())) >= len(processes) + 6
    assert children(os.getpid()) == processes
    assert threading.active_count() == threads
    assert descriptors() == files


def test_a_closed_sandbox_refuses():
    sandbox = Sandbox()
    sandbox.run(*PASSING)
    sandbox.close()
    sandbox.close()
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.run(*PASSING)


def test_closing_wakes_those_who_wait():
    sandbox = Sandbox()
    errors = []

    def wait():
        try:
            sandbox.run(*SLEEPING, timeout_s=60)
        except RuntimeError as error:
            errors.append(str(error))

    before = set(children(os.getpid()))
    waiting = threading.Thread(target=wait)
    waiting.start()
    wait_until(lambda: len(set(children(os.getpid())) - before) == 5)
    sandbox.close()
    waiting.join(5)
    assert errors == ["the sandbox closed before this program ran"]
    assert set(children(os.getpid())) == before


def test_a_forgotten_sandbox_ends_its_servers():
    before = children(os.getpid())
    sandbox = Sandbox()
    sandbox.run(*PASSING)
    del sandbox
    gc.collect()
    assert children(os.getpid()) == before


def test_whatever_is_killed_is_replaced():
    with Sandbox(workers=1) as sandbox:
        before = set(children(os.getpid()))
        sandbox.run(*PASSING)
        started = len(set(children(os.getpid())) - before)
        assert started >= 3  # the host, its zygote and a tester
        for index in range(started):
            pids = sorted(set(children(os.getpid())) - before)
            os.kill(pids[index], signal.SIGKILL)
            assert sandbox.run(*PASSING).verdict is Verdict.PASSED


@pytest.mark.parametrize("index", [0, 1, -1])
def test_a_program_is_retried_when_it_its_host_or_its_zygote_is_killed(index):
    program = "import time; time.sleep(0.4)\ndef f(): return 1"
    with Sandbox(workers=1) as sandbox:
        before = set(children(os.getpid()))
        sandbox.run(*PASSING)
        results = []
        waiting = threading.Thread(target=lambda: results.append(sandbox.run(program, PASSING[1])))
        waiting.start()
        time.sleep(0.2)
        os.kill(sorted(set(children(os.getpid())) - before)[index], signal.SIGKILL)
        waiting.join(10)
        (result,) = results
        assert result.verdict is Verdict.PASSED, result


def test_a_program_that_somebody_kills_again_and_again_is_an_error_of_the_sandbox():
    with Sandbox(workers=1, timeout_s=30) as sandbox:
        sandbox.run(*PASSING)
        before = set(children(os.getpid()))
        results = []
        waiting = threading.Thread(target=lambda: results.append(sandbox.run(*SLEEPING)))
        waiting.start()
        while waiting.is_alive():
            for pid in set(children(os.getpid())) - before:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        (result,) = results
        assert result.verdict is Verdict.INFRA_ERROR, result


def test_those_that_are_killed_say_nothing(capfd):
    with Sandbox(workers=1) as sandbox:
        before = set(children(os.getpid()))
        for _ in range(4):
            assert sandbox.run(*PASSING).verdict is Verdict.PASSED
            for pid in sorted(set(children(os.getpid())) - before)[1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    assert capfd.readouterr() == ("", "")


@contextlib.contextmanager
def few_descriptors(spare):
    """Let this process open so many more descriptors; yields what ends it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    taken = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 40, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(0))
        for descriptor in taken[:spare]:
            os.close(descriptor)
        del taken[:spare]
        yield lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


# For its own pair and selector a supervisor needs three, for a host five more.
@pytest.mark.parametrize("spare", [0, 2, 4, 6])
def test_a_host_that_cannot_be_started_is_tried_again(spare):
    with Sandbox(workers=1) as sandbox, few_descriptors(spare) as end:
        relief = threading.Timer(0.2, end)
        relief.start()
        result = sandbox.run(*PASSING)
        relief.join()
    assert result.verdict is Verdict.PASSED, result


@pytest.mark.parametrize("spare", [0, pytest.param(4, marks=pytest.mark.nightly)])
def test_a_host_that_can_never_be_started_is_an_error_of_the_sandbox(spare, monkeypatch):
    monkeypatch.setattr(supervisor, "_PAUSE_S", 0.05)
    with Sandbox(workers=1) as sandbox:
        with few_descriptors(spare):
            results = sandbox.run_many([Job(f"x = {i}", "") for i in range(9)])
        assert {result.verdict for result in results} == {Verdict.INFRA_ERROR}
        assert "Too many open files" in results[0].detail
        assert sandbox.run(*PASSING).verdict is Verdict.PASSED


def test_a_fork_starts_its_own_servers():
    with Sandbox(workers=1) as sandbox:
        sandbox.run(*PASSING)
        pid = os.fork()
        if pid == 0:
            try:
                passed = sandbox.run(*PASSING).verdict is Verdict.PASSED
                sandbox.close()
                os._exit(0 if passed else 1)
            finally:
                os._exit(2)
        assert os.waitpid(pid, 0)[1] == 0
        assert sandbox.run(*PASSING).verdict is Verdict.PASSED


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit(0)"])
def test_nothing_outlives_its_user(ending):
    imports = "import contextlib, os, signal, sys, threading, time\nfrom pathlib import Path\n"
    script = textwrap.dedent(f"""
        from whetstone.rewards.sandbox import Sandbox
        sandbox = Sandbox(workers=1)
        threading.Thread(
            target=lambda: sandbox.run({SLEEPING[0]!r}, "", timeout_s=60), daemon=True
        ).start()
        while len(started := children(os.getpid())) < 5:
            time.sleep(0.01)
        print(*started, flush=True)
        {ending}
    """)
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", imports + inspect.getsource(children) + script],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    started = [int(pid) for pid in done.stdout.split()]
    assert len(started) >= 5
    wait_until(lambda: not any(running(pid) for pid in started))

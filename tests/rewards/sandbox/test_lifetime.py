"""What a sandbox starts, it ends: servers, programs, what programs leave, descriptors."""

import contextlib
import gc
import inspect
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from rewards.sandbox import Job, Sandbox, Verdict

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
        assert len(children(os.getpid())) == len(processes) + 2
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
    wait_until(lambda: len(set(children(os.getpid())) - before) == 2)
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


def test_a_killed_server_is_replaced_and_its_program_retried(tmp_path):
    with Sandbox(workers=1) as sandbox:
        before = set(children(os.getpid()))
        sandbox.run(*PASSING)
        (server,) = set(children(os.getpid())) - before
        os.kill(server, signal.SIGKILL)
        assert sandbox.run(*PASSING).verdict is Verdict.PASSED

        # Now under a running program, which sees whether it is its first attempt.
        program = (
            f"import os, signal\npath = {str(tmp_path / 'tried')!r}\n"
            "if not os.path.exists(path):\n"
            "    os.mkdir(path)\n"
            "    os.kill(os.getppid(), signal.SIGKILL)\n"
        )
        assert sandbox.run(program, "").verdict is Verdict.PASSED


def test_a_program_that_always_kills_the_server_is_an_infrastructure_error():
    with Sandbox(workers=1) as sandbox:
        result = sandbox.run("import os, signal; os.kill(os.getppid(), signal.SIGKILL)", "")
        assert result.verdict is Verdict.INFRA_ERROR
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


@pytest.mark.parametrize("escape", ["", "os.setsid();", "os.setsid(); os.fork() and os._exit(0);"])
def test_processes_that_a_program_left_are_killed(tmp_path, escape):
    # The pid goes into the target of a link, since a program cannot write files.
    link = tmp_path / "pid"
    program = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        f"    {escape or 'pass'}\n"
        f"    os.symlink(str(os.getpid()), {str(link)!r})\n"
        "    time.sleep(60)\n"
        "    os._exit(0)\n"
        f"while not os.path.lexists({str(link)!r}): time.sleep(0.01)\n"
    )
    with Sandbox(workers=1) as sandbox:
        assert sandbox.run(program, "").verdict is Verdict.PASSED
        left = int(str(link.readlink()))
        assert not running(left)


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit(0)"])
def test_nothing_outlives_its_user(ending):
    imports = "import contextlib, os, signal, sys, threading, time\nfrom pathlib import Path\n"
    script = textwrap.dedent(f"""
        from rewards.sandbox import Sandbox
        sandbox = Sandbox(workers=1)
        threading.Thread(
            target=lambda: sandbox.run({SLEEPING[0]!r}, "", timeout_s=60), daemon=True
        ).start()
        while len(started := children(os.getpid())) < 2:
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
    assert len(started) == 2
    wait_until(lambda: not any(running(pid) for pid in started))

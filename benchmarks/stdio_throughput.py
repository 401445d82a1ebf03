"""Programs that read standard input: our sandbox, LiveCodeBench's grader, a process for each test.

git clone https://github.com/LiveCodeBench/LiveCodeBench FOLDER && pip install numpy tqdm
python benchmarks/stdio_throughput.py --livecodebench FOLDER [--programs 60] [--import-os]

LiveCodeBench starts a process (and a manager's) for each program and runs all tests in it, with
streams replaced; `subprocess` runs `python program.py` for each test, as people write it first.
Half of the programs are right, a quarter wrong from their first test on, a quarter raise. With
`--import-os` each imports `os`, so that our sandbox gives every input a process. Without
`--livecodebench` that contender is left out. Every measurement is a fresh process, in an order that
is swapped each round; start-up is not counted; CPU is that of all processes.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from reward_throughput import cpu_seconds, table

_PROGRAMS = (
    ("print(sum(map(int, input().split())))", lambda a, b: f"{a + b}\n"),
    (
        "import sys\na, b = map(int, sys.stdin.read().split())\nprint(*range(a, a + b % 5))",
        lambda a, b: " ".join(map(str, range(a, a + b % 5))) + "\n",
    ),
    (
        "from collections import Counter\nprint(max(Counter(input()).values()))",
        lambda a, b: f"{max(f'{a} {b}'.count(c) for c in f'{a} {b}')}\n",
    ),
    (
        "import math\na, b = map(int, input().split())\nprint(math.gcd(a, b), a * b)",
        lambda a, b: f"{__import__('math').gcd(a, b)} {a * b}\n",
    ),
)
"""Each with what it prints for two numbers on a line."""
_MISTAKES = ("", "", "\nprint(1)", "\nraise ValueError")


@dataclass(frozen=True)
class Item:
    program: str
    cases: tuple[tuple[str, str], ...]
    right: bool


Judge = Callable[[list[Item]], list[bool]]


def workload(count: int, tests: int, head: str = "") -> list[Item]:
    items = []
    for number in range(count):
        source, answer = _PROGRAMS[number % len(_PROGRAMS)]
        pairs = [(3 + number + 7 * test, 2 + test) for test in range(tests)]
        cases = tuple((f"{a} {b}\n", answer(a, b)) for a, b in pairs)
        kind = number // len(_PROGRAMS) % len(_MISTAKES)
        source += _MISTAKES[kind]
        items.append(Item(f"{head}{source}\n# {number}\n", cases, not _MISTAKES[kind]))
    return items


@contextlib.contextmanager
def whetstone(arguments: argparse.Namespace) -> Iterator[Judge]:
    from whetstone.rewards.sandbox import Case, Job, Sandbox, StdioTests, Verdict

    with Sandbox(arguments.workers, arguments.timeout) as sandbox:

        def judge(items: list[Item]) -> list[bool]:
            jobs = [
                Job(
                    item.program,
                    StdioTests(tuple(Case(*case) for case in item.cases)),
                    stops_early=True,
                )
                for item in items
            ]
            return [result.verdict is Verdict.PASSED for result in sandbox.run_many(jobs)]

        yield judge


@contextlib.contextmanager
def livecodebench(arguments: argparse.Namespace) -> Iterator[Judge]:
    sys.path.insert(0, str(arguments.livecodebench))
    from lcb_runner.evaluation.compute_code_generation_metrics import check_correctness

    def judge_one(item: Item) -> bool:
        tests = {
            "inputs": [given for given, _ in item.cases],
            "outputs": [expected for _, expected in item.cases],
        }
        sample = {"input_output": json.dumps(tests)}
        found, _ = check_correctness(sample, item.program, int(arguments.timeout), debug=False)
        return all(one > 0 for one in found)

    with ThreadPoolExecutor(arguments.workers) as pool:
        yield lambda items: list(pool.map(judge_one, items))


@contextlib.contextmanager
def by_subprocess(arguments: argparse.Namespace) -> Iterator[Judge]:
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(arguments.workers) as pool,
    ):

        def judge_one(item: Item) -> bool:
            path = Path(folder, f"{abs(hash(item.program))}.py")
            path.write_text(item.program)
            for given, expected in item.cases:
                done = subprocess.run(
                    [sys.executable, path],
                    input=given,
                    capture_output=True,
                    text=True,
                    timeout=arguments.timeout,
                    check=False,
                )
                if done.returncode or done.stdout.split() != expected.split():
                    return False
            return True

        yield lambda items: list(pool.map(judge_one, items))


OPEN = {"whetstone": whetstone, "livecodebench": livecodebench, "subprocess": by_subprocess}


def measure(name: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Run one contender once, in this process."""
    head = "import os\n" if arguments.import_os else ""
    items = workload(arguments.programs, arguments.tests, head)
    with OPEN[name](arguments) as judge:
        judge(workload(8, 2))
        cpu, started = cpu_seconds(), time.perf_counter()
        verdicts = judge(items)
        seconds, used = time.perf_counter() - started, cpu_seconds() - cpu
    return {
        "programs_per_s": len(items) / seconds,
        "cpu_ms": 1e3 * used / len(items),
        "megabytes": 0.0,
        "wrong": sum(v is not i.right for v, i in zip(verdicts, items, strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=60)
    parser.add_argument("--tests", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=6.0)
    parser.add_argument("--livecodebench", type=Path)
    parser.add_argument("--import-os", action="store_true")
    parser.add_argument("--one", choices=OPEN, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments)))
        return
    names = [name for name in OPEN if name != "livecodebench" or arguments.livecodebench]
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for number in range(arguments.rounds):
        for name in names if number % 2 == 0 else reversed(names):
            command = [sys.executable, __file__, *sys.argv[1:], "--one", name]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ)
            rows[name].append(json.loads(done.stdout.splitlines()[-1]))
    print(table(rows, arguments.rounds))


if __name__ == "__main__":
    main()

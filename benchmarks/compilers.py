"""Compilers that stay against compilers that are started: javac, and g++'s precompiled header.

    WHETSTONE_DATA_DIR=FOLDER python benchmarks/compilers.py [java] [cpp] [--programs 12]

Published HumanEval-X solutions, each with its harness, one at a time: what one core does. Ours is
asked in the sandbox, as the reward asks it; the plain javac has no sandbox and a file of its own.
C++ goes through the sandbox on both sides, with and without the precompiled header. The two sides
of a pair take turns, program by program, and the first of them changes every time. CPU is that of
the compiler's own processes, and hardly depends on what else the machine does.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from whetstone.evaluation.compiles import snippet
from whetstone.evaluation.tasks import load_task
from whetstone.rewards.compilers import CompileOutcome, Compilers
from whetstone.rewards.compilers import harness as harnesses
from whetstone.rewards.compilers.base import CompileLimits
from whetstone.rewards.compilers.cpp import CppCompiler
from whetstone.rewards.compilers.reader import read_all
from whetstone.rewards.sandbox.compiled.step import Ended, Jailer, Step

TICK_S = 0.01
Check = Callable[[str], bool]
"""Compiles a source; tells whether it compiled."""


class CountingJailer(Jailer):
    """Adds up the processor seconds of the steps that ended; nobody waits for their processes."""

    cpu_s = 0.0

    def run(self, step: Step, patience_s: float, message_bytes: int) -> Ended:
        ended = super().run(step, patience_s, message_bytes)
        self.cpu_s += ended.cpu_s
        return ended


@dataclass(frozen=True)
class Side:
    """One side of a pair."""

    check: Check
    cpu_s: Callable[[], float]
    """Processor seconds so far."""


def sources(name: str) -> list[str]:
    """Return complete source files of a task's published solutions."""
    task = load_task(name)
    found = [snippet(task, problem, problem.reference or "") for problem in task.problems]
    readings = read_all(found, harnesses.load(harnesses.STANDARD))
    return [one.source for one in readings if one is not None]


def cpu_s() -> float:
    """Return the processor seconds of every process below this one, and of those waited for."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    own = int(Path("/proc/self/stat").read_text().split()[0])
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(path.parent.name)
        parents[number] = int(fields[1])
        spent[number] = sum(map(int, fields[11:15])) * TICK_S

    def is_below(number: int) -> bool:
        while number in parents and number != own:
            number = parents[number]
        return number == own

    return sum(seconds for number, seconds in spent.items() if is_below(number))


def plain_javac(source: str) -> bool:
    """Compile with a javac of its own, as `subprocess` would."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "Snippet.java")
        path.write_text(source)
        command = ["javac", "-proc:none", "-Xlint:all", "-d", folder, str(path)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def resident(language: str, opened: ExitStack) -> Side:
    compilers = opened.enter_context(Compilers(workers=1, cpu_s=60.0))
    compiler = compilers.compiler(language)
    return Side(lambda source: compiler.check(source).outcome is CompileOutcome.COMPILED, cpu_s)


def gplusplus(opened: ExitStack, *, precompiled: bool) -> Side:
    rules = {**harnesses.load(harnesses.STANDARD)["cpp"], "precompiled": precompiled}
    jailer = opened.enter_context(CountingJailer())
    compiler = CppCompiler(jailer, CompileLimits(cpu_s=60.0, memory_mb=2048), rules)
    opened.callback(compiler.close)
    return Side(
        lambda source: compiler.check(source).outcome is CompileOutcome.COMPILED,
        lambda: jailer.cpu_s,
    )


def compare(name: str, pair: dict[str, Side], programs: list[str], rounds: int) -> None:
    """Print a table of both sides: medians over the rounds, and the ratio."""
    wall: dict[str, list[float]] = {side: [] for side in pair}
    cpu: dict[str, list[float]] = {side: [] for side in pair}
    sides = list(pair)
    for number in range(rounds):
        totals = {side: [0.0, 0.0] for side in pair}
        for index, source in enumerate(programs):
            for side in sides if (index + number) % 2 else reversed(sides):
                before, started = pair[side].cpu_s(), time.perf_counter()
                if not pair[side].check(source):
                    raise SystemExit(f"{side} does not compile program {index} of {name}")
                totals[side][0] += time.perf_counter() - started
                totals[side][1] += pair[side].cpu_s() - before
        for side, (seconds, processor) in totals.items():
            wall[side].append(1000 * seconds / len(programs))
            cpu[side].append(1000 * processor / len(programs))
    print(f"\n| {name} | ms a program | CPU ms a program |\n|---|---|---|")
    for side in sides:
        print(f"| {side} | {spread(wall[side])} | {spread(cpu[side])} |")
    ours, theirs = sides
    faster = [
        statistics.median(b / max(a, TICK_S) for a, b in zip(of[ours], of[theirs], strict=True))
        for of in (wall, cpu)
    ]
    print(f"| ratio, median of the rounds | {faster[0]:.1f} | {faster[1]:.1f} |", flush=True)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", default=["java", "cpp"])
    parser.add_argument("--programs", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with ExitStack() as opened:
        if "java" in arguments.languages:
            programs = sources("multiple-java")
            ours = resident("java", opened)
            for source in programs:  # a JVM is fast once it is warm, and it stays
                ours.check(source)
            pair = {"resident javac, in the sandbox": ours, "plain javac": Side(plain_javac, cpu_s)}
            chosen = programs[:: len(programs) // arguments.programs]
            compare("Java", pair, chosen, arguments.rounds)
        if "cpp" in arguments.languages:
            programs = sources("multiple-cpp")
            programs = [one for one in programs if "boost" not in one and "openssl" not in one]
            pair = {
                "precompiled header": gplusplus(opened, precompiled=True),
                "without": gplusplus(opened, precompiled=False),
            }
            for side in pair.values():
                side.check(programs[0])
            chosen = programs[:: len(programs) // arguments.programs]
            compare("C++", pair, chosen, arguments.rounds)


if __name__ == "__main__":
    main()

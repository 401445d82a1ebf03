"""CPU seconds of commands that end at the gate: help, mistakes, and what would be run.

`python benchmarks/gate.py [CHECKOUT ...]`: medians of the rounds, user and system time together,
the checkouts in turn, after a round that is not counted and leaves the bytecode behind. Nothing is
trained: a run is refused a folder that cannot be written, which is the last that the gate looks at.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

_NOWHERE = "run.outputs=/dev/null/runs"
_NINE = "-m seed=0,1,2 algo=grpo,rloo,ppo"
_WHETSTONE = "from whetstone.finetuning.cli import main; main()"
COMMANDS = (
    "train --help",
    "train algo=grop",
    f"train {_NOWHERE}",
    f"train algo=grpo model=qwen data=nano {_NOWHERE}",
    f"train pipeline=rlhf debug=true {_NOWHERE}",
    f"train {_NINE} {_NOWHERE}",
    "train --cfg job",
    "train --cfg job algo=grpo model=qwen data=nano",
    "train --cfg job pipeline=rlhf debug=true",
    "whetstone --help",
    "whetstone evaluate model=nowhere",
    "whetstone validate base=qwen tuned=nowhere prompts=mbpp",
)


def seconds(command: str, checkout: Path) -> float:
    """Run a command to its end and return the CPU time that it took."""
    program, *words = command.split()
    start = ["train.py"] if program == "train" else ["-c", _WHETSTONE]
    env = {**os.environ, "PYTHONPATH": str(checkout), "HF_HUB_OFFLINE": "1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *start, *words],
        cwd=checkout,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Print a row for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    here = Path(__file__).resolve().parents[1]
    parser.add_argument("checkouts", nargs="*", type=Path, default=[here])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    for command in COMMANDS:
        taken: dict[Path, list[float]] = {checkout: [] for checkout in given.checkouts}
        for _ in range(given.rounds + 1):
            for checkout in given.checkouts:
                taken[checkout].append(seconds(command, checkout.resolve()))
        medians = [f"{statistics.median(figures[1:]):.2f}" for figures in taken.values()]
        print(f"| `{command}` | {' | '.join(medians)} |", flush=True)


if __name__ == "__main__":
    main()

"""Does every algorithm learn? Each on the nano world beside its control, from three seeds.

    python benchmarks/algorithms.py [--outputs FOLDER] [--steps 60] [--base MODEL] [ROW ...]

A run that is finished is read, one that was interrupted goes on, so the same command continues the
table. The control of an algorithm that samples is rewarded at random, that of DPO and KTO learns
from random verdicts; for the others it is what they start from.

With --base the algorithms that sample start from this model, and none is made for each seed. The
rows `grpo, hf` and `grpo, mlx` are one algorithm twice: completions by transformers and by mlx-lm.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SEEDS = (0, 1, 2)
RANDOM = ("experiment=control_random_reward",)
GUESSED = ("pipeline.stages.feedback.choose.reward=random",)


@dataclass(frozen=True)
class Row:
    """A line of the table: a command, what is read of its report, and the control's change."""

    command: tuple[str, ...]
    figure: tuple[str, str]
    """What of the report's before and after, of the run or of the stage."""
    control: tuple[str, ...] = ()
    stage: str = ""
    steps: bool = False
    """Has as many steps as the caller says."""


PASS = ("nano", "pass@1")
LOSS, MARGIN = ("held_out", "loss"), ("held_out", "margin")
MADE = ("model.init=nano", "model.adapter=full", "pipeline=single", "hooks.evaluate.tasks=[]")
DPO, KTO = ("pipeline=execution_dpo",), ("pipeline=execution_kto",)
# By what compiles and by what passes; the compiler alone is the control.
COMPILE = ("nano", "compile@1")
WEAK = ("pipeline.stages.base.set.algo.args.max_steps=400",)  # that of compiler_rl
# No best look is kept: the end is what counts.
ENDS = ("hooks.watch.every_steps=0", "hooks.evaluate.samples=8")
JUDGED = ("pipeline=compiler_rl", *ENDS)
ALONE = ("pipeline=quickstart", "reward=compiler", *WEAK, *ENDS)
COMPILER_DPO = ("experiment=compiler_dpo", "model=nano", "data=nano", *ENDS)
COMPILER_KTO = ("experiment=compiler_kto", "model=nano", "data=nano", *ENDS)
ROWS = {
    "pretrain": Row(("algo=pretrain", *MADE), LOSS),
    "sft": Row(("algo=sft", *MADE), LOSS),
    "reward": Row(("algo=reward",), ("held_out", "accuracy")),
    "dpo": Row(DPO, PASS, GUESSED, "dpo"),
    "dpo, pairs": Row(DPO, MARGIN, GUESSED, "dpo"),
    "kto": Row(KTO, PASS, GUESSED, "kto"),
    "kto, labels": Row(KTO, MARGIN, GUESSED, "kto"),
    "grpo": Row(("algo=grpo",), PASS, RANDOM, steps=True),
    "rloo": Row(("algo=rloo",), PASS, RANDOM, steps=True),
    "rfai": Row(("algo=rfai",), PASS, RANDOM, steps=True),
    "ppo": Row(("algo=ppo",), PASS, RANDOM, steps=True),
    "grpo, hf": Row(("algo=grpo", "backend=cpu", "backend.rollout=hf"), PASS, steps=True),
    "grpo, mlx": Row(("algo=grpo", "backend=cpu", "backend.rollout=mlx"), PASS, steps=True),
    "compiler_rl": Row(JUDGED, COMPILE, steps=True),
    "compiler_rl, passes": Row(JUDGED, PASS, steps=True),
    "compiler alone": Row(ALONE, COMPILE, steps=True),
    "compiler alone, passes": Row(ALONE, PASS, steps=True),
    "compiler_dpo": Row(COMPILER_DPO, COMPILE, stage="dpo"),
    "compiler_dpo, passes": Row(COMPILER_DPO, PASS, stage="dpo"),
    "compiler_dpo, sft on top": Row(COMPILER_DPO, COMPILE),
    "compiler_dpo, sft on top, passes": Row(COMPILER_DPO, PASS),
    "compiler_kto": Row(COMPILER_KTO, COMPILE, stage="kto"),
    "compiler_kto, passes": Row(COMPILER_KTO, PASS, stage="kto"),
    "compiler_kto, sft on top": Row(COMPILER_KTO, COMPILE),
    "compiler_kto, sft on top, passes": Row(COMPILER_KTO, PASS),
}


def run(command: Sequence[str], seed: int, outputs: Path) -> Path:
    """Train, unless it was done already; return the run's folder."""
    name = "_".join([*command, f"seed={seed}"]).translate(str.maketrans("=/", "--", "[]"))
    folder = outputs / name
    if not finished(folder):
        # The cache of base models is that of every other run: they start from the same ones.
        settings = (f"seed={seed}", f"run.outputs={outputs}", f"run.name={name}", "tracker=none")
        subprocess.run([sys.executable, "train.py", *command, *settings], check=True)
    return folder


def finished(folder: Path) -> bool:
    report = folder / "report.json"
    return report.exists() and json.loads(report.read_text())["status"] == "done"


def read(folders: Sequence[Path], row: Row, when: str) -> str:
    values = []
    for folder in folders:
        place = folder / "stages" / row.stage if row.stage else folder
        report = json.loads((place / "report.json").read_text())
        task, measure = row.figure
        values.append(report[when][task][measure])
    return f"{statistics.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], metavar="ROW")
    parser.add_argument("--outputs", type=Path, default=Path("outputs/learning"))
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--base", type=Path)
    arguments = parser.parse_args()
    lines = []
    for name in arguments.rows or ROWS:
        row = ROWS[name]
        # PPO takes two steps for each batch that it samples.
        steps = arguments.steps * (2 if name == "ppo" else 1)
        length = (f"algo.args.max_steps={steps}",) if row.steps else ()
        base = ("model=nano", "pipeline=single", f"model.path={arguments.base}")
        start = base if arguments.base else ()
        command = (*row.command, *length, *(start if row.steps else ()))
        learned = [run(command, seed, arguments.outputs) for seed in SEEDS]
        cells = [read(learned, row, "before"), read(learned, row, "after"), ""]
        if row.control:
            control = [run((*command, *row.control), seed, arguments.outputs) for seed in SEEDS]
            cells[-1] = read(control, row, "after")
        lines.append(f"| {name} | {' '.join(row.figure)} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    print("\n| | measure | before | after | control after |\n|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

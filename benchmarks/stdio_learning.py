"""Does a policy learn from inputs and outputs? Three seeds, and the random control beside each.

python benchmarks/stdio_learning.py [FOLDER]

200 problems of the nano world are written as programs that read standard input: a line that stands
before the policy's function reads the argument and prints what the function returns, and the tests
are texts that go in and come out. A third of them are hidden from the reward. Held-out problems, as
texts too, are measured before and after. Runs and results stay in FOLDER (outputs/stdio); the same
command goes on.
"""

import argparse
import ast
import json
import subprocess
import sys
from pathlib import Path

from whetstone.finetuning.nano import Split, problems

_PREFIX = """\
import ast, atexit
atexit.register(lambda: print(f(ast.literal_eval(input()))))
"""
_TRAINED, _MEASURED = 200, 200
_SEEDS = (1, 2, 3)
_STEPS = 60


def cases(tests: str) -> list[dict[str, str]]:
    """Return the calls that assertions make, as what goes in and what comes out."""
    found = []
    for statement in ast.parse(tests).body:
        assert isinstance(statement, ast.Assert)
        equation = statement.test
        assert isinstance(equation, ast.Compare)
        call, [value] = equation.left, equation.comparators
        assert isinstance(call, ast.Call)
        argument = ast.literal_eval(call.args[0])
        found.append({"input": f"{argument!r}\n", "output": f"{ast.literal_eval(value)}\n"})
    return found


def write_rows(path: Path, split: Split, count: int) -> Path:
    rows = [
        {
            "id": problem.id,
            "prompt": problem.prompt,
            "prefix": _PREFIX,
            "tests": cases(problem.tests),
        }
        for problem in problems(split, count, seed=0)
    ]
    if split is not Split.TEST:
        for row in rows:
            del row["id"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("outputs/stdio"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    trained = write_rows(folder / "train.jsonl", Split.RL, _TRAINED)
    measured = write_rows(folder / "held_out.jsonl", Split.TEST, _MEASURED)
    for seed in _SEEDS:
        for reward in ("execution", "random"):
            name = f"stdio-{reward}-{seed}"
            command = [
                *(sys.executable, "train.py", "algo=grpo", "model=nano", f"reward={reward}"),
                *("data=jsonl", f"data.train={trained}", f"data.eval_tasks=[{measured}]"),
                *(
                    f"seed={seed}",
                    f"algo.args.max_steps={_STEPS}",
                    f"run.name={name}",
                    f"run.outputs={folder}",
                ),
            ]
            if reward == "execution":
                command.append("reward.execution.hidden_fraction=0.3")
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()

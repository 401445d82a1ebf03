"""The walls of the house: who may import whom, and what the entrance may not load."""

import ast
import graphlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("finetuning", "rewards", "evaluation")
HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "wandb", "openai", "anthropic")


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path
    return found


MODULES = modules()


def imports(name: str, *, at_import_time: bool) -> set[str]:
    """Our modules that a module imports; a `from package import module` counts as the module."""
    tree = ast.parse(MODULES[name].read_text())
    nodes = tree.body if at_import_time else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
    return found


def test_the_walls_hold():
    for name in MODULES:
        package = name.split(".")[0]
        allowed = {
            "rewards": {"rewards"},
            "evaluation": {"evaluation", "rewards"},
            "finetuning": set(PACKAGES),
        }[package]
        outside = {
            imported
            for imported in imports(name, at_import_time=False)
            if imported.split(".")[0] in PACKAGES and imported.split(".")[0] not in allowed
        }
        assert not outside, f"{name} imports {outside}"


def test_the_teachers_rooms_do_not_import_in_a_circle():
    """Not even where an import is put off: who needs the settings need not know who builds."""
    names = {name for name in MODULES if name.startswith("rewards.teacher")}
    graph = {name: imports(name, at_import_time=False) & names for name in names}
    graphlib.TopologicalSorter(graph).prepare()


def test_judges_and_measures_do_not_know_trl():
    for name in MODULES:
        if name.split(".")[0] in {"rewards", "evaluation"}:
            known = {imported.split(".")[0] for imported in imports(name, at_import_time=False)}
            assert not known & {"trl", "hydra"}, name


OF_REWARDS = (
    "rewards.sandbox",
    "rewards.compilers",
    "rewards.extract",
    "rewards.entry_points",
    "rewards.languages",
)


def test_evaluation_knows_of_rewards_only_what_judges_a_program():
    for name in MODULES:
        if name.split(".")[0] == "evaluation":
            for imported in imports(name, at_import_time=False):
                if imported.split(".")[0] == "rewards":
                    assert imported.startswith(OF_REWARDS), f"{name} imports {imported}"


# Room of finetuning -> the other rooms it may know. Files not named here (run, pipeline, content,
# measure, assess, harness, cli, exits) are the story and what it is told with.
ROOMS = {
    "rows": {"errors"},
    "config": {
        "credentials",
        "errors",
        "nano",
        "rows",
        "world",
    },  # of nano: how much its model reads
    "collect": {
        "config",
        "data",
        "errors",
        "inputs",
        "model",
        "objective",
        "rollout",
        "rows",
    },
    "commands": {
        "assess",
        "config",
        "credentials",  # what is none of a command's settings, and may be a key
        "errors",
        "export",
        "generate",
        "machine",
        "merge",
        "model",  # which model is meant, before torch loads
        "nano",
        "pipeline",
        "publish",
        "report",
        "validate",
    },
    "publish": {"config", "credentials", "errors", "metrics", "origin", "report"},
    "nano": set(),
    "rollout": {"config", "errors", "model"},
    "model": {"config", "errors", "nano", "origin", "world"},
    "data": {"config", "errors", "nano", "rows"},
    "algo": {"config", "data", "errors", "metrics", "model", "rollout", "rows"},
    "report": {"errors", "metrics", "nano", "objective"},  # of nano: a prompt that it can answer
    "export": {"errors", "model", "rollout"},
    "hooks": {"config", "errors", "export", "metrics", "model", "publish", "ranks", "report"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_its_neighbours_only(room):
    known = {
        imported.split(".")[1]
        for name in MODULES
        if name.split(".")[:2] == ["finetuning", room]
        for imported in imports(name, at_import_time=False)
        if imported.startswith("finetuning.")
    }
    assert known - {room} <= ROOMS[room]


def test_no_circles():
    graph = {
        name: {i for i in imports(name, at_import_time=True) if i in MODULES and i != name}
        for name in MODULES
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name in done:
            return
        for imported in graph[name]:
            visit(imported, (*path, name))
        done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize(
    "module",
    [
        "finetuning.config",
        "finetuning.cli",
        "finetuning.model.find",  # a model that is not there is told before torch loads
        "rewards.table",
        "evaluation.tasks",
    ],
)
def test_the_entrance_is_light(module):
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_importing_a_run_says_nothing():
    command = [sys.executable, "-c", "import finetuning.pipeline"]
    env = {name: value for name, value in os.environ.items() if name != "WANDB_MODE"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""

"""The walls of the house: who may import whom, and what the entrance may not load."""

import ast
import functools
import graphlib
import json
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
            parts = ("whetstone", *path.relative_to(ROOT).with_suffix("").parts)
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path
    return found


MODULES = modules()


@functools.cache
def parsed(name: str) -> tuple[ast.Module, list[ast.AST]]:
    """A module as it is written, and all that is in it."""
    tree = ast.parse(MODULES[name].read_text())
    return tree, list(ast.walk(tree))


@functools.cache
def imports(name: str, *, at_import_time: bool) -> set[str]:
    """Our modules that a module imports; a `from package import module` counts as the module."""
    tree, everything = parsed(name)
    nodes = tree.body if at_import_time else everything
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
    return found


def package_of(name: str) -> str | None:
    """Return `rewards` for `whetstone.rewards.base`; None for a module that is not ours."""
    ours, _, rest = name.partition(".")
    return rest.partition(".")[0] if ours == "whetstone" else None


def test_the_walls_hold():
    for name in MODULES:
        package = package_of(name)
        assert package is not None
        allowed = {
            "rewards": {"rewards"},
            "evaluation": {"evaluation", "rewards"},
            "finetuning": set(PACKAGES),
        }[package]
        outside = {
            imported
            for imported in imports(name, at_import_time=False)
            if package_of(imported) not in {None, "", *allowed}
        }
        assert not outside, f"{name} imports {outside}"


def test_the_teachers_rooms_do_not_import_in_a_circle():
    """Not even where an import is put off: who needs the settings need not know who builds."""
    names = {name for name in MODULES if name.startswith("whetstone.rewards.teacher")}
    graph = {name: imports(name, at_import_time=False) & names for name in names}
    graphlib.TopologicalSorter(graph).prepare()


def test_judges_and_measures_do_not_know_trl():
    for name in MODULES:
        if package_of(name) in {"rewards", "evaluation"}:
            known = {imported.split(".")[0] for imported in imports(name, at_import_time=False)}
            assert not known & {"trl", "hydra"}, name


OF_REWARDS = (
    "whetstone.rewards.sandbox",
    "whetstone.rewards.compilers",
    "whetstone.rewards.extract",
    "whetstone.rewards.entry_points",
    "whetstone.rewards.languages",
    "whetstone.rewards.programs",
    "whetstone.rewards.stdio",
    "whetstone.rewards.tests_source",
)


def test_evaluation_knows_of_rewards_only_what_judges_a_program():
    for name in MODULES:
        if package_of(name) == "evaluation":
            for imported in imports(name, at_import_time=False):
                if package_of(imported) == "rewards":
                    assert imported.startswith(OF_REWARDS), f"{name} imports {imported}"


# Each room of finetuning and what it may know, a room after those that it knows.
ROOMS = {
    "credentials": set(),
    "nano": set(),
    "errors": {"credentials"},
    "runtime": {"errors"},
    "formats": {"errors"},
    "config": {"credentials", "errors", "formats", "nano", "runtime"},
    "data": {"config", "errors", "formats", "nano"},
    "artifacts": {"config", "errors", "formats", "runtime"},
    "model": {"artifacts", "config", "errors", "nano", "runtime"},
    "report": {"artifacts", "errors", "nano"},
    "fetch": {"artifacts", "config", "errors", "model", "report"},
    "rollout": {"config", "errors", "model"},
    "algo": {"artifacts", "config", "errors", "formats", "model", "rollout"},
    "export": {"errors", "model", "rollout"},
    "hooks": {"artifacts", "config", "errors", "export", "model", "report", "runtime"},
    "publish": {
        *("artifacts", "config", "credentials", "errors", "export", "model", "report", "runtime"),
    },
    "training": {
        *("algo", "artifacts", "config", "data", "errors", "formats", "hooks", "model", "report"),
        "rollout",
    },
    "inference": {
        *("artifacts", "config", "data", "errors", "formats", "model", "report", "rollout"),
        *("runtime", "training"),
    },
    "run": {
        *("algo", "artifacts", "config", "errors", "formats", "hooks", "inference", "model"),
        *("report", "runtime", "training"),
    },
    "collect": {
        *("artifacts", "config", "data", "errors", "formats", "model", "rollout", "training"),
    },
    "regrade": {
        *("algo", "artifacts", "config", "data", "errors", "formats", "report", "runtime"),
        "training",
    },
    "dataset_audit": {
        *("artifacts", "config", "data", "errors", "formats", "report", "runtime"),
    },
    "pipeline": {
        *("artifacts", "collect", "config", "data", "errors", "formats", "hooks", "model"),
        *("publish", "report", "rollout", "run", "runtime", "training"),
    },
    "launch": {"config", "errors", "inference", "model", "pipeline", "runtime"},
    "sweep": {"artifacts", "config", "errors", "launch", "report", "runtime"},
    "api": {"artifacts", "config", "launch"},
    "commands": {
        *(
            "config",
            "credentials",
            "dataset_audit",
            "errors",
            "export",
            "fetch",
            "inference",
            "launch",
            "model",
            "nano",
        ),
        *("pipeline", "publish", "regrade", "report", "runtime"),
    },
    "training_command": {"artifacts", "config", "errors", "runtime", "sweep"},
    "cli": {"commands", "config", "runtime", "training_command"},
}


def test_the_rooms_are_in_layers():
    """No circle between rooms either: a room stands below those that it knows."""
    rooms = list(ROOMS)
    for room, known in ROOMS.items():
        assert known <= set(rooms[: rooms.index(room)]), room
    assert {
        name.split(".")[2]
        for name in MODULES
        if package_of(name) == "finetuning" and name.count(".") > 1
    } == set(rooms)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_its_neighbours_only(room):
    known = {
        imported.split(".")[2]
        for name in MODULES
        if name.split(".")[1:3] == ["finetuning", room]
        for imported in imports(name, at_import_time=False)
        if imported.startswith("whetstone.finetuning.")
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


ENTRANCE = (
    "whetstone.finetuning.config",
    "whetstone.finetuning.training_command",
    "whetstone.finetuning.commands.dispatch",
    "whetstone.finetuning.model.resolve",  # a missing model is told before torch loads
    "whetstone.rewards.table",
    "whetstone.evaluation.tasks",
)
LOADS = """
import importlib, json, sys
heavy, names = map(json.loads, sys.argv[1:])
loaded = {}
for name in names:
    importlib.import_module(name)
    loaded[name] = [one for one in heavy if one in sys.modules]
print(json.dumps(loaded))
"""


@pytest.fixture(scope="module")
def loaded():
    """What is in memory once each module of the entrance is, one after the other."""
    command = [sys.executable, "-c", LOADS, json.dumps(HEAVY), json.dumps(ENTRANCE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("module", ENTRANCE)
def test_the_entrance_is_light(module, loaded):
    assert loaded[module] == []


@pytest.mark.nightly  # a process of its own, that imports all there is; what says more are updates
def test_importing_a_run_says_nothing():
    command = [sys.executable, "-c", "import whetstone.finetuning.pipeline"]
    env = {name: value for name, value in os.environ.items() if name != "WANDB_MODE"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_no_two_classes_share_a_name():
    """A reader of `Verdict` must not have to ask which. Private ones are at home in their file."""
    places: dict[str, list[str]] = {}
    for name in MODULES:
        for node in parsed(name)[1]:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}

"""Small mistakes put into a right program: tests that let many of them pass are weak.

The mistakes are those of cosmic-ray, which is an extra. Some mutants do what the program did; no
tool can tell, so a survivor is a question and not yet a fault.
"""

import random
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

MISSING = (
    "no mutants: cosmic-ray is not installed, which makes them; .venv/bin/pip install -e '.[audit]'"
)


def can_mutate() -> bool:
    """Tell whether the library of mutations is installed."""
    return find_spec("cosmic_ray") is not None


def mutants(program: str, most: int) -> Iterator[tuple[str, str]]:
    """Yield up to `most` different mutants with what was changed: the same ones every time.

    Kinds of mistakes take turns, so that a long sum is not all that is changed.
    """
    places = _places(program)
    generator = random.Random(program)
    for of_kind in places.values():
        generator.shuffle(of_kind)
    seen, count = {program}, 0
    while places and count < most:
        for kind in list(places):
            operator, number = places[kind].pop()
            if not places[kind]:
                del places[kind]
            mutant = _mutated(program, operator, number)
            if mutant not in seen and count < most:
                seen.add(mutant)
                count += 1
                yield operator, mutant


def _places(program: str) -> dict[str, list[tuple[str, int]]]:
    """Return by kind of mistake where it can be made: the operator, and which of its places."""
    from cosmic_ray.ast import ast_nodes  # noqa: PLC0415 - an extra

    nodes = list(ast_nodes(_tree(program)))
    found: dict[str, list[tuple[str, int]]] = {}
    for name, operator in _operators().items():
        count = sum(1 for node in nodes for _ in operator.mutation_positions(node))
        if count:
            kind = name.partition("/")[2].split("_")[0]
            found.setdefault(kind, []).extend((name, number) for number in range(count))
    return found


def _mutated(program: str, operator: str, number: int) -> str:
    from cosmic_ray.mutating import MutationVisitor  # noqa: PLC0415 - an extra

    visitor = MutationVisitor(number, _operators()[operator])
    source: str = visitor.walk(_tree(program)).get_code()
    return source


def _tree(program: str) -> Any:
    import parso  # noqa: PLC0415 - comes with the extra

    return parso.parse(program)


@lru_cache(maxsize=1)
def _operators() -> dict[str, Any]:
    """Return the operators that need no setting."""
    from cosmic_ray.plugins import get_operator, operator_names  # noqa: PLC0415 - an extra

    found = {}
    for name in operator_names():
        kind = get_operator(name)
        if not kind.arguments():
            found[name] = kind()
    return found

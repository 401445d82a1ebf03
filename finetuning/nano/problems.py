"""Nano problems: a prompt, the tests that judge an answer, and what is right and wrong about it."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

from whetstone.finetuning.nano.adequate import adequate_suite
from whetstone.finetuning.nano.compositions import Composition, Split, compositions
from whetstone.finetuning.nano.statements import Mutant, ProblemStatement, draw_statement


@dataclass(frozen=True)
class NanoProblem:
    """One problem. The answer is the whole function `f`, after the prompt's newline."""

    id: str
    """The composition and a digest of the prompt: equal ids mean equal problems."""
    prompt: str
    tests: str
    """4 to 6 plain assert statements, one a line."""
    reference: str
    mutants: tuple[Mutant, ...]
    """The reference with one misconception each; every one fails the tests."""

    @property
    def misconceptions(self) -> tuple[str, ...]:
        """The programs of the mutants."""
        return tuple(mutant.program for mutant in self.mutants)


def problems(split: str, limit: int | None = None, seed: int = 0) -> list[NanoProblem]:
    """Return problems of a split in shuffled order, one per composition before any comes again.

    A smaller limit gives the first of them; a larger one goes on with other constants and other
    wordings. No prompt occurs twice. Raises ValueError for a name that is no `Split`, and for a
    limit beyond the prompts that the split has.
    """
    members = list(compositions(Split(split)))
    random.Random(f"{seed}/{split}").shuffle(members)
    wanted = len(members) if limit is None else limit
    statements = list(islice(_distinct_statements(members, seed), wanted))
    if len(statements) < wanted:
        raise ValueError(
            f"limit={wanted}: split {split!r} ran out of new prompts after {len(statements)}"
        )
    return [pose(statement) for statement in statements]


def training_problems(limit: int, seed: int = 0) -> list[NanoProblem]:
    """Return `limit` problems of the rl split in which no domain is too rare to be kept.

    In proportion to its compositions each tenth problem would be about characters, and a policy
    that is pushed by the nine others forgets them: on one seed of three it came to write
    `def f(nums)` for every string. Here a domain's share follows the square root of its size.
    Raises ValueError where a domain runs out of prompts.
    """
    by_domain: dict[str, list[Composition]] = {}
    for composition in compositions(Split.RL):
        by_domain.setdefault(composition.domain.name, []).append(composition)
    share = {domain: len(members) ** 0.5 for domain, members in by_domain.items()}
    source: dict[str, Iterator[ProblemStatement]] = {}
    for domain, members in by_domain.items():
        random.Random(f"{seed}/rl/{domain}").shuffle(members)
        source[domain] = _distinct_statements(members, seed)
    drawn = dict.fromkeys(by_domain, 0)
    statements: list[ProblemStatement] = []
    while len(statements) < limit:
        behind = min(by_domain, key=lambda domain: (drawn[domain] + 1) / share[domain])
        statement = next(source[behind], None)
        if statement is None:
            raise ValueError(f"limit={limit}: {behind} ran out of new prompts")
        drawn[behind] += 1
        statements.append(statement)
    return [pose(statement) for statement in statements]


def _distinct_statements(members: Sequence[Composition], seed: int) -> Iterator[ProblemStatement]:
    """Yield one statement per composition a round, until a whole round brings no new prompt."""
    seen: set[str] = set()
    for variant in count():
        known = len(seen)
        for composition in members:
            # Its own generator: a problem depends on neither the limit nor its neighbours.
            rng = random.Random(f"{seed}/{variant}/{composition.name}")
            statement = draw_statement(composition, rng)
            if statement.prompt not in seen:
                seen.add(statement.prompt)
                yield statement
        if len(seen) == known:
            return


def pose(statement: ProblemStatement) -> NanoProblem:
    """Return the problem of a statement: its adequate tests, and the mutants that fail them."""
    composition, reference = statement.composition, statement.reference
    mutants = tuple(statement.mutants())
    programs = [mutant.program for mutant in mutants]
    suite = adequate_suite(reference, programs, composition.domain.pool)
    dead = tuple(m for m, killed in zip(mutants, suite.killed, strict=True) if killed)
    digest = hashlib.sha256(statement.prompt.encode()).hexdigest()[:8]
    return NanoProblem(
        f"{composition.name}-{digest}", statement.prompt, suite.tests, reference, dead
    )

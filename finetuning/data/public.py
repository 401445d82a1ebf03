"""Rows of public data sets, alone or mixed: a problem at a time, and no more than are wanted."""

import logging
import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from whetstone.evaluation.public.problem import PublicProblem
from whetstone.evaluation.public.prompt import STOP, continued_prompt, fenced, question_prompt
from whetstone.evaluation.public.read import PublicReader
from whetstone.finetuning.config.schema import MixData, PublicData
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.read import hold_out

Row = dict[str, Any]

_LOG = logging.getLogger(__name__)


def public_rows(config: PublicData | MixData, need: Need, seed: int) -> tuple[list[Row], list[Row]]:
    """Read rows to train on, and rows that are only measured.

    What cannot be judged is left out, counted, and told in a line for each data set.

    Raises:
        ConfigError: no problem is left.
        DataUnavailable: the rows cannot be had, or are in another layout.

    """
    readers = {name: PublicReader(source) for name, source in config.sources.items()}
    shares = [*config.mix.values()] if isinstance(config, MixData) else [1.0]
    samples = need is Need.PROMPTS
    wanted = (
        problem
        for problem in _drawn([*map(iter, readers.values())], shares, seed)
        if (not config.difficulty or problem.difficulty in config.difficulty)
        and (samples or problem.reference is not None)
    )
    most = None if config.limit is None else config.limit + (0 if samples else config.held_out)
    as_row = _prompt_row if samples else _completion_row
    rows = [as_row(problem, chat=config.chat) for problem in islice(wanted, most)]
    for reader in readers.values():
        if told := reader.told():
            _LOG.warning("%s", told)
    if not rows:
        raise ConfigError([Problem(_setting(config), _why_none(config, readers.values(), need))])
    return (rows, []) if samples else hold_out(rows, config.held_out)


def _drawn(
    sets: Sequence[Iterator[PublicProblem]], shares: Sequence[float], seed: int
) -> Iterator[PublicProblem]:
    """Draw from the sets in their shares, until one that is drawn has ended."""
    draw = random.Random(f"mix/{seed}")
    while (problem := next(draw.choices(sets, shares)[0], None)) is not None:
        yield problem


def _prompt_row(problem: PublicProblem, *, chat: bool) -> Row:
    return {
        "prompt": _asked(problem, chat=chat),
        "tests": problem.tests,
        "entry_points": list(problem.entry_points),
        "checker": problem.checker,
        "tolerance": problem.tolerance,
        "timeout_s": problem.timeout_s,
        "memory_mb": problem.memory_mb,
        "prefix": problem.prefix,
        "stop": [] if chat else list(STOP),
        "language": "python",
        "reference": problem.reference,
        "solutions": list(problem.solutions),
        "wrong": list(problem.wrong),
        "id": problem.id,
        "difficulty": problem.difficulty,
        "source": problem.source,
    }


def _completion_row(problem: PublicProblem, *, chat: bool) -> Row:
    program = problem.reference or ""
    answer = [{"role": "assistant", "content": fenced(program)}]
    text = f"{program.rstrip()}{STOP[0]}"
    return {"prompt": _asked(problem, chat=chat), "completion": answer if chat else text}


def _asked(problem: PublicProblem, *, chat: bool) -> str | list[dict[str, str]]:
    if not chat:
        return continued_prompt(problem)
    return [{"role": "user", "content": question_prompt(problem)}]


def _setting(config: PublicData | MixData) -> str:
    if config.difficulty:
        return f"data.difficulty=[{','.join(config.difficulty)}]"
    return f"data={config.name}"


def _why_none(config: PublicData | MixData, readers: Any, need: Need) -> str:
    left_out = "; ".join(told for reader in readers if (told := reader.told()))
    read = sum(reader.kept for reader in readers)
    if not read:
        return f"no problem can be judged: {left_out or 'there are no rows'}"
    if config.difficulty:
        return f"none of the {read} problems that were read is called so"
    return f"none of the {read} problems that were read has what algo needs: {need.value}"

"""What rewards read beside a completion, found again by its prompt in the data.

A run stores no tests. Its data are made again from its own configuration and seed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from whetstone.finetuning.artifacts.completions import StoredBatch
from whetstone.finetuning.config.regrade import Regrade
from whetstone.finetuning.data.build import build_dataset
from whetstone.finetuning.errors import BrokenRunError, ConfigError, Problem
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.fields import prompt_key

Row = dict[str, Any]
_NO_COLUMN = frozenset({"prompt", "completion"})
"""Columns that rewards get by names of their own."""


@dataclass(frozen=True)
class JudgedBatch:
    """The groups of a generation whose rows were found."""

    stored: StoredBatch
    columns: dict[str, list[Any]]
    """Column to its values, one for each completion."""


@dataclass(frozen=True)
class FoundRows:
    """What can be judged, and how many completions cannot."""

    batches: tuple[JudgedBatch, ...]
    without_row: int
    """Completions of prompts that other data do not have."""
    ambiguous: int
    """Completions of prompts that several rows have, with other tests each."""


def find_rows(regrade: Regrade, batches: Sequence[StoredBatch], group: int) -> FoundRows:
    """Find the row of each prompt; whole groups are left out where there is none.

    Args:
        regrade: what is judged by what.
        batches: the stored completions.
        group: completions of a prompt that were drawn together.

    Raises:
        ConfigError: the run's own data lack its prompts, or nothing can be judged.
        BrokenRunError: completions do not lie in groups.

    """
    judge = regrade.judge
    rows = build_dataset(judge.data, Need.PROMPTS, judge.seed, imports=judge.imports).to_list()
    by_prompt, ambiguous = _by_prompt(rows)
    judged: list[JudgedBatch] = []
    counts = {"missing": 0, "ambiguous": 0}
    for batch in batches:
        chosen: list[tuple[int, Row]] = []
        for start, key in _groups(batch, group):
            if key in ambiguous or key not in by_prompt:
                counts["ambiguous" if key in ambiguous else "missing"] += group
            else:
                chosen += [(at, by_prompt[key]) for at in range(start, start + group)]
        if chosen:
            judged.append(_part(batch, chosen))
    setting = f"data={judge.data.name}"
    if counts["missing"] and regrade.has_own_rows:
        remedy = (
            f"{counts['missing']} completions answer prompts that these data do not have any more, "
            "so their tests are not known; name other data in the command (data=, data.train=)"
        )
        raise ConfigError([Problem(setting, remedy)])
    if not judged:
        remedy = "no prompt of the run is there exactly once, so nothing can be judged"
        raise ConfigError([Problem(setting, remedy)])
    return FoundRows(tuple(judged), counts["missing"], counts["ambiguous"])


def _by_prompt(rows: Iterable[Row]) -> tuple[dict[str, Row], set[str]]:
    """Return a row for each prompt, and the prompts that rows with other values share."""
    found: dict[str, Row] = {}
    ambiguous: set[str] = set()
    for row in rows:
        key = prompt_key(row)
        if found.setdefault(key, row) != row:
            ambiguous.add(key)
    return found, ambiguous


def _groups(batch: StoredBatch, group: int) -> list[tuple[int, str]]:
    """Return where each group of a batch begins, with the key of its prompt."""
    keys = [prompt_key({"prompt": prompt}) for prompt in batch.prompts]
    found = [(start, keys[start]) for start in range(0, len(keys), group)]
    if any(set(keys[start : start + group]) != {key} for start, key in found) or len(keys) % group:
        raise BrokenRunError(
            f"the completions of step {batch.step} do not lie in groups of {group}, as "
            "algo.args.num_generations of the run says"
        )
    return found


def _part(batch: StoredBatch, chosen: Sequence[tuple[int, Row]]) -> JudgedBatch:
    places = [at for at, _ in chosen]
    names = [name for name in chosen[0][1] if name not in _NO_COLUMN]
    return JudgedBatch(
        StoredBatch(
            step=batch.step,
            prompts=tuple(batch.prompts[at] for at in places),
            completions=tuple(batch.completions[at] for at in places),
            scores=tuple(tuple(scores[at] for at in places) for scores in batch.scores),
            advantages=tuple(batch.advantages[at] for at in places),
        ),
        {name: [row[name] for _, row in chosen] for name in names},
    )

"""From judged completions to pairs, labels and demonstrations.

A reward is asked through TRL's contract, so any of them will do: tests, criteria, a model, a
function of the user. What a reward could not judge (None) is left out, and never counts as bad.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, groupby
from typing import Any

from whetstone.finetuning.collect.samples import KEPT
from whetstone.rewards.composition import RewardSet

Row = dict[str, Any]
_KEYS = ("prompt", "completion", "score", "source", "scores")


def judge(
    groups: Sequence[list[Row]],
    rewards: RewardSet,
    *,
    use_reference: bool,
) -> list[Row]:
    """Return a row for each distinct completion of each prompt, with its weighted reward.

    `source` is `model` or `reference`; `scores` holds each reward by name, and what a reward told
    beside it (the criteria).
    """
    rows = [candidate for group in groups for candidate in _candidates(group, use_reference)]
    if not rows:
        return []
    details: dict[str, list[Any]] = {}
    columns = {name: [row[name] for row in rows] for name in KEPT if name in rows[0]}
    columns["reference"] = [row["reference"] for row in rows]
    judged = rewards.ask(
        prompts=[row["prompt"] for row in rows],
        completions=[row["completion"] for row in rows],
        log_extra=details.__setitem__,
        **columns,
    )
    for reward, values in zip(rewards.rewards, judged, strict=True):
        details[reward.__name__] = values
    return [
        {
            "prompt": row["prompt"],
            "completion": row["completion"],
            "source": row["source"],
            "score": total,
            "scores": {name: values[index] for name, values in details.items()},
        }
        for index, (row, total) in enumerate(zip(rows, rewards.totals(judged), strict=True))
        if total is not None
    ]


def most_candidates(groups: Sequence[list[Row]], *, use_reference: bool) -> int:
    """Return how many completions of one prompt `judge` asks about at most."""
    return max(len(_candidates(group, use_reference)) for group in groups)


def pairs(judged: Iterable[Row], per_prompt: int, min_margin: float) -> list[Row]:
    """Return pairs of one prompt, those furthest apart first; `margin` is the difference.

    A completion stands in as few pairs of its prompt as can be, so that one outlier does not fill
    them all. A blank one is never chosen, whatever a weak reward gives it.
    """
    rows = []
    for prompt, group in _by_prompt(judged):
        ordered = sorted(group, key=lambda row: -row["score"])
        found = [
            (better["score"] - worse["score"], better, worse)
            for better, worse in combinations(ordered, 2)
            if better["score"] - worse["score"] > min_margin and _says_something(better)
        ]
        rows += [
            {
                "prompt": prompt,
                "chosen": better["completion"],
                "rejected": worse["completion"],
                "margin": round(margin, 6),
                "why": _why(better, worse),
            }
            for margin, better, worse in _spread(found, per_prompt)
        ]
    return rows


def labels(judged: Iterable[Row], threshold: float) -> list[Row]:
    """Return every completion with the label of whether its reward reaches the threshold."""
    return [
        {
            "prompt": row["prompt"],
            "completion": row["completion"],
            "label": row["score"] >= threshold,
            "score": round(row["score"], 6),
        }
        for row in judged
    ]


def demonstrations(judged: Iterable[Row], threshold: float, per_prompt: int) -> list[Row]:
    """Return the best completions of each prompt that reach the threshold.

    Of two with the same reward the reference is better: a weak reward, such as a compiler, gives
    many of them as much.
    """
    rows = []
    for prompt, group in _by_prompt(judged):
        good = [row for row in group if row["score"] >= threshold and _says_something(row)]
        best = sorted(good, key=lambda row: (-row["score"], row["source"] != "reference"))
        rows += [{"prompt": prompt, "completion": row["completion"]} for row in best[:per_prompt]]
    return rows


def _candidates(group: list[Row], use_reference: bool) -> list[Row]:
    """Return the completions of a prompt, each once, and the reference if it is wanted."""
    found = {row["completion"]: {**row, "source": "model"} for row in group}
    reference = group[0].get("reference")
    if use_reference and reference:
        found.setdefault(reference, {**group[0], "completion": reference, "source": "reference"})
    return list(found.values())


def _says_something(row: Row) -> bool:
    """Tell whether there is anything to imitate."""
    return bool(row["completion"].strip())


def _by_prompt(judged: Iterable[Row]) -> Iterable[tuple[str, list[Row]]]:
    return ((prompt, list(rows)) for prompt, rows in groupby(judged, lambda row: row["prompt"]))


def _spread(found: list[tuple[float, Row, Row]], count: int) -> list[tuple[float, Row, Row]]:
    """Take the widest pair, then the widest of those whose completions were used least, and on."""
    used: defaultdict[str, int] = defaultdict(int)
    left = list(found)
    taken: list[tuple[float, Row, Row]] = []
    while left and len(taken) < count:
        best = min(
            left,
            key=lambda pair: (
                used[pair[1]["completion"]] + used[pair[2]["completion"]],
                -pair[0],
            ),
        )
        left.remove(best)
        taken.append(best)
        used[best[1]["completion"]] += 1
        used[best[2]["completion"]] += 1
    return taken


def _why(better: Row, worse: Row) -> str:
    """Say which scores decided: `correctness +0.80, style -0.10`."""
    differences = {
        name: value - worse["scores"][name]
        for name, value in better["scores"].items()
        if isinstance(value, int | float) and isinstance(worse["scores"].get(name), int | float)
    }
    told = [f"{name} {value:+.2f}" for name, value in differences.items() if value]
    return ", ".join(told)

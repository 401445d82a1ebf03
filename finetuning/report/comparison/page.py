"""`comparison.html` and `comparison.json`: the same comparison for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whetstone.finetuning.report.comparison.figures import (
    curves_figure,
    scores_figure,
    time_figure,
    tone_of,
)
from whetstone.finetuning.report.comparison.groups import (
    Group,
    config_differences,
    find_groups,
    making_differences,
)
from whetstone.finetuning.report.comparison.scores import (
    Table,
    mean_dollars,
    mean_seconds,
    score_tables,
)
from whetstone.finetuning.report.comparison.verdict import ComparisonVerdict, judge
from whetstone.finetuning.report.page import both_sizes, render_page, write_page
from whetstone.finetuning.report.wording import dollars, percent, points, signed_points

PAGE = "comparison.html"
FIGURES = "comparison.json"


@dataclass(frozen=True)
class RunComparison:
    """Groups of runs, their figures and what these come to."""

    groups: tuple[Group, ...]
    tables: tuple[Table, ...]
    verdict: ComparisonVerdict
    left_out: tuple[str, ...]
    """A sentence for each run that has not ended."""


def compare(folders: Sequence[Path], *, each: bool) -> RunComparison:
    """Read and compare runs; see `find_groups` for the arguments and the errors."""
    groups, left_out = find_groups(folders, each=each)
    tables = score_tables(groups)
    return RunComparison(tuple(groups), tables, judge(groups, tables), tuple(left_out))


def write_comparison(comparison: RunComparison, folder: Path) -> tuple[Path, Path]:
    """Write the page and its figures into a folder, and return both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    page = write_page(folder / PAGE, render_comparison(comparison))
    text = json.dumps(as_values(comparison), indent=2) + "\n"
    return page, write_page(folder / FIGURES, text)


def render_comparison(comparison: RunComparison) -> str:
    """Render the page."""
    groups, table = comparison.groups, comparison.verdict.table
    return render_page(
        "comparison.html.j2",
        title=" · ".join(group.label for group in groups),
        verdict=comparison.verdict,
        groups=groups,
        left_out=comparison.left_out,
        tables=comparison.tables,
        tones=[f"var({tone_of(place).variable})" for place in range(len(groups))],
        differences=config_differences(groups),
        made_with=making_differences(groups),
        seconds=[mean_seconds(group) for group in groups],
        costs=[mean_dollars(group) for group in groups],
        dollars=dollars,
        percent=percent,
        points=points,
        signed=signed_points,
        scores=both_sizes("scores", "Scores", lambda size: scores_figure(groups, table, size))
        if table is not None
        else {},
        curves=both_sizes("curves", "Learning curves", lambda size: curves_figure(groups, size)),
        time=both_sizes("time", "Training time", lambda size: time_figure(groups, size)),
    )


def as_values(comparison: RunComparison) -> dict[str, Any]:
    """Return what `comparison.json` holds; fractions, not percentages."""
    groups, verdict = comparison.groups, comparison.verdict
    return {
        "headline": verdict.headline,
        "banner": verdict.banner,
        "caveats": list(verdict.caveats),
        "best": None if verdict.best is None else groups[verdict.best].label,
        "groups": [
            {
                "label": group.label,
                "runs": [
                    {"folder": str(member.run.folder), "seed": member.seed}
                    for member in group.members
                ],
                "seconds": asdict(mean_seconds(group)),
                "dollars": mean_dollars(group),
            }
            for group in groups
        ],
        "scores": [
            {
                "task": table.task,
                "measure": table.measure,
                "groups": {
                    group.label: asdict(row) for group, row in zip(groups, table.rows, strict=True)
                },
            }
            for table in comparison.tables
        ],
        "settings": config_differences(groups),
        "made_with": making_differences(groups),
        "left_out": list(comparison.left_out),
    }

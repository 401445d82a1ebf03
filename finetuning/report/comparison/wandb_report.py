"""The comparison as a W&B report: the sentence, the table, and live curves of the same runs.

Built with W&B's own report API (`wandb-workspaces`). Its specification is always written beside the
page, so that nothing is lost where there is no network.
"""

from pathlib import Path

import wandb_workspaces.reports.v2 as wr
from wandb.errors import CommError, UsageError

from whetstone.finetuning.errors import OutsideError
from whetstone.finetuning.report.comparison.figures import tone_of
from whetstone.finetuning.report.comparison.page import PAGE, RunComparison
from whetstone.finetuning.report.page import write_page
from whetstone.finetuning.report.wording import percent, points, signed_points

SPEC = "wandb-report.json"
_LONGEST_TITLE = 128  # W&B's own limit
_STEP = "train/global_step"
_CURVES = ("train/reward", "train/loss")
_HALF_WIDTH, _HEIGHT = 12, 8


def publish(
    comparison: RunComparison, folder: Path, project: str, entity: str | None, *, online: bool
) -> str:
    """Write the report's specification and, when online, the report; say where it is.

    Args:
        comparison: what to report.
        folder: where the specification goes.
        project: W&B project that the runs were logged to.
        entity: W&B user or team; None for the user's default.
        online: whether to publish it.

    Raises:
        OutsideError: W&B refused it or cannot be reached; the specification is there.

    """
    place = _write(build_report(comparison, project, entity or ""), folder)
    if not online:
        return f"{place} (not published: offline)"
    try:
        report = build_report(comparison, project, entity)
        report.save()
    except (CommError, UsageError, OSError, ValueError) as error:
        raise OutsideError(
            f"The page is written, but W&B did not take the report ({error}). Its specification "
            f"is {place}; the same command publishes it later."
        ) from error
    return str(report.url)


def build_report(comparison: RunComparison, project: str, entity: str | None) -> wr.Report:
    """Build the report. `entity` None asks W&B for the user's own, over the network."""
    # A set of runs gets no place: it then means the report's own, and needs no network.
    verdict = comparison.verdict
    place = {"project": project} if entity is None else {"project": project, "entity": entity}
    blocks: list[object] = [wr.P(text=verdict.banner)] if verdict.banner else []
    blocks.append(wr.P(text=verdict.headline))
    if verdict.caveats:
        blocks.append(wr.UnorderedList(items=list(verdict.caveats)))
    blocks += [wr.MarkdownBlock(text=_table(comparison)), wr.H2(text="Learning curves")]
    blocks.append(wr.PanelGrid(runsets=_runsets(comparison), panels=_panels(comparison)))
    title = " vs ".join(group.label for group in comparison.groups)[:_LONGEST_TITLE]
    return wr.Report(
        **place, title=title, description=f"Made from {PAGE} by Whetstone.", blocks=blocks
    )


def _write(report: wr.Report, folder: Path) -> Path:
    # W&B's upsert takes exactly this JSON; the library has no public name for it.
    spec = report._to_model().model_dump_json(by_alias=True, exclude_none=True, indent=2)  # noqa: SLF001
    return write_page(folder / SPEC, spec + "\n")


def _runsets(comparison: RunComparison) -> list[wr.Runset]:
    """One set of runs for each group, found by their ids, in the group's colour."""
    sets = []
    for index, group in enumerate(comparison.groups):
        ids = [member.tracked_as for member in group.members if member.tracked_as]
        color = wr.RunSettings(color=tone_of(index).light)
        sets.append(
            wr.Runset(
                name=group.label,
                filters=f"ID in {ids!r}" if ids else "",
                run_settings=dict.fromkeys(ids, color),
            )
        )
    return sets


def _panels(comparison: RunComparison) -> list[wr.LinePlot]:
    tasks = dict.fromkeys(
        task for group in comparison.groups for m in group.members for task in m.run.held_out
    )
    columns = [*(f"train/eval/{task}/pass@1" for task in tasks), *_CURVES]
    return [
        wr.LinePlot(
            title=column.removeprefix("train/"),
            x=_STEP,
            y=[column],
            layout=wr.Layout(
                x=index % 2 * _HALF_WIDTH, y=index // 2 * _HEIGHT, w=_HALF_WIDTH, h=_HEIGHT
            ),
        )
        for index, column in enumerate(columns)
    ]


def _table(comparison: RunComparison) -> str:
    lines = [
        "| task | measure | configuration | before | after | gain | 95 % interval |",
        "|---|---|---|---|---|---|---|",
    ]
    for table in comparison.tables:
        for group, row in zip(comparison.groups, table.rows, strict=True):
            gain = row.gain
            cells = (
                table.task,
                table.measure,
                group.label.replace("|", "\\|"),
                percent(row.before.mean) if row.before else "",
                percent(row.after.mean) if row.after else "",
                signed_points(gain.mean) if gain else "",
                f"{points(gain.low)} to {points(gain.high)}" if gain else "",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)

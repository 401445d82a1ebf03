"""Before and after, as a table for a person."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

Metrics = Mapping[str, Mapping[str, float]]

_ABSENT = "-"


def before_after_table(before: Metrics, after: Metrics) -> Table:
    """Build a table of every metric of either side; each is `{task: {metric: fraction}}`.

    Fractions are shown in percent and differences in points. A side without the metric has a dash.
    """
    table = Table(title="Before and after, in percent")
    table.add_column("task")
    table.add_column("metric")
    for heading in ("before", "after", "difference"):
        table.add_column(heading, justify="right")
    for task in dict.fromkeys([*before, *after]):
        old, new = before.get(task, {}), after.get(task, {})
        for row, metric in enumerate(dict.fromkeys([*old, *new])):
            values = (old.get(metric), new.get(metric))
            shown_task = task if row == 0 else ""
            table.add_row(shown_task, metric, *map(_percent, values), _difference(*values))
        table.add_section()
    return table


def print_before_after(before: Metrics, after: Metrics, console: Console) -> None:
    """Print the table of `before_after_table`."""
    console.print(before_after_table(before, after))


def _percent(value: float | None) -> str:
    return _ABSENT if value is None else f"{100 * value:.1f}"


def _difference(before: float | None, after: float | None) -> Text:
    if before is None or after is None:
        return Text(_ABSENT)
    points = 100 * (after - before)
    shown = f"{points:+.1f}"
    if float(shown) == 0.0:
        return Text("0.0")
    return Text(shown, style="green" if points > 0 else "red")

"""The page of an audit: what to leave out, what to repair, and why."""

from collections.abc import Sequence
from pathlib import Path

from whetstone.evaluation.audit.verdict import Action, Ruling
from whetstone.finetuning.report.page import render_page, write_page

PAGE = "audit.html"
_MOST = 200
_GROUPS = (
    (Action.QUARANTINE, "Leave out", "Training on these would teach something else, or nothing."),
    (Action.REPAIR, "Repair", "These can be learned from, and their tests let mistakes pass."),
)


def write_audit(data: str, results: Sequence[Ruling], folder: Path) -> Path:
    """Write the page and return its path."""
    groups = [
        {"title": title, "meaning": meaning, "results": _of(results, action)}
        for action, title, meaning in _GROUPS
    ]
    page = render_page(
        "dataset_audit.html.j2",
        data=data,
        folder=folder,
        results=results,
        headline=headline(results),
        facts=facts(results),
        groups=groups,
        most=_MOST,
    )
    return write_page(folder / PAGE, page)


def headline(results: Sequence[Ruling]) -> str:
    """Say in one sentence how many problems are to be left out, and how many to be repaired."""
    bad, weak = (len(_of(results, action)) for action in (Action.QUARANTINE, Action.REPAIR))
    if not bad and not weak:
        return f"All {len(results)} problems can be trained on."
    return (
        f"Of {len(results)} problems {bad} are to be left out and {weak} to be repaired "
        f"({(bad + weak) / len(results):.0%})."
    )


def facts(results: Sequence[Ruling]) -> list[dict[str, str]]:
    """Return the counts of what was found, as names and values."""
    found = [one.findings for one in results]
    with_reference = [one for one in found if one.reference]
    failing = sum("passed" not in one.reference for one in with_reference)
    mutants, survived = sum(one.mutants for one in found), sum(one.survived for one in found)
    told = [
        ("References that fail", f"{failing} of {len(with_reference)}"),
        ("Passed by a program that knows nothing", str(sum(bool(one.trivial) for one in found))),
    ]
    if mutants:
        mean = survived / sum(bool(one.mutants) for one in found)
        told += [
            ("Mutants that pass", f"{survived} of {mutants} ({survived / mutants:.0%})"),
            ("Of each problem", f"{mean:.1f}"),
        ]
    if known := sum(one.wrong_of for one in found):
        told.append(("Known wrong programs that pass", f"{sum(o.wrong for o in found)} of {known}"))
    return [{"name": name, "value": value} for name, value in told]


def _of(results: Sequence[Ruling], action: Action) -> list[Ruling]:
    return [one for one in results if one.action is action]

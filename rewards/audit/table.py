"""The table of an audit, as text."""

from whetstone.rewards.audit.audit import AuditReport, Finding

_HEAD = ("family", "attack", "verdict", "reward", "harm")


def render(report: AuditReport) -> str:
    """Return the findings as a table, and the sum of them in the last line."""
    if report.control_failure:
        return (
            f"{report.reward}: the control failed, so nothing was tried: {report.control_failure}"
        )
    rows = [_HEAD, *(_row(finding) for finding in report.findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", _summary(report)])


def _row(finding: Finding) -> tuple[str, str, str, str, str]:
    paid = "masked" if finding.reward is None else f"{finding.reward:g}"
    if finding.skipped:
        paid = "skipped"
    if finding.earned:
        paid += " EARNED"
    return finding.family, finding.name, finding.verdict, paid, "; ".join(finding.harms) or "-"


def _summary(report: AuditReport) -> str:
    tried = [finding for finding in report.findings if not finding.skipped]
    earned = sum(finding.earned for finding in tried)
    harmful = sum(bool(finding.harms) for finding in tried)
    skipped = len(report.findings) - len(tried)
    masked = sum(finding.reward is None for finding in tried)
    held = sum(not (finding.earned or finding.harms) for finding in tried)
    return (
        f"{report.reward}: of {len(tried)} attacks {earned} earned more than an honest failure"
        f" ({report.wrong:g}; a right program is paid {report.right:g}), {harmful} did harm"
        + (f", {masked} were masked" if masked else "")
        + (f"; {skipped} skipped, which --unsafe runs" if skipped else "")
        + f"; held off {held / max(len(tried), 1):.1%}"
        + f": {'passed' if report.passed else 'FAILED'}"
    )

"""The story of an audit: load, try, decide, write, show.

What was found of a problem is on the disk before it counts and holds as long as the problem stays
what it was, so the same command goes on after a kill, and looks only at what has changed since.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from whetstone.evaluation.audit.examine import Findings, examine
from whetstone.evaluation.audit.mutants import MISSING, can_mutate
from whetstone.evaluation.audit.overlap import can_compare, contaminated, duplicates
from whetstone.evaluation.audit.problem import AuditedProblem
from whetstone.evaluation.audit.verdict import Action, Ruling, judged
from whetstone.evaluation.files import write_atomically
from whetstone.evaluation.prompt import prompt_text
from whetstone.evaluation.tasks import load_task
from whetstone.finetuning.artifacts.run_dir import locked
from whetstone.finetuning.config.schema.commands import AuditDataSettings, TestedDataSettings
from whetstone.finetuning.data.audited import VERDICTS
from whetstone.finetuning.dataset_audit.findings import as_line, known_findings
from whetstone.finetuning.dataset_audit.problems import audited_problems
from whetstone.finetuning.report.console import bare_table, tell, tell_place
from whetstone.finetuning.report.dataset_audit import facts, headline, write_audit
from whetstone.finetuning.runtime.progress import CountProgress
from whetstone.rewards.sandbox import Sandbox

FINDINGS = "findings.jsonl"
_HOW = {"timeout_s", "memory_mb", "packages"}
"""Settings by which a program may fare otherwise, so that it is tried again."""
_TOGETHER = 16
"""Problems that are tried side by side, and then written."""


def audit_data(settings: AuditDataSettings, console: Console) -> Path:
    """Audit a data set; return the folder of the results."""
    problems = audited_problems(settings.data, settings.limit)
    folder = settings.output or audit_folder(settings.outputs, settings.data)
    console.print(f"audit: {len(problems)} problems of {settings.data}", highlight=False)
    most = settings.mutants if can_mutate() else 0
    if settings.mutants and not most:
        console.print(MISSING, highlight=False)
    with locked(folder, setting="output"):
        findings = _findings(folder / FINDINGS, problems, settings, most, console)
        results = judged(findings, _twice(problems, console), _measured(problems, settings))
        lines = [
            {"id": problem.id, "key": problem.key, **_verdict(one)}
            for problem, one in zip(problems, results, strict=True)
        ]
        write_atomically(folder / VERDICTS, "".join(map(as_line, lines)).encode())
        page = write_audit(settings.data, results, folder)
    _show(console, results)
    tell_place(console, "page", str(page))
    return folder


def audit_folder(outputs: Path, data: str) -> Path:
    """Return where the audit of a data set is, unless another folder was named."""
    return outputs / "audits" / Path(data).stem


def how_tried(settings: TestedDataSettings, most_mutants: int) -> dict[str, Any]:
    """Return what decides how a program of the data fares."""
    return {"mutants": most_mutants} | settings.model_dump(include=_HOW)


def _twice(problems: Sequence[AuditedProblem], console: Console) -> dict[str, str]:
    if not can_compare():
        console.print("no look for duplicates: datasketch is not installed", highlight=False)
        return {}
    return duplicates({problem.id: problem.prompt for problem in problems})


def _measured(problems: Sequence[AuditedProblem], settings: AuditDataSettings) -> dict[str, str]:
    prompts = {problem.id: problem.prompt for problem in problems}
    measured = {
        task: [prompt_text(problem.prompt) for problem in load_task(task).problems]
        for task in settings.tasks
    }
    return contaminated(prompts, measured)


def _findings(
    path: Path,
    problems: Sequence[AuditedProblem],
    settings: AuditDataSettings,
    most_mutants: int,
    console: Console,
) -> list[Findings]:
    """Try the problems that were not tried yet, a few at a time."""
    how = how_tried(settings, most_mutants)
    earlier = (Findings(**row) for row in known_findings(path, how))
    known = {one.mark: one for one in earlier}
    left = [problem for problem in problems if problem.mark not in known]
    limits = settings.workers, settings.timeout_s, settings.memory_mb
    with (
        CountProgress("audit", "problems", console) as progress,
        Sandbox(*limits, packages=settings.packages) as sandbox,
        path.open("a", encoding="utf-8") as file,
    ):
        for start in range(0, len(left), _TOGETHER):
            some = left[start : start + _TOGETHER]
            for found in examine(sandbox, some, *limits[1:], most_mutants):
                known[found.mark] = found
                file.write(as_line({"how": how, **asdict(found)}))
            file.flush()
            progress(len(problems) - len(left) + start + len(some), len(problems))
    return [known[problem.mark] for problem in problems]


def _verdict(one: Ruling) -> dict[str, Any]:
    return {"action": one.action.value, "reasons": one.reasons}


def _show(console: Console, results: Sequence[Ruling]) -> None:
    counts = Counter(one.action for one in results)
    tell(console, headline(results))
    table = bare_table("", "problems", numbers_from=1)
    for action in Action:
        table.add_row(action.value, str(counts[action]))
    for fact in facts(results):
        table.add_row(fact["name"], fact["value"])
    console.print(table)

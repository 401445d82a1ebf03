"""Codeforces' problems as open-r1 publishes them, with checkers that a model wrote.

Left out are interactive problems, problems that read files, and tests that the site shows cut
short: such an input or output ends in dots. What remains of the official tests judges; those that
were generated are files of their own, and are not read.
"""

from collections.abc import Mapping

from whetstone.evaluation.public.cases import stdio_tests
from whetstone.evaluation.public.codeforces_checker import as_check
from whetstone.evaluation.public.problem import PublicProblem, Row, UnjudgeableError

COLUMNS = frozenset(
    {"id", "title", "description", "input_format", "output_format", "interaction_format", "note"}
    | {"examples", "official_tests", "input_mode", "generated_checker", "time_limit"}
    | {"memory_limit", "rating"}
)
_CUT = "..."
_PARTS = {"input_format": "Input", "output_format": "Output", "note": "Note"}


def codeforces_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    if row["interaction_format"]:
        raise UnjudgeableError("interactive")
    if (row["input_mode"] or "stdio") != "stdio":
        raise UnjudgeableError("reads or writes files")
    given = row["official_tests"] or []
    whole = [test for test in given if not _is_cut(test)]
    if given and not whole:
        raise UnjudgeableError("tests that are cut short")
    checker, memory = row["generated_checker"], row["memory_limit"]
    return PublicProblem(
        id=f"codeforces/{row['id']}",
        question=_question(row),
        tests=stdio_tests((test["input"], test["output"]) for test in whole),
        checker=as_check(checker) if checker else "tokens",
        timeout_s=row["time_limit"] or None,
        memory_mb=int(memory) if memory else None,
        difficulty=str(row["rating"] or ""),
        source="codeforces",
    )


def _is_cut(test: Mapping[str, str]) -> bool:
    return any(test[part].rstrip().endswith(_CUT) for part in ("input", "output"))


def _question(row: Row) -> str:
    parts = [f"# {row['title']}", row["description"]]
    parts += [f"## {title}\n\n{row[name]}" for name, title in _PARTS.items() if row[name]]
    for number, example in enumerate(row["examples"] or [], start=1):
        parts.append(
            f"## Example {number}\n\nInput:\n```\n{example['input'].strip()}\n```\n"
            f"Output:\n```\n{example['output'].strip()}\n```"
        )
    return "\n\n".join(part.strip() for part in parts if part)

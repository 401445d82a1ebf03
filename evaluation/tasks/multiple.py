"""HumanEval in C++, Rust and Java, from HumanEval-X (Zheng et al. 2023, arXiv 2303.17568).

The names, stop words, time limits and the way programs are built are those of MultiPL-E. The
problems are not: HumanEval-X was translated by hand, MultiPL-E by a compiler, so the figures of the
two do not compare, and the harness's command does not offer these.
A completion ends where its function does, at a closing brace, which is put back. Rust's problems
import crates that a compiler alone does not have: these lines are left out, and the few published
solutions that use them cannot pass.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from whetstone.evaluation.tasks.base import Language, Task, TaskProblem
from whetstone.evaluation.tasks.source import Row, RowSource

_COLUMNS = frozenset({"task_id", "prompt", "declaration", "canonical_solution", "test"})
_CPP_HEADERS = (
    "".join(
        f"#include <{header}>\n"
        for header in ("algorithm", "climits", "cmath", "cstdio", "cstdlib", "cstring", "iostream")
    )
    + "#include <map>\n#include <string>\n#include <vector>\n"
)
_CRATES = re.compile(r"^use (?:rand|regex|md5)\b.*\n", re.MULTILINE)


@dataclass(frozen=True)
class _Form:
    language: Language
    source: RowSource
    prompt: Callable[[Row], str]
    before: str
    """What stands before the prompt in the program, unseen by the model."""
    stop: str
    closing: str
    """What the stop word has cut off."""
    run_s: float


def _source(file: str, subset: str) -> RowSource:
    return RowSource(f"humaneval_{file}.jsonl.gz", "THUDM/humaneval-x", subset, _COLUMNS)


def _own_prompt(row: Row) -> str:
    return str(row["prompt"])


def _rust_prompt(row: Row) -> str:
    """Put the comment before the function and after the imports, as a person would."""
    declaration = _CRATES.sub("", row["declaration"])
    imports, function, head = declaration.partition("\nfn ")
    return f"{imports.strip()}\n{row['prompt'].strip()}{function}{head}"


FORMS: Mapping[str, _Form] = MappingProxyType(
    {
        "multiple-cpp": _Form(
            "cpp", _source("cpp", "cpp"), _own_prompt, _CPP_HEADERS, "\n}", "\n}\n", 15.0
        ),
        "multiple-rs": _Form(
            "rust", _source("rust", "rust"), _rust_prompt, "", "\n}", "\n}\n", 5.0
        ),
        "multiple-java": _Form(
            "java", _source("java", "java"), _own_prompt, "", "\n    }\n", "\n    }\n}\n", 15.0
        ),
    }
)


def multiple(name: str) -> Task:
    """Load the 164 problems of `multiple-cpp`, `multiple-rs` or `multiple-java`.

    Raises:
        DataUnavailable: when they are neither in the data folder nor on the Hub.

    """
    form = FORMS[name]
    problems = tuple(_problem(row, form) for row in form.source.rows())
    return Task(
        name,
        problems,
        (form.stop, "<file_sep>"),
        form.run_s,
        language=form.language,
        closing=form.closing,
    )


def _problem(row: Row, form: _Form) -> TaskProblem:
    prompt = form.prompt(row).strip()
    return TaskProblem(
        id=row["task_id"],
        prompt=prompt,
        tests=form.closing + row["test"],
        prefix=form.before + prompt,
        reference="\n" + row["canonical_solution"],
    )

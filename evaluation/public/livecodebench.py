"""LiveCodeBench (Jain et al. 2024, arXiv 2403.07974): problems of contests, with their dates.

Hidden tests are JSON text, or base64 of zlib of a pickle of it. A pickle is a program that the data
could run here, so this one may build nothing but text. Inputs of calls have a JSON argument on each
line, as its grader reads them. It has no reference solutions.
"""

import base64
import binascii
import io
import json
import pickle
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from whetstone.evaluation.public.cases import call_tests, entry_point, parsed, stdio_tests
from whetstone.evaluation.public.problem import PublicProblem, Row, UnjudgeableError

COLUMNS = frozenset(
    {"question_content", "question_id", "contest_date", "starter_code", "difficulty", "metadata"}
    | {"public_test_cases", "private_test_cases"}
)
FILES = tuple(f"test{part}.jsonl" for part in ("", 2, 3, 4, 5, 6))
"""The parts in which it grew: release_v1 is the first of them, release_v6 all."""
TIMEOUT_S = 6.0
"""Its grader's limit for one test."""

_MOST_BYTES = 1 << 31
_DAMAGED = (
    *(binascii.Error, zlib.error, pickle.UnpicklingError, EOFError, ValueError),
    *(AttributeError, ImportError, IndexError, KeyError, TypeError, RecursionError),
)
"""What decoding raises; the second line is what pickle does of damaged data, beside its own."""


def livecodebench_problem(row: Row) -> PublicProblem:
    """Make a problem of a row. Raises `UnjudgeableError`."""
    starter = row["starter_code"] or ""
    given = [*parsed(row["public_test_cases"], "tests"), *private_tests(row["private_test_cases"])]
    name = parsed(row["metadata"] or {}, "metadata").get("func_name")
    tests, names = listed_tests(given, name, starter)
    return PublicProblem(
        id=f"livecodebench/{row['question_id']}",
        question=row["question_content"],
        tests=tests,
        entry_points=names,
        starter=starter,
        checker=None if names else "livecodebench",
        timeout_s=None if names else TIMEOUT_S,
        difficulty=row["difficulty"] or "",
        source=row.get("platform") or "",
        date=str(row["contest_date"]).replace(" ", "T"),
    )


def files_of(release: str | None) -> tuple[str, ...]:
    """Return the files of a release: `release_v5` the first five, `v5` the fifth, None all.

    Raises:
        ValueError: there is no such release.

    """
    if release in {None, "release_latest"}:
        return FILES
    assert release is not None  # noqa: S101 - said above
    single, number = not release.startswith("release_"), release.rpartition("v")[2]
    known = release in {f"v{number}", f"release_v{number}"} and number.isdecimal()
    if not known or not 1 <= int(number) <= len(FILES):
        raise ValueError(f"choose release_v1 to release_v{len(FILES)}, or v1 to v{len(FILES)}")
    return FILES[int(number) - 1 : int(number)] if single else FILES[: int(number)]


def listed_tests(given: Any, name: str | None, starter: str) -> tuple[str, tuple[str, ...]]:
    """Return the tests and the entry points of a list of `{"input", "output", "testtype"}`."""
    if not isinstance(given, Sequence) or not all(_is_test(test) for test in given):
        raise UnjudgeableError("tests in another layout")
    kinds = {test.get("testtype") or "stdin" for test in given}
    if len(kinds) > 1:
        raise UnjudgeableError("calls among inputs and outputs")
    if kinds != {"functional"}:
        return stdio_tests((test["input"], test["output"]) for test in given), ()
    if not name:
        raise UnjudgeableError("calls of a function without a name")
    called = entry_point(name, starter)
    pairs = [(_arguments(test["input"]), parsed(test["output"], "outputs")) for test in given]
    return call_tests(called, pairs), (called,)


def private_tests(text: str) -> list[Any]:
    """Return the hidden tests. Raises `UnjudgeableError` for what is in no known encoding."""
    try:
        found = json.loads(text)
    except ValueError:
        found = _unpacked(text)
    if not isinstance(found, list):
        raise UnjudgeableError("hidden tests in another layout")
    return found


class _TextOnly(pickle.Unpickler):
    """Reads numbers, text and lists; whatever names a class or a function is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _unpacked(text: str) -> Any:
    try:
        engine = zlib.decompressobj()
        unzipped = engine.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
        found = _TextOnly(io.BytesIO(unzipped)).load()
        return json.loads(found) if isinstance(found, str | bytes) else found
    except _DAMAGED as error:
        raise UnjudgeableError("hidden tests that cannot be decoded") from error


def _is_test(test: Any) -> bool:
    return isinstance(test, Mapping) and {"input", "output"} <= test.keys()


def _arguments(text: str) -> list[Any]:
    return [parsed(line, "inputs") for line in text.split("\n")]

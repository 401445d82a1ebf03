"""The gold check: published solutions compile, and with one breakage they do not."""

import gzip
import json
import os
import random
import re
from pathlib import Path

import pytest

from whetstone.rewards.compilers import Compilers, Snippet

NEIGHBOUR = Path(__file__).resolve().parents[4] / "shared" / "data"
FOLDER = Path(os.environ.get("WHETSTONE_DATA_DIR", NEIGHBOUR))
CRATES = re.compile(r"^use (?:rand|regex|md5)\b.*\n", re.MULTILINE)
USES_CRATE = re.compile(r"\bmd5::|\bRegex::|\brand::|thread_rng")
TOOLS = {"cpp": "g++", "java": "javac", "rust": "rustc"}


BOOST = Path("/usr/include/boost")


def needs_what_is_not_here(language, row):
    if language == "rust":
        return bool(USES_CRATE.search(row["canonical_solution"]))
    return "<boost/" in row["prompt"] and not BOOST.is_dir()


def rows(language):
    path = FOLDER / f"humaneval_{language}.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there: set WHETSTONE_DATA_DIR")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def snippet(language, row, solution):
    head = row["declaration"] if language == "rust" else row["prompt"]
    return Snippet(language, solution, prefix=CRATES.sub("", head), prompt=row["prompt"])


def broken(row):
    solution = row["canonical_solution"]
    draw = random.Random(row["task_id"])
    closing = solution.rindex("}")
    ways = [
        solution[:closing] + solution[closing + 1 :],
        f"    ) ;{solution}",
        re.sub(r"\breturn\b", "return undefined_name +", solution, count=1),
    ]
    way = draw.choice(ways)
    return way if way != solution else ways[0]


@pytest.mark.slow  # 1-3 minutes a language: nice -n 19 pytest -m slow tests/rewards/compilers
@pytest.mark.parametrize("language", ["cpp", "java", "rust"])
def test_published_solutions_compile_and_broken_ones_do_not(language, needs):
    needs(TOOLS[language])
    every = rows(language)
    with Compilers() as compilers:
        right = compilers.run_many(
            [snippet(language, row, row["canonical_solution"]) for row in every]
        )
        wrong = compilers.run_many([snippet(language, row, broken(row)) for row in every])
    refused = {
        row["task_id"]: (one.outcome.value, one.detail)
        for row, one in zip(every, right, strict=True)
        if one.outcome != "compiled" and not needs_what_is_not_here(language, row)
    }
    assert refused == {}
    accepted = [
        row["task_id"]
        for row, one in zip(every, wrong, strict=True)
        if one.outcome not in {"errors", "empty"}
    ]
    assert accepted == []

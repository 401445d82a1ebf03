"""The table of public data sets: to add one is a module, and an entry here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from whetstone.evaluation.public import plus
from whetstone.evaluation.public.acecode import COLUMNS as ACECODE
from whetstone.evaluation.public.acecode import acecode_problem
from whetstone.evaluation.public.apps import COLUMNS as APPS
from whetstone.evaluation.public.apps import apps_problem
from whetstone.evaluation.public.bigcodebench import COLUMNS as BIGCODEBENCH
from whetstone.evaluation.public.bigcodebench import bigcodebench_problem
from whetstone.evaluation.public.code_contests import COLUMNS as CODE_CONTESTS
from whetstone.evaluation.public.code_contests import code_contests_problem
from whetstone.evaluation.public.codeforces import COLUMNS as CODEFORCES
from whetstone.evaluation.public.codeforces import codeforces_problem
from whetstone.evaluation.public.deepcoder import COLUMNS as DEEPCODER
from whetstone.evaluation.public.deepcoder import deepcoder_problem
from whetstone.evaluation.public.kodcode import COLUMNS as KODCODE
from whetstone.evaluation.public.kodcode import kodcode_problem
from whetstone.evaluation.public.leetcode import COLUMNS as LEETCODE
from whetstone.evaluation.public.leetcode import leetcode_problem
from whetstone.evaluation.public.livecodebench import COLUMNS as LIVECODEBENCH
from whetstone.evaluation.public.livecodebench import files_of, livecodebench_problem
from whetstone.evaluation.public.problem import PublicProblem, Row
from whetstone.evaluation.public.taco import COLUMNS as TACO
from whetstone.evaluation.public.taco import taco_problem


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A public data set.

    Attributes:
        repository: its home on the Hub.
        splits: each split, with the subsets (configurations of the Hub) that it is made of; None
            for a data set without any.
        columns: what a row has in the official layout.
        problem: makes a problem of a row; raises `UnjudgeableError`.
        references: whether it has solutions that are right.
        files: the files of a subset, for a data set that the Hub has as JSON Lines behind a script,
            which `datasets` no longer runs.

    """

    repository: str
    splits: Mapping[str, tuple[str | None, ...]]
    columns: frozenset[str]
    problem: Callable[[Row], PublicProblem]
    references: bool = True
    files: Callable[[str | None], tuple[str, ...]] | None = None


def _splits(*names: str) -> Mapping[str, tuple[str | None, ...]]:
    return dict.fromkeys(names, (None,))


_DEEPCODER_SPLITS = {
    "train": ("primeintellect", "taco", "lcbv5"),
    "test": ("codeforces", "lcbv5"),
}
_CODEFORCES_SPLITS = {"train": ("verifiable",), "test": ("verifiable",)}

PUBLIC_SETS: Mapping[str, PublicSet] = MappingProxyType(
    {
        "apps": PublicSet("metr-evals/apps", _splits("train", "test"), APPS, apps_problem),
        "taco": PublicSet("BAAI/TACO", _splits("train", "test"), TACO, taco_problem),
        "deepcoder": PublicSet(
            "agentica-org/DeepCoder-Preview-Dataset",
            _DEEPCODER_SPLITS,
            DEEPCODER,
            deepcoder_problem,
        ),
        "livecodebench": PublicSet(
            "livecodebench/code_generation_lite",
            _splits("test"),
            LIVECODEBENCH,
            livecodebench_problem,
            references=False,
            files=files_of,
        ),
        "code_contests": PublicSet(
            "deepmind/code_contests",
            _splits("train", "valid", "test"),
            CODE_CONTESTS,
            code_contests_problem,
        ),
        "codeforces": PublicSet(
            "open-r1/codeforces",
            _CODEFORCES_SPLITS,
            CODEFORCES,
            codeforces_problem,
            references=False,
        ),
        "kodcode": PublicSet("KodCode/KodCode-V1", _splits("train"), KODCODE, kodcode_problem),
        "acecode": PublicSet(
            "TIGER-Lab/AceCode-87K", _splits("train"), ACECODE, acecode_problem, references=False
        ),
        "leetcode": PublicSet(
            "newfacade/LeetCodeDataset", _splits("train", "test"), LEETCODE, leetcode_problem
        ),
        "bigcodebench": PublicSet(
            "bigcode/bigcodebench",
            _splits(*(f"v0.1.{patch}" for patch in range(5))),
            BIGCODEBENCH,
            bigcodebench_problem,
        ),
        "mbppplus": PublicSet(
            "evalplus/mbppplus", _splits("test"), plus.MBPP_COLUMNS, plus.mbppplus_problem
        ),
        "humanevalplus": PublicSet(
            "evalplus/humanevalplus",
            _splits("test"),
            plus.HUMANEVAL_COLUMNS,
            plus.humanevalplus_problem,
        ),
    }
)

"""Problems of a public data set, one row at a time; what cannot be judged is counted, by name.

Nothing is kept of a row once it has become a problem, so that a reader takes what it wants and
leaves the rest unread.
"""

from collections import Counter
from collections.abc import Iterator

from whetstone.evaluation.errors import DataUnavailable
from whetstone.evaluation.public.problem import (
    PublicProblem,
    UnjudgeableError,
    require_judgeable,
)
from whetstone.evaluation.public.rows import PublicRows
from whetstone.evaluation.public.table import PUBLIC_SETS
from whetstone.rewards.tests_source import LIBRARY

_DOUBLE = "the id of another problem"


class PublicReader:
    """The problems of a data set, which can be gone through once; tests import `modules` alone.

    Attributes:
        source: where the rows come from.
        kept: problems that were read so far.
        left_out: reasons, and how many rows were left out for each.

    """

    def __init__(self, source: PublicRows, modules: frozenset[str] = LIBRARY) -> None:
        self.source = source
        self._modules = modules
        self.kept = 0
        self.left_out: Counter[str] = Counter()

    def __iter__(self) -> Iterator[PublicProblem]:
        """Yield each problem that can be judged.

        Raises:
            DataUnavailable: the rows cannot be had, or are in another layout.

        """
        chosen, ids = PUBLIC_SETS[self.source.name], set[str]()
        for number, row in enumerate(self.source.rows(), start=1):
            if missing := chosen.columns - row.keys():
                raise DataUnavailable(
                    f"{self.source.name}, row {number} lacks {', '.join(sorted(missing))}: this is "
                    f"not the layout of {chosen.repository}."
                )
            try:
                problem = chosen.problem(row)
                require_judgeable(problem, self._modules)
            except UnjudgeableError as error:
                self.left_out[str(error)] += 1
                continue
            if problem.id in ids:
                self.left_out[_DOUBLE] += 1
                continue
            ids.add(problem.id)
            self.kept += 1
            yield problem

    def told(self) -> str | None:
        """Say in one line what was left out so far; None where nothing was."""
        if not self.left_out:
            return None
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.left_out.most_common())
        return (
            f"{self.source.name}: {self.left_out.total()} of "
            f"{self.left_out.total() + self.kept} problems are left out ({reasons})"
        )

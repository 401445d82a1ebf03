"""Says once for each problem what its tests do wrong, or what they ask that cannot be done.

A completion that is masked leaves no trace in a reward, and one that fails at what its tier cannot
do looks like a wrong one: without a word a problem would pay nobody, for ever.
"""

import logging
from collections.abc import Sequence

from rewards.sandbox import Result, Tier, Verdict
from rewards.tiers import Decision

_LOG = logging.getLogger(__name__)
_SHOWN = 60


class Telling:
    """Remembers the problems about which something was said."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(
        self, problems: Sequence[str], results: Sequence[Result], decisions: Sequence[Decision]
    ) -> None:
        """Look at the results of a batch; `problems` are what those of one problem share."""
        failures = [result.detail for result in results if result.verdict is Verdict.INFRA_ERROR]
        if failures:
            _LOG.warning(
                "%d of %d programs could not be judged and are masked; the first: %s",
                len(failures),
                len(results),
                failures[0],
            )
        for problem, result, decision in zip(problems, results, decisions, strict=True):
            masked = result.verdict is Verdict.INFRA_ERROR
            if problem in self._told or not (masked or result.is_unjudgeable):
                continue
            self._told.add(problem)
            if masked:
                what, remedy = "masked", "Mend its tests, or leave it out"
            elif decision.tier is Tier.TOGETHER:
                what, remedy = "failed, perhaps unjustly", "Compare what objects hold"
            else:
                what = "failed, perhaps unjustly"
                remedy = "Compare what objects hold, or give a reference: it decides the tier"
            head = " ".join(problem.split())[:_SHOWN]
            _LOG.warning("problem %r, %s: %s. %s", head, what, result.detail, remedy)

"""Says once for each problem why its programs are not judged.

A completion that is masked leaves no trace in a reward: without a word a problem would pay nobody,
for ever; and said with every batch it would bury everything else.
"""

import logging
from collections.abc import Sequence

from whetstone.rewards.sandbox import AnyTests, Result, Verdict

_LOG = logging.getLogger(__name__)
_SHOWN = 60
"""Characters of the tests that are shown."""


class Telling:
    """Remembers the problems about which something was said."""

    def __init__(self) -> None:
        self._told: set[AnyTests] = set()

    def tell(self, tests: Sequence[AnyTests], results: Sequence[Result]) -> None:
        """Look at the results of a batch, and at the tests that each one is about."""
        masked = [
            (test, result.detail)
            for test, result in zip(tests, results, strict=True)
            if result.verdict is Verdict.INFRA_ERROR
        ]
        new = {test: detail for test, detail in masked if test not in self._told}
        self._told.update(new)
        for test, detail in new.items():
            _LOG.warning(
                "%d of %d programs could not be judged and are masked: %s. Their tests begin: %s",
                sum(test == one for one, _ in masked),
                len(results),
                detail,
                _beginning(test),
            )


def _beginning(tests: AnyTests) -> str:
    text = tests if isinstance(tests, str) else tests.cases[0].input
    return " ".join(text.split())[:_SHOWN]

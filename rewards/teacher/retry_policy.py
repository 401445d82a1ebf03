"""How long to go on with one request: what counts as a try, and how long to wait for the next."""

from collections import Counter

from tenacity import RetryCallState, wait_exponential_jitter

from whetstone.rewards.teacher.faults import Fault, TeacherFault
from whetstone.rewards.teacher.throttle import Throttle

_BACKOFF = wait_exponential_jitter(initial=0.5, max=60.0, jitter=0.5)
_MOST = {Fault.MALFORMED: 4, Fault.TRUNCATED: 2}
"""Answers of no use after which nobody asks again: each is billed, and the next is often alike."""


class RetryPolicy:
    """Counts the tries of one request.

    Args:
        retries: Tries after the first that may fail.
        throttle: Knows whether others are answered: a 429 meanwhile is the provider's pace and no
            try, or under a low limit the unlucky would be given up.

    """

    def __init__(self, retries: int, throttle: Throttle) -> None:
        self._retries, self._throttle = retries, throttle
        self._answers = throttle.answers
        self._tries: Counter[Fault] = Counter()

    def is_over(self, state: RetryCallState) -> bool:
        """Count a try that failed, and tell whether it was the last."""
        fault = fault_of(state)
        others = self._throttle.answers > self._answers
        self._answers = self._throttle.answers
        if fault is None or (fault.kind is Fault.RATE_LIMITED and others):
            return False
        self._tries[fault.kind] += 1
        if self._tries[fault.kind] >= _MOST.get(fault.kind, self._retries + 1):
            return True
        return self._tries.total() > self._retries


def wait_s(state: RetryCallState) -> float:
    """Wait as long as the provider asks, or else longer and longer, and never all at once.

    After an answer of no use there is nothing to wait for.
    """
    fault = fault_of(state)
    if fault is not None and fault.kind in _MOST:
        return 0.0
    asked = None if fault is None else fault.retry_after_s
    backoff = _BACKOFF(state)
    return backoff if asked is None else asked + min(backoff, 0.1 * asked + 0.05)


def fault_of(state: RetryCallState) -> TeacherFault | None:
    """Return what the last try failed with."""
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, TeacherFault) else None

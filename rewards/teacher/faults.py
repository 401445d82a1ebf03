"""What can go wrong between us and a teacher: a closed set, and what each kind means for a run.

No fault is ever a bad grade. Those that may pass are tried again, those that concern one request
mask its sample, and those that concern all of them end the run, which can be continued.
"""

from enum import StrEnum

from whetstone.rewards.base import RunStopped
from whetstone.rewards.teacher.request import Usage


class Fault(StrEnum):
    """Why a request got no answer."""

    RATE_LIMITED = "rate_limited"
    """429: too many requests or tokens a minute."""

    SERVER_ERROR = "server_error"
    """5xx, 408, 409: the provider's own trouble, or an overloaded one."""

    TIMEOUT = "timeout"
    """No answer in time. It may be billed all the same."""

    UNREACHABLE = "unreachable"
    """No connection: nothing was sent."""

    CONNECTION = "connection"
    """A connection that was cut. The request may be billed all the same."""

    MALFORMED = "malformed"
    """An answer that is not what the schema asks for."""

    TRUNCATED = "truncated"
    """An answer that the limit of its tokens cut."""

    REFUSED = "refused"
    """The model declines to answer."""

    REJECTED = "rejected"
    """400, 413, 422: this request is not accepted, such as one that is too long."""

    DENIED = "denied"
    """401, 402, 403, 404, no credit left: no request would be accepted."""

    FAILED = "failed"
    """A batch that its provider gave up as a whole, such as one that is too large for a limit."""


MAY_PASS = frozenset(
    {
        Fault.RATE_LIMITED,
        Fault.SERVER_ERROR,
        Fault.TIMEOUT,
        Fault.UNREACHABLE,
        Fault.CONNECTION,
        Fault.MALFORMED,
        Fault.TRUNCATED,
    }
)
"""Faults after which the same request is worth sending again."""

MAY_BE_BILLED = frozenset({Fault.TIMEOUT, Fault.CONNECTION})
"""Faults after which nobody tells whether the provider counts the request."""

BILLED = frozenset({Fault.MALFORMED, Fault.TRUNCATED, Fault.REFUSED})
"""Faults of an answer that came: it costs what any other does."""

CONCERNS_ALL = frozenset({Fault.DENIED, Fault.FAILED})
"""Faults that the next request would meet as well."""


class TeacherFault(Exception):  # noqa: N818 - Fault is the word of this room
    """One request failed.

    Args:
        kind: What happened.
        message: For the user; never with a key in it.
        retry_after_s: How long the provider asks to wait.
        usage: What an answer that is of no use was billed; None where nobody says.

    """

    def __init__(
        self,
        kind: Fault,
        message: str,
        retry_after_s: float | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.usage = usage


class TeacherUnavailableError(RunStopped):
    """The teacher cannot be reached, or no longer answers."""


class BudgetReachedError(RunStopped):
    """Another request could exceed what the user allowed to spend."""

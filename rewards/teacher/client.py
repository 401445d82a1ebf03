"""Gets the answer to a request: from the cache, from whoever is asking already, or by asking.

Here alone it is decided whether a request is sent. A key is in flight once in this process, because
a second asker waits for the first, and once on this machine, because the first has claimed it.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from whetstone.rewards.teacher.budget import Bill, Budget
from whetstone.rewards.teacher.faults import BILLED, MAY_BE_BILLED, MAY_PASS, Fault, TeacherFault
from whetstone.rewards.teacher.ledger import Ledger, Spending
from whetstone.rewards.teacher.providers.base import Provider, sender_of
from whetstone.rewards.teacher.redact import struck_out
from whetstone.rewards.teacher.request import Answer, Request
from whetstone.rewards.teacher.retry_policy import RetryPolicy, fault_of, wait_s
from whetstone.rewards.teacher.store import LEASE_S, Store
from whetstone.rewards.teacher.throttle import Throttle

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

_MINUTE_S = 60.0
_LOOK_AGAIN_S, _LOOK_AT_LEAST_S, _LOOKS = 0.1, 2.0, 5
"""How often to see whether another process has got the answer by now: less and less often."""
_SILENCE_S = 30.0
_PAUSE_S = 1.0
"""How long a place stays empty after a 429 that does not say."""


@dataclass(frozen=True)
class Pace:
    """How fast to ask; the fields are settings of `whetstone.rewards.teacher.settings.Limits`."""

    concurrency: int
    requests_per_minute: int | None
    tokens_per_minute: int | None
    retries: int
    longest_wait_s: float


class Asker:
    """Answers requests. Belongs to one event loop.

    Args:
        provider: Who is asked.
        store: What was answered before.
        budget: What may be asked still.
        ledger: Where hits of the store are counted.
        pace: How fast to ask.

    """

    def __init__(
        self, provider: Provider, store: Store, budget: Budget, ledger: Ledger, pace: Pace
    ) -> None:
        self._provider, self._store = provider, store
        self._budget, self._ledger = budget, ledger
        self._throttle = Throttle(pace.concurrency)
        self._requests, self._tokens = _limiters(pace)
        self._retries, self._longest_wait_s = pace.retries, pace.longest_wait_s
        self.in_vain = 0
        """Requests in a row that came to nothing. What was known already changes nothing in it."""
        self._flying: dict[str, asyncio.Task[Answer]] = {}
        self._halted = asyncio.Event()
        self._why: TeacherFault | None = None
        self._sender = sender_of(provider)
        self._key = provider.endpoint.key

    async def ask(self, request: Request, read: Callable[[dict[str, Any]], T]) -> T:
        """Return what `read` makes of the answer; its `ValueError` means a malformed one.

        Raises:
            TeacherFault: there is no answer, also after all retries.
            BudgetReachedError: it may not be asked.

        """
        key = request.key(self._sender)
        task = self._flying.get(key)
        if task is None:
            if (stored := self._store.get(key)) is not None:
                self._ledger.add(Spending(hits=1))
                return read(stored.fields)
            task = self._start(key, self._answer(key, request, read))
        return read((await asyncio.shield(task)).fields)

    def _start(self, key: str, answering: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        """Let one task ask, for all who want the answer, until it is done."""
        task = asyncio.ensure_future(answering)
        self._flying[key] = task
        task.add_done_callback(lambda _: self._flying.pop(key))
        return task

    def halt(self, fault: TeacherFault) -> None:
        """Send nothing more, since it would come to the same; what is in flight may arrive."""
        self._why = fault
        self._halted.set()

    def resume(self) -> None:
        """Send again."""
        self._why = None
        self._halted.clear()

    async def settle(self) -> None:
        """Send nothing more, and wait for what is in flight: it is paid for."""
        self.halt(TeacherFault(Fault.UNREACHABLE, "the run ends"))
        flying = list(self._flying.values())
        if flying:
            _LOG.warning("waiting for %d answers of the teacher that may be paid for", len(flying))
        await asyncio.gather(*flying, return_exceptions=True)

    async def keep_claims(self) -> None:
        """Renew the claims of this process until cancelled."""
        while True:
            await asyncio.sleep(LEASE_S / 3)
            self._store.renew()

    async def _answer(
        self, key: str, request: Request, read: Callable[[dict[str, Any]], object]
    ) -> Answer:
        retrying = AsyncRetrying(
            sleep=self._rest,
            stop=RetryPolicy(self._retries, self._throttle).is_over,
            wait=wait_s,
            retry=retry_if_exception(self._is_worth_another),
            before_sleep=_tell_long_waits,
            reraise=True,
        )
        try:
            return await retrying(self._attempt, key, request, read)
        except BaseException as error:
            self.in_vain += isinstance(error, TeacherFault)
            self._store.release(key)
            raise

    async def _attempt(
        self, key: str, request: Request, read: Callable[[dict[str, Any]], object]
    ) -> Answer:
        """Ask once, or wait for another process that does.

        A key is claimed only when there is room to ask: so processes share the work.
        """
        for look in itertools.count():
            async with self._throttle:
                self._refuse_when_halted()
                claimed = self._store.get_or_claim(key)
                if claimed is True:
                    answer = await self._once(request, read)
                    self._store.put(key, answer)
                    return answer
            if isinstance(claimed, Answer):
                self._ledger.add(Spending(hits=1))
                return claimed
            await self._rest(min(_LOOK_AGAIN_S * 2 ** min(look, _LOOKS), _LOOK_AT_LEAST_S))
        raise AssertionError("unreachable")

    def _is_worth_another(self, error: BaseException) -> bool:
        may_pass = isinstance(error, TeacherFault) and error.kind in MAY_PASS
        return may_pass and self._why is None and not self.takes_too_long(error)

    def takes_too_long(self, fault: BaseException) -> bool:
        """Tell whether the provider asks to wait longer than anybody is to wait."""
        asked = fault.retry_after_s if isinstance(fault, TeacherFault) else None
        return asked is not None and asked > self._longest_wait_s

    def _refuse_when_halted(self) -> None:
        if self._why is not None:
            raise self._why

    async def _rest(self, seconds: float) -> None:
        """Sleep, but not longer than there is something to wait for."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._halted.wait(), seconds)

    async def _once(self, request: Request, read: Callable[[dict[str, Any]], object]) -> Answer:
        worst = request.worst_case()
        if self._requests is not None:
            await self._requests.acquire()
        if self._tokens is not None:
            wanted = worst.input_tokens + worst.output_tokens
            await self._tokens.acquire(min(wanted, self._tokens.max_rate))
        async with self._budget.set_aside(worst) as bill:
            if self._why is not None:
                bill.usage = None
            self._refuse_when_halted()
            return await self._sent(request, read, bill)

    async def _sent(
        self, request: Request, read: Callable[[dict[str, Any]], object], bill: Bill
    ) -> Answer:
        """Send a request, enter what it costs, and look whether the answer is one."""
        try:
            answer = await self._provider.ask(request)
        except TeacherFault as fault:
            if fault.kind in BILLED:
                bill.usage = fault.usage or bill.usage
            elif fault.kind not in MAY_BE_BILLED:
                bill.usage = None
            if fault.kind is Fault.RATE_LIMITED:
                self._throttle.turned_away(fault.retry_after_s or _PAUSE_S)
            fault.args = (struck_out(str(fault), self._key),)
            _LOG.debug("%s", fault)
            raise
        answer = replace(answer, fields=struck_out(answer.fields, self._key))
        bill.usage = answer.usage or bill.usage
        self._throttle.answered()
        try:
            read(answer.fields)
        except ValueError as error:
            raise TeacherFault(Fault.MALFORMED, str(error), usage=answer.usage) from None
        self.in_vain = 0
        return answer


def _limiters(pace: Pace) -> tuple[AsyncLimiter | None, AsyncLimiter | None]:
    """Return the limiters of requests and of tokens.

    Requests are spread over the minute, since some providers look at shorter times than it; a burst
    of tokens may be as large as the limit, since one request may be.
    """
    requests = tokens = None
    if pace.requests_per_minute is not None:
        window_s = max(1.0, _MINUTE_S / pace.requests_per_minute)
        requests = AsyncLimiter(pace.requests_per_minute * window_s / _MINUTE_S, window_s)
    if pace.tokens_per_minute is not None:
        tokens = AsyncLimiter(pace.tokens_per_minute, _MINUTE_S)
    return requests, tokens


def _tell_long_waits(state: RetryCallState) -> None:
    """Explain a silence that a user would take for a hang."""
    if state.next_action is not None and state.next_action.sleep > _SILENCE_S:
        _LOG.warning(
            "asking the teacher again in %.0f s: %s", state.next_action.sleep, fault_of(state)
        )

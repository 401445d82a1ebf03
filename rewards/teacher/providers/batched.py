"""Asks in batches: dearer in hours, cheaper in money. For scoring that nobody waits for.

To the rest of the house it is a provider like any other: it answers single requests. Those that
come together go out together, and which question went out in which batch is kept with the cache: a
process that was killed, or another one, waits for the batch that is paid for already.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from rewards.teacher.faults import MAY_PASS, Fault, TeacherFault
from rewards.teacher.providers.base import Outcome, Provider, sender_of
from rewards.teacher.request import Answer, Request
from rewards.teacher.store import Store

_LOG = logging.getLogger(__name__)

MOST_TOGETHER = 10_000
"""Requests in a batch: below what either provider accepts, in number and in size."""
_GATHERING_S = 0.5
"""A batch is sent when no request has come for so long."""
_LOOKS = 20
"""Looks in a row that may fail before whoever waits is told."""


class BatchedProvider:
    """Answers requests by the batches of another provider. Belongs to its event loop.

    Args:
        provider: Who is asked.
        store: Where it is kept which question is in which batch.
        poll_s: Seconds between two looks at a batch.

    """

    def __init__(self, provider: Provider, store: Store, poll_s: float) -> None:
        self.protocol, self.endpoint = provider.protocol, provider.endpoint
        self._provider, self._store, self._poll_s = provider, store, poll_s
        self._sender = sender_of(provider)
        self._gathered: dict[str, Request] = {}
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._told: set[str] = set()
        """Questions whose batch is done: who asks one again could not use its outcome."""
        self._gathering: asyncio.Task[None] | None = None
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """Kept, or the loop would let them vanish."""

    async def ask(self, request: Request) -> Answer:
        """Have a request answered with others, or by the batch in which it was sent before."""
        key = request.key(self._sender)
        if key in self._told:
            self._told.discard(key)
            self._store.forget_batch(key)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[key] = answer
        batch = self._store.batch_of(key)
        if batch is None:
            self._gathered[key] = request
            self._send_soon()
        else:
            self._watch(batch)
        return await answer

    async def send_batch(self, requests: Mapping[str, Request]) -> str:
        """Hand in requests by key."""
        return await self._provider.send_batch(requests)

    async def batch_results(self, batch: str) -> dict[str, Outcome] | None:
        """Return what became of a batch."""
        return await self._provider.batch_results(batch)

    async def models(self) -> list[str]:
        """Return names of models there are."""
        return await self._provider.models()

    async def close(self) -> None:
        """Stop waiting, and close the connections; batches are worked on all the same."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._provider.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _send_soon(self) -> None:
        """Wait for more, unless the batch is full."""
        if self._gathering is not None:
            if len(self._gathered) >= MOST_TOGETHER:
                return
            self._gathering.cancel()
        self._gathering = self._start(self._send())

    async def _send(self) -> None:
        if len(self._gathered) < MOST_TOGETHER:
            await asyncio.sleep(_GATHERING_S)
        self._gathering = None  # from here on nobody cancels: what is sent is noted
        requests, self._gathered = self._gathered, {}
        try:
            batch = await self._provider.send_batch(requests)
        except TeacherFault as fault:
            self._tell(dict.fromkeys(requests, fault))
            return
        self._store.note_batch(batch, requests)
        # A warning, because a user would take the silence that follows for a hang.
        _LOG.warning("the teacher has %d questions as batch %s", len(requests), batch)
        self._watch(batch)

    def _watch(self, batch: str) -> None:
        if batch not in self._watching:
            task = self._start(self._follow(batch))
            self._watching[batch] = task
            task.add_done_callback(lambda _: self._watching.pop(batch))

    async def _follow(self, batch: str) -> None:
        """Look until the batch is done, and tell everybody who waits for it."""
        try:
            outcomes = await self._results(batch)
        except TeacherFault as fault:
            self._tell(dict.fromkeys(self._waiting_for(batch), fault))
            return
        none = TeacherFault(Fault.SERVER_ERROR, f"batch {batch} has no answer to this")
        found = {key: outcomes.get(key, none) for key in self._waiting_for(batch)}
        self._told |= found.keys()
        self._tell(found)

    def _waiting_for(self, batch: str) -> list[str]:
        return [key for key in self._waiting if self._store.batch_of(key) == batch]

    async def _results(self, batch: str) -> dict[str, Outcome]:
        failures = 0
        while True:
            try:
                outcomes = await self._provider.batch_results(batch)
            except TeacherFault as fault:
                failures += 1
                if fault.kind not in MAY_PASS:
                    raise
                if failures >= _LOOKS:  # unlike a lost answer, a failed look is never billed
                    raise TeacherFault(Fault.UNREACHABLE, str(fault)) from None
            else:
                if outcomes is not None:
                    return outcomes
                failures = 0
            await asyncio.sleep(self._poll_s)

    def _tell(self, outcomes: Mapping[str, Outcome]) -> None:
        for key, outcome in outcomes.items():
            answer = self._waiting.pop(key, None)
            if answer is None or answer.done():
                continue
            if isinstance(outcome, TeacherFault):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

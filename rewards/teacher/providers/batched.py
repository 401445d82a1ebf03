"""Asks in batches: dearer in hours, cheaper in money. For scoring that nobody waits for.

To the rest of the house it is a provider like any other: it answers single requests. Those that
come together go out together, and which question went out in which batch is kept with the cache: a
process that was killed, or another one, waits for the batch that is paid for already.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from whetstone.rewards.base import RunStopped
from whetstone.rewards.teacher.faults import (
    MAY_BE_BILLED,
    MAY_PASS,
    Fault,
    TeacherFault,
    TeacherUnavailableError,
)
from whetstone.rewards.teacher.providers.base import Outcome, Provider, sender_of
from whetstone.rewards.teacher.request import Answer, Request
from whetstone.rewards.teacher.store import Store

_LOG = logging.getLogger(__name__)

MOST_TOGETHER = 10_000
"""Requests in a batch: below what either provider accepts."""
_MOST_CHARACTERS = 80_000_000
"""And their length: providers accept 200 MB, and a character may take two bytes and more."""
MOST_WAITING = 10 * MOST_TOGETHER
"""Requests that are in batches at the same time."""
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
        self._characters = 0
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._batches: dict[str, str] = {}
        """Question that somebody waits for to its batch."""
        self._told: set[str] = set()
        """Questions whose batch is done: who asks one again could not use its outcome."""
        self._closing = False
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
            self._characters += len(request.system) + len(request.user)
            self._send_soon()
        else:
            self._batches[key] = batch
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
        self._closing = True
        for task in [self._gathering, *self._watching.values()]:
            if task is not None:
                task.cancel()
        # One that is being sent is awaited, or nobody would know of it.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        gone = TeacherFault(Fault.UNREACHABLE, "nobody waits for the batch any more")
        self._tell(dict.fromkeys(list(self._waiting), gone))
        await self._provider.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _is_full(self) -> bool:
        return len(self._gathered) >= MOST_TOGETHER or self._characters >= _MOST_CHARACTERS

    def _send_soon(self) -> None:
        """Wait for more, unless the batch is full."""
        if self._gathering is not None:
            self._gathering.cancel()
        if self._is_full():
            self._gathering = None
            self._start(self._send(self._taken()))
        else:
            self._gathering = self._start(self._send_later())

    def _taken(self) -> dict[str, Request]:
        requests, self._gathered, self._characters = self._gathered, {}, 0
        return requests

    async def _send_later(self) -> None:
        await asyncio.sleep(_GATHERING_S)
        self._gathering = None  # from here on nobody cancels: what is sent is noted
        await self._send(self._taken())

    async def _send(self, requests: Mapping[str, Request]) -> None:
        try:
            batch = await self._provider.send_batch(requests)
        except TeacherFault as fault:
            unknown = fault.kind in MAY_BE_BILLED
            self._tell(dict.fromkeys(requests, _unknown(fault, requests) if unknown else fault))
            return
        self._note(batch, requests)

    def _note(self, batch: str, requests: Mapping[str, Request]) -> None:
        try:
            self._store.note_batch(batch, requests)
        except RunStopped as error:  # the disk: whoever waits has to hear of it
            self._tell(dict.fromkeys(requests, error))
            return
        # A warning, because a user would take the silence that follows for a hang.
        _LOG.warning("the teacher has %d questions as batch %s", len(requests), batch)
        self._batches.update(dict.fromkeys(requests, batch))
        self._watch(batch)

    def _watch(self, batch: str) -> None:
        if batch not in self._watching and not self._closing:
            task = self._start(self._follow(batch))
            self._watching[batch] = task
            task.add_done_callback(lambda _: self._watching.pop(batch))

    async def _follow(self, batch: str) -> None:
        """Look until the batch is done, and tell everybody who waits for it."""
        try:
            outcomes = await self._results(batch)
        except TeacherFault as fault:
            self._give_up(batch, fault)
            return
        none = TeacherFault(Fault.SERVER_ERROR, f"batch {batch} has no answer to this")
        found = {key: outcomes.get(key, none) for key in self._waiting_for(batch)}
        self._told |= found.keys()
        self._tell(found)

    def _give_up(self, batch: str, fault: TeacherFault) -> None:
        """Tell those who wait; a batch that failed as a whole is theirs no longer."""
        keys = self._waiting_for(batch)
        self._tell(dict.fromkeys(keys, fault))
        if fault.kind is Fault.FAILED:
            for key in keys:
                self._store.forget_batch(key)

    def _waiting_for(self, batch: str) -> list[str]:
        return [key for key in self._waiting if self._batches.get(key) == batch]

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

    def _tell(self, outcomes: Mapping[str, Outcome | RunStopped]) -> None:
        for key, outcome in outcomes.items():
            answer = self._waiting.pop(key, None)
            self._batches.pop(key, None)
            if answer is None or answer.done():
                continue
            if isinstance(outcome, TeacherFault | RunStopped):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)


def _unknown(fault: TeacherFault, requests: Mapping[str, Request]) -> TeacherUnavailableError:
    """Return what ends the run, rather than pay for all questions twice."""
    return TeacherUnavailableError(
        f"nobody knows whether the teacher's provider took a batch of {len(requests)} questions"
        f" ({fault}). Look at its console, and cancel one that is there: the same command sends it"
        " again"
    )

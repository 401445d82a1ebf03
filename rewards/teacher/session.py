"""What is open while a teacher works: connections, files, and the one who renews claims.

All of it belongs to one event loop, and is closed when the loop's owner is done.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from whetstone.rewards.teacher.budget import Budget
from whetstone.rewards.teacher.client import Asker, Pace
from whetstone.rewards.teacher.ledger import Ledger
from whetstone.rewards.teacher.providers import build_provider
from whetstone.rewards.teacher.providers.base import Provider
from whetstone.rewards.teacher.providers.batched import MOST_WAITING, BatchedProvider
from whetstone.rewards.teacher.settings import TeacherSettings
from whetstone.rewards.teacher.store import Store
from whetstone.rewards.teacher.teacher import Teacher


@dataclass(frozen=True)
class Desk:
    """A teacher, and the book in which its costs stand."""

    teacher: Teacher
    ledger: Ledger


def provider_of(config: TeacherSettings, longest_s: float = math.inf) -> Provider:
    """Return the configured provider, which waits no longer than this for an answer.

    Raises:
        ValueError: the environment has no key.

    """
    return build_provider(
        config.provider,
        config.model,
        config.base_url,
        config.api_key_env,
        config.parameters,
        min(config.limits.timeout_s, longest_s),
        config.length_field,
    )


@asynccontextmanager
async def opened_desk(config: TeacherSettings, folder: Path | None) -> AsyncIterator[Desk]:
    """Open everything for one run, and leave nothing behind that is paid for.

    What is in flight at the end (Ctrl-C) is waited for, but for batches: the next run gets those.

    Args:
        config: Of the teacher.
        folder: The run's, where its spending is kept; None keeps it in memory.

    """
    provider = provider_of(config)
    store = Store(config.cache)
    ledger = Ledger(folder)
    if config.batch.enabled:
        provider = BatchedProvider(provider, store, config.batch.poll_s)
    budget = Budget(config.budget.calls, config.budget.dollars, config.price, ledger)
    asker = Asker(provider, store, budget, ledger, _pace(config))
    renewing = asyncio.ensure_future(asker.keep_claims())
    try:
        yield Desk(Teacher(config, asker), ledger)
    finally:
        if config.batch.enabled:
            await provider.close()
        await asker.settle()
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        await provider.close()
        store.close()
        ledger.close()


def _pace(config: TeacherSettings) -> Pace:
    """Return how fast to ask; a batch is sent at once, and its provider sets its pace."""
    limits = config.limits
    if config.batch.enabled:
        return Pace(MOST_WAITING, None, None, limits.retries, limits.longest_wait_s)
    return Pace(
        limits.concurrency,
        limits.requests_per_minute,
        limits.tokens_per_minute,
        limits.retries,
        limits.longest_wait_s,
    )

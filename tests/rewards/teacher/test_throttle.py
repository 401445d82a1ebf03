"""A provider's own limit, which nobody told us: nothing is lost to it, and it is not stormed."""

import asyncio
import time

from loopback import Loopback, _error

from whetstone.rewards.teacher.throttle import Throttle


class Limited(Loopback):
    """Takes so many requests a second, and tells the others to come back in a second's fraction."""

    rate, taken, since, refused = 40, 0, 0.0, 0

    async def _grading(self, path, question):
        now = time.monotonic()
        if now - self.since > 0.2:
            self.since, self.taken = now, 0
        self.taken += 1
        if self.taken > self.rate * 0.2:
            self.refused += 1
            return 429, "retry-after: 0.2\r\n", _error("slow down", "limit")
        return await super()._grading(path, question)


def test_nothing_is_lost_to_a_low_limit(configure):
    # Two retries: a 429 that counted as one would lose most of these.
    with Limited() as server:
        limits = {"concurrency": 32, "retries": 2, "stop_after_failures": 1000}
        reward = configure(base_url=f"{server.url}/v1", reward="score", limits=limits).build()
        assert None not in reward(["task"] * 100, [f"program {n}" for n in range(100)])
        reward.close()
        assert server.refused > 10
        assert server.stats()["paid"] == 100
        assert server.refused < 400  # without a throttle, each waits and knocks on its own


async def _room_of(throttle, most):
    """Count how many get in at the same time."""
    inside, open_ = 0, asyncio.Event()

    async def enter():
        nonlocal inside
        async with throttle:
            inside += 1
            await open_.wait()

    tasks = [asyncio.ensure_future(enter()) for _ in range(most)]
    for _ in range(5):
        await asyncio.sleep(0)
    found = inside
    open_.set()
    await asyncio.gather(*tasks)
    return found


def test_one_429_in_twenty_changes_nothing():
    async def main():
        throttle = Throttle(8)
        for _ in range(20):
            throttle.turned_away(60.0)
            for _ in range(19):
                throttle.answered()
        return await _room_of(throttle, 20)

    assert asyncio.run(main()) == 8


def test_many_of_them_leave_places_empty_for_a_while():
    async def main():
        throttle = Throttle(8)
        for _ in range(8):
            throttle.turned_away(0.05)
        started = time.monotonic()
        async with throttle:  # only one place is left, and it stays empty first
            waited = time.monotonic() - started
        for _ in range(14):
            throttle.answered()
        return waited, await _room_of(throttle, 20)

    waited, room = asyncio.run(main())
    assert waited > 0.04
    assert room == 8


def test_who_stops_waiting_takes_nobodys_turn():
    async def main():
        throttle = Throttle(1)
        async with throttle:
            first, second = (asyncio.ensure_future(throttle.__aenter__()) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.sleep(0)
        await asyncio.wait_for(second, 5)
        return first.cancelled()

    assert asyncio.run(main())

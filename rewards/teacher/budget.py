"""Holds a run to what its user allowed it to spend.

Before a request is sent, its highest price is set aside. One that would not fit waits for those in
flight, which mostly cost less than was set aside; where none is in flight, the run ends. So a
budget is used up nearly to the end, and never exceeded by a process on its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from whetstone.rewards.teacher.faults import BudgetReachedError
from whetstone.rewards.teacher.ledger import Ledger, Spending
from whetstone.rewards.teacher.prices import Price
from whetstone.rewards.teacher.request import Usage


@dataclass
class Bill:
    """What a request costs in the end. None: nothing, it was turned away."""

    usage: Usage | None


class Budget:
    """Counts calls and dollars against their limits.

    Args:
        calls: Most requests; None: any number.
        dollars: Most dollars; None: any sum. Needs a price.
        price: None where it is not known: dollars then stay 0.
        ledger: Where spending is added up.

    """

    def __init__(
        self, calls: int | None, dollars: float | None, price: Price | None, ledger: Ledger
    ) -> None:
        self._calls, self._dollars = calls, dollars
        self._price, self._ledger = price, ledger
        self._flying_calls = 0
        self._flying_dollars = 0.0
        self._settled = asyncio.Condition()

    @asynccontextmanager
    async def set_aside(self, worst: Usage) -> AsyncIterator[Bill]:
        """Wait until a request fits, and pay its bill at the end.

        The body enters the usage into the bill. It begins as the worst case, which counts when
        nobody will ever know.

        Raises:
            BudgetReachedError: it will not fit.

        """
        price = self._price_of(worst)
        async with self._settled:
            while not self._fits(price):
                if not self._flying_calls:
                    raise BudgetReachedError(self._message())
                await self._settled.wait()
            self._flying_calls += 1
            self._flying_dollars += price
        bill = Bill(worst)
        try:
            yield bill
        finally:
            self._flying_calls -= 1
            self._flying_dollars -= price
            try:
                self._enter(bill)
            finally:  # whatever became of this one, others wait for it
                async with self._settled:
                    self._settled.notify_all()

    def _enter(self, bill: Bill) -> None:
        if bill.usage is None:
            return
        self._ledger.add(
            Spending(
                calls=1,
                input_tokens=bill.usage.input_tokens,
                output_tokens=bill.usage.output_tokens,
                dollars=None if self._price is None else self._price.dollars(bill.usage),
            )
        )

    def _price_of(self, usage: Usage) -> float:
        return 0.0 if self._price is None else self._price.dollars(usage)

    def _fits(self, price: float) -> bool:
        spent = self._ledger.total()
        if self._calls is not None and spent.calls + self._flying_calls >= self._calls:
            return False
        if self._dollars is None:
            return True
        return (spent.dollars or 0.0) + self._flying_dollars + price <= self._dollars

    def _message(self) -> str:
        spent = self._ledger.total()
        return (
            f"the teacher's budget is used up: {spent.calls} calls"
            + (f" of {self._calls}" if self._calls is not None else "")
            + (f", ${spent.dollars:.4f}" if spent.dollars is not None else "")
            + (f" of ${self._dollars:g}" if self._dollars is not None else "")
            + ". All answers are kept; the same command with a larger reward.teacher.budget goes on"
        )

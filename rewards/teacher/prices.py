"""What a request costs, by the user's own table: prices are settings, and nobody knows them here.

A model without a price costs an unknown amount, which is said and never taken for 0.
"""

import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, NonNegativeFloat

from whetstone.rewards.teacher.request import Usage

_MILLION = 1_000_000
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|latest")


class Price(BaseModel):
    """Dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: NonNegativeFloat
    output: NonNegativeFloat
    as_of: str
    """When somebody looked it up: shown beside every estimate."""

    def dollars(self, usage: Usage) -> float:
        """Return the price of these tokens."""
        tokens = usage.input_tokens * self.input + usage.output_tokens * self.output
        return tokens / _MILLION

    def times(self, factor: float) -> "Price":
        """Return a price that is this share of it."""
        return Price(input=self.input * factor, output=self.output * factor, as_of=self.as_of)


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Return the price of a model; that of `NAME` also counts for its versions.

    These are `NAME-2025-01-31`, `NAME-20250131`, `NAME-0131`, `NAME-latest`. `NAME-5` is a model of
    its own. Of several names that fit, the longest.
    """
    fitting = [name for name in prices if model == name or _is_version(model, name)]
    return prices[max(fitting, key=len)] if fitting else None


def _is_version(model: str, name: str) -> bool:
    return model.startswith(f"{name}-") and _VERSION.fullmatch(model[len(name) + 1 :]) is not None

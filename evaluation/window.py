"""The months in which problems were published: what is later than a model's data is new to it."""

import re
from dataclasses import dataclass
from typing import Self

_DATE = r"\d{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?"
_WINDOW = re.compile(rf"({_DATE})?\.\.({_DATE})?")


@dataclass(frozen=True, slots=True)
class Window:
    """From a day or month to another, both with it; "" is open.

    Attributes:
        start: `2024-08` or `2024-08-01`.
        end: likewise; a month ends with its last day.

    """

    start: str
    end: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `2024-08..2025-02`; either side may be left out.

        Raises:
            ValueError: it is no window, or ends before it begins.

        """
        found = _WINDOW.fullmatch(text)
        if found is None or text == "..":
            raise ValueError(
                "give FROM..TO as months or days, such as 2024-08..2025-02 or 2024-08-15.."
            )
        window = cls(found[1] or "", found[2] or "")
        if window.start and window.end and not window.holds(window.start):
            raise ValueError("it ends before it begins")
        return window

    def holds(self, date: str) -> bool:
        """Tell whether a date of ISO 8601 lies within; a problem without one does not."""
        if not date or date[: len(self.start)] < self.start:
            return False
        return not self.end or date[: len(self.end)] <= self.end

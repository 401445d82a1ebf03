"""Where the seconds of training go: generate, reward, logps, optimize.

Parts are measured where they happen; `optimize` is what is left of a step. Sums are drained into
each log row, so that a resumed run counts the seconds of every step once.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transformers import TrainerCallback

PARTS = ("generate", "reward", "logps")


class StepClock(TrainerCallback):
    """Adds up wall-clock seconds by part between two logs."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._window_start = time.perf_counter()
        self._step_start = self._window_start

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Start the first window here, not when the trainer was built."""
        self._window_start = time.perf_counter()

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start a step: rollouts, passes and the optimizer's update."""
        self._step_start = time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """End a step."""
        self._seconds["step"] += time.perf_counter() - self._step_start

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Count the body's seconds for this part."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[part] += time.perf_counter() - start

    def drain(self) -> dict[str, float]:
        """Return `seconds/PART` since the last drain, and begin anew."""
        now = time.perf_counter()
        measured = {part: self._seconds[part] for part in PARTS if part in self._seconds}
        optimize = max(0.0, self._seconds["step"] - sum(measured.values()))
        row = {**measured, "optimize": optimize, "total": now - self._window_start}
        self._seconds.clear()
        self._window_start = now
        return {f"seconds/{part}": value for part, value in row.items()}

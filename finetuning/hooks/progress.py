"""What a person sees while a stage trains.

On a terminal a few live lines; elsewhere, in a log file or a CI job, a plain line now and then with
the same content. It shows what the trainer logs and measures nothing but the clock. Seconds are
those of one step, however many steps a row of the log stands for, and what is measured now and then
is shown with the step that it is of.
"""

import atexit
import math
import re
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.report.console import tell
from whetstone.finetuning.report.wording import duration

_SCORES = {"reward": "reward", "execution/pass_rate": "pass rate"}
_LOSSES = {"loss": "loss"}
_PARTS_OF_LOSS = {"loss": "loss", "loss/policy": "policy", "loss/kl": "KL", "reward_std": "std"}
"""Shown where an algorithm logs its loss in parts: there the loss is one that can be read."""
_PARTS = {
    "seconds/generate": "generate",
    "seconds/reward": "reward",
    "seconds/logps": "logps",
    "seconds/optimize": "optimize",
}
_HELD_OUT = re.compile("eval/(.+)/pass@1|eval_loss")
_SHOWN = frozenset({*_SCORES, *_LOSSES, *_PARTS_OF_LOSS})

# A short run gets about twenty plain lines; a long one stays alive without filling its log.
_LINE_SHARE = 0.05
_LINE_AT_MOST_EVERY_S = 3.0
_LINE_AT_LEAST_EVERY_S = 120.0


def stage_banner(console: Console, stage: str, position: int, total: int, *, cached: bool) -> None:
    """Announce a stage of a pipeline; a cached one is announced and done at once."""
    note = Text("  made by an earlier run, used again" if cached else "", style="dim")
    title = Text(f"Stage {position} of {total}: {stage}", style="bold")
    console.print(Text.assemble(title, note), soft_wrap=not console.is_terminal)


class ProgressCallback(TrainerCallback):
    """Show how far a stage is, what it has learned and how long it will take.

    Transformers brings progress callbacks of its own: set `disable_tqdm=True` and call
    `trainer.remove_callback(PrinterCallback)`, or every figure appears twice.
    """

    def __init__(self, stage: str, console: Console | None = None) -> None:
        self._stage = stage
        self._console = console or Console()
        self._live: Live | None = None
        self._figures: dict[str, float] = {}
        self._held_out: dict[str, tuple[float, int]] = {}  # value, and the step that it is of
        self._parts: dict[str, float] = {}  # seconds of one step
        self._parts_until = 0
        self._doing = ""
        self._batches = 0
        self._first_step = self._step = self._total = 0
        self._began_at = self._stepping_since = 0.0
        self._line_at = -math.inf
        self._line_step = 0

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Start the clock; a resumed run starts at the step of its checkpoint."""
        if not state.is_world_process_zero:
            return
        for figures in (self._figures, self._held_out, self._parts):
            figures.clear()
        self._first_step = self._step = self._line_step = self._parts_until = state.global_step
        self._total = state.max_steps
        # What a look before the first step or an earlier session found.
        for row in state.log_history:
            self._take_held_out(row, row["step"])
        self._began_at = self._stepping_since = self._console.get_time()
        self._line_at = -math.inf
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            # Without a refresh thread: between two steps there is nothing new to show.
            self._live = Live(self._frame(), console=self._console, auto_refresh=False)
            self._live.start(refresh=True)
            # An interrupted training never ends, and would leave the cursor hidden.
            atexit.register(self.close)

    def on_step_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Leave what comes before the first step, such as an evaluation, out of the pace."""
        if state.global_step == self._first_step:
            self._stepping_since = self._console.get_time()

    def on_step_end(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Move the bar."""
        if state.is_world_process_zero:
            self._step = state.global_step
            self._doing = ""
            self._refresh()

    def on_log(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Take over the figures that were logged, and show them if it is time to."""
        # A callback that was added earlier may log before this one has begun.
        if not state.is_world_process_zero or not self._total:
            return
        row = {
            name: number for name, v in (logs or {}).items() if (number := _finite(v)) is not None
        }
        if not any(name in _SCORES or name in _LOSSES or _HELD_OUT.match(name) for name in row):
            return  # the row after the last step: seconds that belong to none
        self._step = state.global_step
        self._take(row)
        self._refresh()
        is_over = control.should_training_stop or self._step >= self._total
        if self._live is None and not is_over and self._is_line_due():  # the end has its own line
            self._print_line(self._time_left())

    def doing(self, what: str) -> None:
        """Show what takes the time between two steps, until the next of them is done."""
        if what and not self._doing and not self._total:  # before there is a bar
            tell(self._console, what, "dim")
        self._doing = what
        self._refresh()

    def on_prediction_step(
        self,
        _args: TrainingArguments,
        state: TrainerState,
        _control: TrainerControl,
        eval_dataloader: Any = None,
        **_: Any,
    ) -> None:
        """Tell how far a measure of held-out rows is."""
        if state.is_world_process_zero and self._live is not None:
            self._batches += 1
            self.doing(f"measuring held-out rows: batch {self._batches} of {len(eval_dataloader)}")

    def on_evaluate(
        self, _args: TrainingArguments, _state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Forget the batches of a measure that has ended."""
        self._batches = 0
        self.doing("")

    def on_train_end(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Leave the last figures and the time it took."""
        if not state.is_world_process_zero:
            return
        self._step = state.global_step
        took = f"took {duration(self._console.get_time() - self._began_at)}"
        if self._live is not None:
            self._live.update(self._frame(took))
        else:
            self._print_line(took)
        self.close()

    def close(self) -> None:
        """Give the terminal back. Ending a training does this; so does leaving the program."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            atexit.unregister(self.close)

    def _take(self, row: Mapping[str, float]) -> None:
        """Take over the figures of a row; its seconds are sums over the steps since the last."""
        self._figures |= {name: value for name, value in row.items() if name in _SHOWN}
        self._take_held_out(row, self._step)
        steps = self._step - self._parts_until
        parts = {name: row[name] / steps for name in _PARTS if name in row and steps}
        if parts:
            self._parts, self._parts_until = parts, self._step

    def _take_held_out(self, row: Mapping[str, Any], step: int) -> None:
        self._held_out |= {
            name: (number, step)
            for name, value in row.items()
            if _HELD_OUT.fullmatch(name) and (number := _finite(value)) is not None
        }

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.update(self._frame(self._time_left()), refresh=True)

    def _frame(self, time: str = "") -> RenderableType:
        """Lay out the bar and, below it, the figures."""
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column()
        bar.add_column(ratio=1)
        bar.add_column(justify="right")
        count = Text.assemble(self._count(), (f"  {time}" if time else "", "dim"))
        progress = ProgressBar(total=self._total, completed=self._step)
        bar.add_row(Text(self._stage, style="bold"), progress, count)
        told = [
            ("  ".join(self._told_figures()), ""),
            (self._told_pace(), ""),
            (self._doing, "dim"),
        ]
        return Group(bar, *(Text(line, style) for line, style in told if line))

    def _print_line(self, time: str) -> None:
        told = [self._stage, self._count(), *self._told_figures(), self._told_pace(), time]
        tell(self._console, "  ".join(part for part in told if part))
        self._line_at, self._line_step = self._console.get_time(), self._step

    def _is_line_due(self) -> bool:
        silence_s = self._console.get_time() - self._line_at
        progress = self._step - self._line_step
        if silence_s < _LINE_AT_MOST_EVERY_S:
            return False
        return progress >= _LINE_SHARE * self._total or silence_s >= _LINE_AT_LEAST_EVERY_S

    def _count(self) -> str:
        return f"{self._step}/{self._total}"

    def _told_figures(self) -> list[str]:
        """Word what was logged; the loss only where there is no reward, which says more."""
        told = _worded(_SCORES, self._figures, ".2f") or _worded(_LOSSES, self._figures, ".3f")
        if "loss/policy" in self._figures:
            told += _worded(_PARTS_OF_LOSS, self._figures, ".3f")
        return told + [
            f"{_label(name)} {value:{'.2f' if 'pass@1' in name else '.3f'}} at step {step}"
            for name, (value, step) in self._held_out.items()
        ]

    def _told_pace(self) -> str:
        """Word the mean seconds of the last steps with their parts, or of this session's steps."""
        if self._step == self._first_step:
            return ""
        if not self._parts:
            return f"{self._seconds_per_step():.2f} s/step"
        parts = ", ".join(_worded(_PARTS, self._parts, ".2f"))
        return f"{sum(self._parts.values()):.2f} s/step ({parts})"

    def _time_left(self) -> str:
        """Extrapolate from this session alone: what ran before a resume took other seconds."""
        if self._step == self._first_step:
            return ""
        return f"{duration(self._seconds_per_step() * (self._total - self._step))} left"

    def _seconds_per_step(self) -> float:
        elapsed_s = self._console.get_time() - self._stepping_since
        return elapsed_s / (self._step - self._first_step)


def _worded(labels: Mapping[str, str], figures: Mapping[str, float], form: str) -> list[str]:
    return [f"{label} {figures[name]:{form}}" for name, label in labels.items() if name in figures]


def _label(name: str) -> str:
    """Return what a held-out figure is called."""
    match = _HELD_OUT.fullmatch(name)
    return f"{match[1]} pass@1" if match and match[1] else "eval loss"


def _finite(value: Any) -> float | None:
    """Return a logged value as a number; trainers also log text, None and NaN."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None

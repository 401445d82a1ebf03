"""How loaded the machine is, in the tracker: at every log, and in between while a step takes long.

A run that slows down or is about to run out of memory says so here, and nowhere in its loss.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import psutil
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

Write = Callable[[Mapping[str, float], int], None]
"""Takes figures by name, and the step."""

_GB = 1e9


class SystemCallback(TrainerCallback):
    """Writes `System/*` at each log and every few seconds, from a thread of its own.

    The thread is a daemon and is ended by `close`, so neither an error nor a kill waits for it.
    """

    def __init__(self, every_s: float, device: str, write: Write) -> None:
        self._every_s = every_s
        self._device = device
        self._write = write
        self._step = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def on_train_begin(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Start the thread; ranks other than the first write nothing."""
        if not state.is_world_process_zero or self._thread is not None:
            return
        self._step = state.global_step
        psutil.cpu_percent()  # usage is counted from the last question of the same thread
        self._ended.clear()
        self._thread = threading.Thread(target=self._watch, name="system-figures", daemon=True)
        self._thread.start()

    def on_log(
        self, _args: TrainingArguments, state: TrainerState, _control: TrainerControl, **_: Any
    ) -> None:
        """Write beside what was logged."""
        self._step = state.global_step
        if self._thread is not None:
            self._write(system_figures(self._device), self._step)

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """End the thread."""
        self.close()

    def close(self) -> None:
        """End the thread, and wait until it has written its last figure."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        psutil.cpu_percent()
        while not self._ended.wait(self._every_s):
            self._write(system_figures(self._device), self._step)


def system_figures(device: str) -> dict[str, float]:
    """Return usage of the processors in percent, and of memory in GB (10^9 bytes)."""
    memory = psutil.virtual_memory()
    figures = {
        "System/CPU_Percent": psutil.cpu_percent(),
        "System/Memory_Percent": memory.percent,
        "System/Memory_Used_GB": memory.used / _GB,
        "System/Memory_Available_GB": memory.available / _GB,
        "System/Process_Memory_GB": psutil.Process().memory_info().rss / _GB,
    }
    found = _device_memory(device)
    if found is not None:
        used, total = found
        figures["System/GPU_Memory_Used_GB"] = used / _GB
        figures["System/GPU_Memory_Total_GB"] = total / _GB
        figures["System/GPU_Memory_Percent"] = 100 * used / total
    return figures


def _device_memory(device: str) -> tuple[int, int] | None:
    """Return used and total bytes of the GPU that the run is on; None where it is on none."""
    if device == "cuda":
        free, total = torch.cuda.mem_get_info()
        return total - free, total
    if device == "mps":
        return torch.mps.driver_allocated_memory(), torch.mps.recommended_max_memory()
    return None

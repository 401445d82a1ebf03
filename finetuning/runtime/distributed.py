"""The processes of one run, once torch may load: they meet, agree, and wait for the first.

Rank 0 makes folders, measures, merges and reports; the others learn from it what was decided. A
rank that fails ends the run: the launcher ends the others.
"""

import os
from datetime import timedelta
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object

from whetstone.finetuning.runtime.environment import processes

T = TypeVar("T")
_PATIENCE = timedelta(hours=24)  # an evaluation on rank 0 may take long


def join(device: str) -> None:
    """Meet the other processes of the run; does nothing where there is one."""
    if processes() == 1:
        return
    if device == "cpu":
        os.environ["ACCELERATE_USE_CPU"] = "true"  # else transformers looks for a GPU per rank
    PartialState(cpu=device == "cpu", timeout=_PATIENCE)


def share(value: T) -> T:
    """Return what rank 0 was given, on every rank. The others wait for it."""
    if processes() == 1:
        return value
    values = [value]
    broadcast_object_list(values, from_process=0)
    return values[0]


def check_equal(model: Any) -> None:
    """Check that every rank trained the same weights. Raises RuntimeError: it is a bug of ours."""
    if processes() == 1:
        return
    with torch.no_grad():
        total = sum(parameter.double().abs().sum().item() for parameter in model.parameters())
    totals = gather_object([total])
    if len(set(totals)) > 1:
        raise RuntimeError(f"the ranks ended with different weights: {totals}")

"""What to lower, and in which order, when something does not fit into the memory of its GPU."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from whetstone.finetuning.config import Config
from whetstone.finetuning.errors import DoesNotFitError

_GIB = 2**30
_SMALL_LORA = 16
_LENGTHS = ("max_completion_length", "max_length")


_RAN_OUT = ("MPS backend out of memory", "[metal::malloc]", "CUDA error: out of memory")
"""How Apple's GPU, MLX and CUDA's own calls word it: as plain RuntimeErrors."""


@contextmanager
def told_how_to_fit(settings: Callable[[], Iterator[str]]) -> Iterator[None]:
    """Turn the error of a full GPU into one for the user, with these settings to lower."""
    try:
        yield
    except RuntimeError as error:
        if not _ran_out(error):
            raise
        raise does_not_fit(error, settings()) from error


def does_not_fit(error: RuntimeError, settings: Iterator[str]) -> DoesNotFitError:
    """Return the error for the user: what was measured, then settings, the mildest first."""
    first = " ".join(str(error).split(". ")[:2])
    lines = [f"The GPU's memory is used up ({first}).", *_measured(), "Lower, in this order:"]
    return DoesNotFitError("\n".join([*lines, *(f"  {setting}" for setting in settings)]))


def of_sampling(
    batch: tuple[str, int], tokens: tuple[str, int], four_bit: str | None
) -> Iterator[str]:
    """Yield what helps where a model only answers.

    Args:
        batch: the setting that says how many completions are drawn at once, and its value.
        tokens: likewise how long they may get.
        four_bit: the setting that holds the weights in 4 bits, where there is one left to set.

    """
    for setting, value in (batch, tokens):
        if value > 1:
            yield f"{setting}={value // 2} (now {value})"
    if four_bit is not None:
        yield f"{four_bit}: other weights than those that were stored, and other figures"
    yield "model=: a smaller one"


def _ran_out(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or str(error).startswith(_RAN_OUT)


def _measured() -> Iterator[str]:
    if torch.backends.mps.is_available():
        held, most = torch.mps.driver_allocated_memory(), torch.mps.recommended_max_memory()
        yield (
            f"Measured: {held / _GIB:.1f} GiB held by this process, of {most / _GIB:.1f} GiB that "
            "this computer gives to its GPU."
        )
    if torch.cuda.is_available():
        _, total = torch.cuda.mem_get_info()
        held, most = torch.cuda.memory_reserved(), torch.cuda.max_memory_allocated()
        yield (
            f"Measured: at most {most / _GIB:.1f} GiB used and {held / _GIB:.1f} GiB held by this "
            f"process, of {total / _GIB:.1f} GiB."
        )


def of_training(config: Config) -> Iterator[str]:
    """Yield what would help, cheapest for the result first: the first two change nothing at all."""
    args, model = config.algo.args, config.model
    rows, steps = (
        args.get("per_device_train_batch_size", 8),
        args.get("gradient_accumulation_steps", 1),
    )
    if rows > 1:
        yield (
            f"algo.args.per_device_train_batch_size={rows // 2} (now {rows}) with "
            f"algo.args.gradient_accumulation_steps={steps * 2} (now {steps}): the same batch"
        )
    if not args.get("activation_checkpointing"):
        yield "algo.args.activation_checkpointing=true: slower, and the same result"
    if model.adapter == "full":
        yield "model.adapter=lora: trains an adapter instead of all weights"
    elif model.quantization is None:
        yield "backend=cuda_qlora: the base in 4 bits"
    for name in _LENGTHS:
        if args.get(name):
            yield f"algo.args.{name}={args[name] // 2} (now {args[name]})"
    if model.adapter == "lora" and model.lora.r > _SMALL_LORA:
        yield f"model.lora.r={_SMALL_LORA} (now {model.lora.r})"
    batch = config.hooks.evaluate.batch_size
    if batch > 1:
        yield (
            f"hooks.evaluate.batch_size={batch // 2} (now {batch}), where it was an evaluation "
            "that did not fit"
        )
    yield "model=: a smaller one"

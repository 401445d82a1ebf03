"""What to lower, and in which order, when a run does not fit into the memory of its GPU."""

from collections.abc import Iterator

import torch

from finetuning.config import Config
from finetuning.errors import DoesNotFitError

_GIB = 2**30
_SMALL_LORA = 16
_LENGTHS = ("max_completion_length", "max_length")


def does_not_fit(config: Config, error: torch.OutOfMemoryError) -> DoesNotFitError:
    """Return the error for the user: what was measured, then settings, the mildest first."""
    first = " ".join(str(error).split(". ")[:2])
    lines = [f"The GPU's memory is used up ({first}).", *_measured(), "Lower, in this order:"]
    lines += [f"  {setting}" for setting in _settings(config)]
    return DoesNotFitError("\n".join(lines))


def _measured() -> Iterator[str]:
    if torch.cuda.is_available():
        _, total = torch.cuda.mem_get_info()
        held, most = torch.cuda.memory_reserved(), torch.cuda.max_memory_allocated()
        yield (
            f"Measured: at most {most / _GIB:.1f} GiB used and {held / _GIB:.1f} GiB held by this "
            f"process, of {total / _GIB:.1f} GiB."
        )


def _settings(config: Config) -> Iterator[str]:
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

"""What the harness's command needs from here: the model behind its flags, and a bar.

The command itself is `whetstone.evaluation.harness`, which knows no model. Nothing heavy is
imported before a model is wanted: scoring a file of generations needs none.
"""

import os
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from rich.console import Console

from whetstone.evaluation.harness.command import main
from whetstone.finetuning.config.schema import DeviceConfig
from whetstone.finetuning.runtime.progress import CountProgress

if TYPE_CHECKING:
    from whetstone.finetuning.rollout.text import TextSampler

_DTYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}


def run() -> int:
    """Run the command of this process; returns its exit code.

    `accelerate launch` starts a process for each GPU. Here one does all of it.
    """
    if os.environ.get("RANK", "0") != "0":
        return 0
    others = int(os.environ.get("WORLD_SIZE", "1")) - 1
    if others:
        print(f"one process evaluates; the other {others} have ended", file=sys.stderr)
    with CountProgress("generation", "problems", Console(stderr=True)) as progress:
        return main(load_sampler, progress)


def load_sampler(args: Namespace) -> "TextSampler":
    """Load `--model` as the flags say."""
    from whetstone.finetuning.model.device import choose_device  # noqa: PLC0415 - torch, only now
    from whetstone.finetuning.model.load_for_eval import WeightsToMeasure, load_measured  # noqa: PLC0415
    from whetstone.finetuning.rollout.text import TextSampler  # noqa: PLC0415
    from whetstone.finetuning.runtime.quiet import quiet_libraries  # noqa: PLC0415

    quiet_libraries()
    backend = {"name": "auto", "device": "auto", "dtype": _DTYPES[args.precision]}
    wanted = WeightsToMeasure(
        path=args.model,
        revision=args.revision,
        trust_remote_code=args.trust_remote_code,
        bits="4bit" if args.load_in_4bit else "8bit" if args.load_in_8bit else None,
        adapter=args.peft_model,
        placement=_placement(args.max_memory_per_gpu),
    )
    print(f"Loading model in {wanted.bits or args.precision}")
    policy = load_measured(wanted, choose_device(DeviceConfig.model_validate(backend)))
    return TextSampler(policy.model, policy.tokenizer, max_length=args.max_length_generation)


def _placement(memory: str | None) -> dict[str, Any]:
    if memory is None:
        return {}
    if memory == "auto":
        return {"device_map": "auto"}
    import torch  # noqa: PLC0415

    limits = dict.fromkeys(range(torch.cuda.device_count()), memory)
    return {"device_map": "auto", "max_memory": limits, "offload_folder": "offload"}

"""From a checked command to its result: what has to happen before torch loads, in order.

The commands and the functions of `whetstone.finetuning.api` begin here.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from whetstone.finetuning.config import Plan
from whetstone.finetuning.config.describe import describe_plan
from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.rules.backend import device_is_here
from whetstone.finetuning.config.schema import DeviceConfig
from whetstone.finetuning.config.schema.commands import EvaluationConfig
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.runtime.environment import is_main, share_the_cores, take_one_gpu

if TYPE_CHECKING:
    from whetstone.finetuning.pipeline import Finished


def launch_run(plan: Plan, *, is_point: bool = False) -> "Finished":
    """Run a plan.

    Args:
        plan: What to do, as the gate let it through.
        is_point: Whether it is one run of a sweep, whose end says what to do next.

    Raises:
        ConfigError: A GPU or a model that cannot be had, before torch loads.

    """
    check_gpu(plan.main.backend)
    if is_main():
        told = describe_plan(plan)
        print(f"The configuration is right.\n{told}\nLoading torch and TRL.", flush=True)
    _check_models(plan)
    share_the_cores()
    take_one_gpu()
    from whetstone.finetuning.pipeline import run_plan  # noqa: PLC0415 - torch, only now

    return run_plan(plan, is_point=is_point)


def launch_evaluation(config: EvaluationConfig) -> Path:
    """Measure a model; return the folder of the results.

    Raises:
        ConfigError: A model that cannot be had, before torch loads.

    """
    # The Hub's client, and torch only when the model is here.
    from whetstone.finetuning.model.resolve import find_model  # noqa: PLC0415

    found = find_model(config.model, config.revision, config.trust_remote_code, config.outputs)
    share_the_cores()
    take_one_gpu()
    from whetstone.finetuning.inference.evaluate import evaluate_model  # noqa: PLC0415

    return evaluate_model(config, found)


def check_gpu(backend: DeviceConfig) -> None:
    """Refuse a GPU that cannot be here, before torch loads.

    Raises:
        ConfigError: The system has no driver for it.

    """
    if problems := [*device_is_here(f"backend={backend.name}", backend.device)]:
        raise ConfigError(problems)


def _check_models(plan: Plan) -> None:
    from whetstone.finetuning.model.hub import check_reachable  # noqa: PLC0415 - the Hub's client

    for model in (stage.config.model for stage in plan.stages):
        if model.path is not None and referred(model.path) is None:
            check_reachable(model.path, model.revision)

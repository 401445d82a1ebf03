"""Refuses what this machine or this model cannot do, before anything is written or weights load.

The gate (`finetuning/config`) has checked what settings and rows tell by themselves. What it cannot
know without torch or without the model's files is checked here.
"""

from whetstone.finetuning.config import Config
from whetstone.finetuning.config.describe import measured_on
from whetstone.finetuning.config.goal import watch_metric
from whetstone.finetuning.config.model_files import context_of, vocabulary_of
from whetstone.finetuning.config.rules.model import (
    architecture_problems,
    length_problems,
    template_problems,
)
from whetstone.finetuning.config.schema import OnlineConfig
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.hooks.custom import find_custom_hooks
from whetstone.finetuning.model.device import Device, check_optimizer, choose_device
from whetstone.finetuning.model.hub import local_folder
from whetstone.finetuning.model.policy import load_tokenizer
from whetstone.finetuning.model.tokenizer_checks import too_long, vocabulary_problems
from whetstone.finetuning.report.console import tell
from whetstone.finetuning.report.outcome import NOTHING_HELD_OUT
from whetstone.finetuning.rollout.engines import choose_rollout
from whetstone.finetuning.training.prepare import Inputs, StageRun
from whetstone.finetuning.training.rewards import check_rewards
from whetstone.rewards.execution import ExecutionConfig
from whetstone.rewards.sandbox.infinite_loops import why_off


def preflight(config: Config) -> Device:
    """Check that this machine has what a stage needs, before anything is written.

    Returns:
        The device that the stage will run on.

    Raises:
        ConfigError: The device, the engine, the optimizer, a reward or a hook cannot be had here.

    """
    device = choose_device(config.backend)
    choose_rollout(config.backend.rollout, device)
    check_optimizer(str(config.algo.args.get("optim", "")), device)
    check_rewards(config)
    find_custom_hooks(config.hooks.custom)
    return device


def check_model_files(stage: StageRun, inputs: Inputs) -> None:
    """Check that the algorithm can train this model on these rows, before its weights load.

    Raises:
        ConfigError: Its architecture, length, template or vocabulary does not fit.

    """
    config, rows = stage.config, inputs.data.train
    if config.model.path is None:
        return
    folder = local_folder(config.model.path, config.model.revision)
    problems = [*architecture_problems(config, folder), *length_problems(config, folder)]
    tokenizer = load_tokenizer(folder, config.model.trust_remote_code)
    has_template = tokenizer.chat_template is not None
    problems += template_problems(config, rows[0], has_template=has_template)
    if not problems and (size := vocabulary_of(folder)) is not None:
        setting = f"model.path={config.model.path}"
        problems += vocabulary_problems(setting, rows, tokenizer, size)
    if problems:
        raise ConfigError(problems)
    length, context = config.algo.args.get("max_completion_length"), context_of(folder)
    if not isinstance(config.algo, OnlineConfig) or length is None or context is None:
        return
    if found := too_long(rows["prompt"], tokenizer, length, context):
        if found.count == found.of:
            raise ConfigError([found.problem])
        stage.console.print(str(found.problem), highlight=False)


def say_what_is_slower_here(stage: StageRun) -> None:
    """Say where programs that never end cost their whole timeout, if this stage runs programs."""
    reason = why_off()
    if reason and any(isinstance(spec, ExecutionConfig) for spec in stage.config.reward.values()):
        stage.console.print(reason, highlight=False)


def warn_if_nothing_is_held_out(stage: StageRun, inputs: Inputs) -> None:
    """Say where every figure will come from what is trained on, unless the plan has said so."""
    config = stage.config
    wanted = config.hooks.evaluate
    of_tasks = inputs.algorithm.makes_policy and wanted.tasks and (wanted.before or wanted.after)
    holds_out = of_tasks or watch_metric(config) or inputs.data.held_out
    if measured_on(config) and not holds_out:
        tell(stage.console, NOTHING_HELD_OUT)

"""The story of a run, top to bottom: data, rewards, model, trainer, hooks, training, report.

Everything a user can misconfigure is built before any weights are loaded. Each chapter leaves
something on disk, and a run that was killed begins at the first chapter that did not: an evaluation
at its next chunk, training at its last checkpoint.
"""

import gc
from contextlib import ExitStack, closing
from pathlib import Path

from whetstone.finetuning.algo.base import CHECKPOINTS
from whetstone.finetuning.algo.table import ALGORITHMS
from whetstone.finetuning.artifacts.checkpoints import last_checkpoint
from whetstone.finetuning.artifacts.objective import Summary
from whetstone.finetuning.artifacts.run_dir import run_id
from whetstone.finetuning.config import Config
from whetstone.finetuning.config.resolve_model import MERGED
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.hooks.build import build_hooks
from whetstone.finetuning.inference.stage_evaluation import Measure, Metrics
from whetstone.finetuning.model.adapter import check_targets
from whetstone.finetuning.model.hub import local_folder
from whetstone.finetuning.model.merge import Merger
from whetstone.finetuning.model.policy import Policy, build_policy, load_policy
from whetstone.finetuning.model.scorer import (
    build_scorer,
    discriminator_files,
    fold_adapter,
    scale_files,
)
from whetstone.finetuning.report.console import working
from whetstone.finetuning.runtime.distributed import check_equal, share
from whetstone.finetuning.runtime.environment import is_main, processes
from whetstone.finetuning.runtime.quiet import quiet_libraries
from whetstone.finetuning.training.preflight import (
    check_model_files,
    say_what_is_slower_here,
    warn_if_nothing_is_held_out,
)
from whetstone.finetuning.training.prepare import Inputs, StageRun, prepare
from whetstone.finetuning.training.summary import summarize
from whetstone.finetuning.training.tracking import (
    Scalars,
    finish_trackers,
    report_scores,
    start_trackers,
)
from whetstone.finetuning.training.trainer import build_trainer, train
from whetstone.rewards.scorer import Scorer, save_scorer

ADAPTER = "adapter"


def run_stage(stage: StageRun) -> Summary:
    """Do one stage in its folder, or what an interrupted session left of it."""
    quiet_libraries()
    config, device = stage.config, stage.device
    ranks = f", {processes()} processes" if processes() > 1 else ""
    told = f"{config.algo.name} on {device.kind} ({device.reason}{ranks})"
    stage.console.print(told, highlight=False)
    sampler = stage.rollout
    stage.console.print(f"completions by {sampler.name} ({sampler.reason})", highlight=False)
    if config.model.path is not None:  # before the data: without it there is nothing to train
        with working(stage.console, "looking for the model's files"):
            local_folder(config.model.path, config.model.revision)
    with ExitStack() as opened:
        inputs = prepare(stage, opened)
        warn_if_nothing_is_held_out(stage, inputs)
        say_what_is_slower_here(stage)
        measure = Measure(config, stage.folder / "eval", stage.console, stage.engine_for)
        start_trackers(config.tracker, stage.folder, run_id(stage.folder))
        merged = stage.folder / MERGED
        if not share(merged.is_dir()):
            _until_merged(stage, inputs, measure, merged)
    gc.collect()  # the policy and its optimizer, before another copy of the weights is loaded
    return share(_sum_up(stage, measure, merged) if is_main() else {})


def _sum_up(stage: StageRun, measure: Measure, merged: Path) -> Summary:
    """Measure the finished model, on rank 0."""
    config, device = stage.config, stage.device
    before: dict[str, Metrics] = {}
    after: dict[str, Metrics] = {}
    if ALGORITHMS[config.algo.name].makes_policy:
        before = measure.before(_measured_already)
        # Without the folder the merge was refused; the summary says so.
        after = measure.after(lambda: load_policy(str(merged), device)) if merged.is_dir() else {}
    summary = summarize(config, stage.folder, (before, after), merged)
    report_scores(config.tracker, stage.folder, after, summary["steps"])
    finish_trackers(config.tracker)
    return summary


def _measured_already() -> Policy:
    raise RuntimeError("the evaluation before training must have ended before the model was saved")


def _until_merged(stage: StageRun, inputs: Inputs, measure: Measure, merged: Path) -> None:
    """Measure the model as it is, train it, and leave the finished one."""
    config = stage.config
    check_model_files(stage, inputs)
    policy = _load(stage, inputs, measure)
    engine = stage.engine_for(policy) if inputs.algorithm.makes_policy else None
    merger = Merger(config.model, config.hooks.merge)
    with closing(Scalars(config.tracker if is_main() else {}, stage.folder)) as scalars:
        hooks = build_hooks(
            config,
            stage.name,
            stage.folder,
            stage.console,
            lambda task, tell: measure.looker(task, policy.tokenizer, engine, tell),
            merger,
            policy.tokenizer,
            stage.folder / CHECKPOINTS,
            scalars,
            stage.device.kind,
        )
        with working(stage.console, f"preparing {len(inputs.data.train):,} rows"):
            trainer = build_trainer(stage, inputs, policy, hooks, engine)
        checkpoint = share(last_checkpoint(stage.folder / CHECKPOINTS) if is_main() else None)
        with closing(hooks):
            state = train(trainer, hooks, checkpoint, stage.console)
    if better := hooks.better_weights(state):
        stage.console.print(
            f"finishing with the weights of the best held-out figure, {better}", highlight=False
        )
        trainer._load_from_checkpoint(str(better))  # noqa: SLF001 - it has no public name
    trained = trainer.accelerator.unwrap_model(trainer.model)
    check_equal(trained)
    if not is_main():
        return
    with working(stage.console, "writing and checking the finished model"):
        if inputs.algorithm.makes_policy:
            merger.write(Policy(trained, policy.tokenizer), merged, stage.folder / ADAPTER)
        else:
            scorer = fold_adapter(trained, policy.tokenizer, stage.folder / ADAPTER)
            save_scorer(scorer, merged, _files_beside(scorer, inputs, config))


def _files_beside(scorer: Scorer, inputs: Inputs, config: Config) -> dict[str, str]:
    """Return what a reward model or a discriminator brings besides its weights."""
    held_out = inputs.data.held_out.to_list() if inputs.data.held_out else []
    rows = inputs.data.train.to_list()
    if config.algo.need is not Need.REFERENCES:
        return scale_files(scorer, held_out or rows, config.algo)
    return discriminator_files(scorer, rows, held_out, config.algo, config.seed)


def _load(stage: StageRun, inputs: Inputs, measure: Measure) -> Policy:
    """Load what is trained; a policy is measured first."""
    config, is_policy = stage.config, inputs.algorithm.makes_policy
    with working(stage.console, "loading the model"):
        policy = (
            build_policy(config.model, stage.device, config.seed)
            if is_policy
            else build_scorer(config.model, config.algo, stage.device, config.seed)
        )
    check_targets(config.model, policy.model)
    if is_policy and is_main():
        measure.before(lambda: policy)
    return policy

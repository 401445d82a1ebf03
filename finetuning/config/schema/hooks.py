"""What happens around training without being asked."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, StrictBool

from whetstone.finetuning.config.schema.base import PathOrName, PublishedWindow, Section
from whetstone.finetuning.config.schema.sampling import TaskSamplingConfig


class EvaluateConfig(TaskSamplingConfig):
    """pass@k before and after training."""

    tasks: list[PathOrName]
    """`nano`, `mbpp`, `humaneval`, or the path of a JSONL file; an empty list: no evaluation."""
    before: bool
    after: bool
    window: PublishedWindow | None
    """FROM..TO, `2024-08..2025-02`: of tasks with dates (livecodebench) only the problems that were
    published within; null: all."""
    packages: list[str]
    """Installed packages that programs and tests may import; as the reward's, unless it is said."""


class WatchConfig(Section):
    """pass@1 on held-out problems while training goes on: the points of the curve."""

    every_steps: NonNegativeInt
    """0: never. Without a `data.watch_task` there is nothing to measure."""
    samples: PositiveInt
    limit: PositiveInt


class MergeConfig(Section):
    """The finished model, and the gate that it passes: it must say what the adapter said.

    The tolerances are mean KL divergences per token, in nats, on fixed texts.
    """

    each_epoch: bool
    """Also write `merged-epoch-N` when an epoch is complete."""
    max_kl: PositiveFloat
    """Where both models compute in float32."""
    max_kl_16bit: PositiveFloat
    """Where one of them computes in 16 bits, which rounds weights and results."""


class BestConfig(Section):
    """Which weights become the finished model, where `hooks.watch` has measured some."""

    keep: bool
    """Keep the weights with the best held-out figure in `best/`."""
    metric: str | None
    """What decides, as metrics.jsonl names it: `eval_loss`, `eval_accuracy`, ... of held-out rows;
    null: the pass@1 of `hooks.watch`."""
    margin: NonNegativeFloat | None
    """Finish with them if the last figure is worse by more than this; 0: always with the best.
    Null: 0.1 for a pass@1, where less would choose by luck, and 0 for held-out rows."""


class EarlyStopConfig(Section):
    """Guards that end training early; the run then merges and evaluates. Null: without that one.

    They count log rows, so that `algo.args.logging_steps` stretches them.
    """

    enabled: bool
    """False: without any of them."""
    metric: str | None
    """What has to improve, as metrics.jsonl names it; null: the pass@1 of `hooks.watch`."""
    mode: Literal["max", "min"]
    """Whether more of it is better, or less."""
    patience: PositiveInt | None
    """Stop when the metric was logged this often in a row without a new best."""
    min_delta: NonNegativeFloat
    """A new best is better by more than this."""
    max_kl: PositiveFloat | None
    """Stop when the mean KL per token to the reference model, in nats, stays above this. Only
    algorithms with `beta` above 0 measure it."""
    max_kl_logs: PositiveInt
    """For how many logs in a row."""
    collapse_below: Annotated[float, Field(gt=0, lt=1)] | None
    """Stop when the reward's moving average stays below this fraction of its best."""
    collapse_window: PositiveInt
    """Logs in the moving average."""
    collapse_logs: PositiveInt
    """For how many logs in a row."""
    no_signal_logs: PositiveInt | None
    """Stop when for this many logs in a row every group had equal rewards and none above 0."""


class UnjudgedConfig(Section):
    """The guard against a sandbox or a teacher that is down: exit code 3, to be continued."""

    patience: PositiveInt | None
    """Logs in a row in which not one sample could be judged; null: train on regardless."""


class ExportConfig(Section):
    """Other forms of the policy, written whenever a checkpoint is."""

    mlx: StrictBool
    """`mlx/step-N` in the run's folder, for mlx_lm; only as many as there are checkpoints."""


class PublishHookConfig(Section):
    """What goes to the Hub when a run has ended, as `whetstone publish model` sends it."""

    repo: str | None
    """OWNER/NAME; null: nothing is published."""
    epochs: list[PositiveInt]
    """Also the model of these epochs (`hooks.merge.each_epoch`), each as OWNER/NAME-epoch-N."""
    mlx: list[Literal["whole", "8bit", "4bit"]]
    """Also these forms of the finished model for MLX."""
    license: str | None
    """The licence as the Hub names it; null: that of the base, where its card is here."""
    private: StrictBool
    push: StrictBool
    """Upload. Without it the run ends by showing what would go up."""


class SystemHookConfig(Section):
    """How loaded the machine is, as `System/*` in TensorBoard; W&B watches it by itself."""

    enabled: bool
    every_s: PositiveFloat
    """Seconds between two figures in the background; there is one more at each log."""


class HooksConfig(Section):
    """What happens around training without being asked."""

    evaluate: EvaluateConfig
    watch: WatchConfig
    merge: MergeConfig
    best: BestConfig
    early_stop: EarlyStopConfig
    unjudged: UnjudgedConfig
    export: ExportConfig
    publish: PublishHookConfig
    epoch_means: list[str]
    """Columns of metrics.jsonl whose mean over each epoch is logged as `epoch/COLUMN`."""
    names: dict[str, str]
    """Further names in the tracker, to columns of metrics.jsonl: `{Train/Loss: loss}`."""
    system: SystemHookConfig
    custom: list[str]
    """Callbacks of your own, each `package.module:Class`: a TrainerCallback of transformers, made
    without arguments, or an instance of one. They hear of things after ours."""

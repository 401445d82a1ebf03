"""What the algorithms that sample need: whole groups, rewards, a reference to steer a KL by."""

from collections.abc import Iterator

from whetstone.finetuning.config.schema import (
    Config,
    GroupConfig,
    KLConfig,
    OnlineConfig,
    PpoConfig,
    RfaiConfig,
)
from whetstone.finetuning.errors import Problem
from whetstone.finetuning.runtime.environment import processes

_USERS_ROWS = frozenset({"jsonl", "hub"})


def cycles_fit_checkpoints(config: Config) -> Iterator[Problem]:
    """Check that checkpoints lie between generations: TRL does not save a batch in use."""
    args = config.algo.args
    accumulation = args.get("gradient_accumulation_steps", 1)
    steps, iterations = (
        args.get("steps_per_generation") or accumulation,
        args.get("num_iterations", 1),
    )
    save = args.get("save_steps")
    if not isinstance(config.algo, OnlineConfig) or not isinstance(save, int):
        return
    if not all(isinstance(value, int) and value > 0 for value in (accumulation, steps, iterations)):
        return  # `numbers` says so
    batches = steps * iterations
    cycle = max(1, batches // accumulation)
    if batches % accumulation:
        yield Problem(
            f"algo.args.gradient_accumulation_steps={accumulation}",
            f"one generation serves {batches} micro-batches (steps_per_generation x "
            "num_iterations), which do not make whole steps; choose a divisor of that",
        )
    elif save % cycle:
        yield Problem(
            f"algo.args.save_steps={save}",
            f"one generation serves {cycle} steps (steps_per_generation x num_iterations), and a "
            f"run can only continue between them; {cycle * max(1, save // cycle)} would do",
        )


def groups_fill_batches(config: Config) -> Iterator[Problem]:
    """Check that a generation batch holds whole groups of completions of one prompt."""
    if not isinstance(config.algo, OnlineConfig) or (of := generation_batch(config.algo)) is None:
        return
    whole, group = of
    ranks = processes()
    batch = config.algo.args.get("per_device_train_batch_size", 8)
    steps = whole // ranks // batch
    if group < 2 and isinstance(config.algo, GroupConfig):  # noqa: PLR2004 - one has no advantage
        yield Problem(
            f"algo.args.num_generations={group}", "a group needs at least 2 completions to compare"
        )
    setting = f"algo.args.per_device_train_batch_size={batch}"
    if whole < 2 * ranks and isinstance(config.algo, PpoConfig):
        yield Problem(setting, "PPO samples at least 2 completions at once; 2 would do")
    words = f"{batch} x {steps} steps" + (f" x {ranks} processes" if ranks > 1 else "")
    if whole % group:
        fitting = max(group, round(whole / group) * group)
        yield Problem(
            setting,
            f"{words} = {whole} completions are not a multiple of "
            f"algo.args.num_generations={group}; "
            f"{fitting} completions would be: change either",
        )


def generation_batch(algo: OnlineConfig) -> tuple[int, int] | None:
    """Return the completions that are sampled at once, by all processes, and those of a prompt.

    None where a number is none.
    """
    args = algo.args
    batch = args.get("per_device_train_batch_size", 8)
    steps = args.get("steps_per_generation") or args.get("gradient_accumulation_steps", 1)
    group = args.get("num_generations", 8)
    if not all(isinstance(value, int) and value > 0 for value in (batch, steps, group)):
        return None
    return batch * steps * processes(), group


def online_needs_reward(config: Config) -> Iterator[Problem]:
    """Check that an algorithm that samples has at least one reward."""
    if isinstance(config.algo, OnlineConfig) and not config.reward:
        yield Problem(
            "reward=[]", f"algo={config.algo.name} needs a reward, such as reward=execution"
        )


def groups_can_be_resampled(config: Config) -> Iterator[Problem]:
    """Check that a group without signal can be told from one with it, and replaced as a whole."""
    algo = config.algo
    if not isinstance(algo, GroupConfig) or algo.dynamic_sampling.mode == "off":
        return
    setting = f"algo.dynamic_sampling.mode={algo.dynamic_sampling.mode}"
    if isinstance(algo, RfaiConfig) and algo.baseline == "none":
        yield Problem(
            setting,
            "without a baseline every completion with a reward teaches something; "
            "set algo.baseline=prompt, or leave the mode off",
        )
    if algo.args.get("scale_rewards") == "batch" or algo.args.get("normalize_advantages") is True:
        yield Problem(
            setting,
            "advantages that are scaled over the whole batch change with the groups that are left "
            "out; set algo.args.scale_rewards=group or algo.args.normalize_advantages=false",
        )
    rows = algo.args.get("per_device_train_batch_size", 8) * (
        algo.args.get("steps_per_generation") or algo.args.get("gradient_accumulation_steps", 1)
    )
    group = algo.args.get("num_generations", 8)
    if processes() > 1 and isinstance(rows, int) and isinstance(group, int) and rows % group:
        yield Problem(
            setting,
            f"each process needs whole groups, and {rows} completions are no multiple of "
            f"algo.args.num_generations={group}",
        )


def buckets_fall(config: Config) -> Iterator[Problem]:
    """Check that a curriculum is one: buckets from easy to hard, and rates that are read."""
    if not isinstance(config.algo, OnlineConfig):
        return
    curriculum = config.algo.curriculum
    if curriculum.column is not None and curriculum.order == "random":
        yield Problem(
            f"algo.curriculum.column={curriculum.column}",
            "a random order has no use for pass rates; add algo.curriculum.order=easy_first",
        )
    elif curriculum.column is not None and config.data.name not in _USERS_ROWS:
        yield Problem(
            f"algo.curriculum.column={curriculum.column}",
            f"data={config.data.name} has no pass rates; null measures them in the first epoch, "
            "data=jsonl and data=hub may bring some",
        )
    bounds = curriculum.buckets
    if sorted(set(bounds), reverse=True) != bounds:
        yield Problem(
            f"algo.curriculum.buckets={bounds}",
            "the lowest pass rates of the buckets fall from easy to hard, such as [0.75, 0.25]",
        )


def kl_can_be_steered(config: Config) -> Iterator[Problem]:
    """Check that an adaptive coefficient has something to begin from."""
    kl = getattr(config.algo, "kl", None)
    beta = config.algo.args.get("beta", 0.0)
    if isinstance(kl, KLConfig) and kl.controller == "adaptive" and beta == 0.0:
        yield Problem(
            "algo.args.beta=0.0",
            "an adaptive coefficient is multiplied, so it cannot begin at 0; set 0.02, or "
            "algo.kl.controller=fixed for no KL penalty",
        )


def reward_range_rises(config: Config) -> Iterator[Problem]:
    """Check that the teacher's scale has a length."""
    if isinstance(config.algo, RfaiConfig):
        low, high = config.algo.reward_range
        if low >= high:
            yield Problem(
                f"algo.reward_range=[{low}, {high}]", "the lowest score comes first, as in [1, 10]"
            )


def half_precision_can_skip(config: Config) -> Iterator[Problem]:
    """Check that PPO may pass a step by: float16's loss scaler insists on gradients."""
    if (
        isinstance(config.algo, PpoConfig)
        and config.algo.target_kl is not None
        and config.backend.dtype == "float16"
    ):
        yield Problem(
            f"algo.target_kl={config.algo.target_kl}",
            "the epochs cannot end early in float16; set backend.dtype=bfloat16 or float32, or "
            "algo.target_kl=null",
        )

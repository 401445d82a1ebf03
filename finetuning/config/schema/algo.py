"""The algorithms: one class each; what only TRL knows is in `args`."""

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from whetstone.finetuning.config.schema.base import Section


class PretrainConfig(Section):
    """Language modelling: every token of a text counts; from scratch or continued."""

    name: Literal["pretrain"]
    args: dict[str, Any]
    """Arguments of trl.SFTConfig."""


class DpoConfig(Section):
    """Direct preference optimisation (Rafailov et al. 2023) on pairs."""

    name: Literal["dpo"]
    args: dict[str, Any]
    """Arguments of trl.DPOConfig."""


class KtoConfig(Section):
    """Kahneman-Tversky optimisation (Ethayarajh et al. 2024) on completions called good or bad."""

    name: Literal["kto"]
    balance: bool
    """Weigh the rarer label so that both count the same: Eq. (8) of the paper at its lower end.
    False takes `algo.args.desirable_weight` and `undesirable_weight` as they are."""
    args: dict[str, Any]
    """Arguments of trl.KTOConfig."""


class RewardTrainingConfig(Section):
    """A model that scores a completion, trained on pairs, or on references against samples."""

    name: Literal["reward"]
    head: Literal["linear", "mlp"]
    """`linear`: one layer on the last hidden state, the base is trained as well. `mlp`: Linear,
    ReLU, Linear (half as wide in between) on a frozen base."""
    loss: Literal["bradley_terry", "hinge", "bce"]
    """`bradley_terry`: -log sigmoid(r_chosen - r_rejected). `hinge`: max(0, margin - the same).
    `bce`: a discriminator, which tells references from the model's own completions; its data are a
    base data set (`collect=base`) instead of pairs."""
    margin: PositiveFloat
    """Of the hinge, where a row has none of its own; the others have no use for it."""
    mismatched: Annotated[float, Field(ge=0, le=1)]
    """Of `bce`: for each of its pairs, how many more in which the reference of another prompt
    stands for the model's completion, so that it has to read the prompt."""
    args: dict[str, Any]
    """Arguments of trl.RewardConfig."""


class CurriculumConfig(Section):
    """The order of prompts."""

    order: Literal["random", "easy_first"]
    """`easy_first`: each epoch serves the buckets one after the other, each in random order."""
    buckets: list[Annotated[float, Field(ge=0, le=1)]]
    """Lowest pass rate of each bucket, falling; the last bucket takes the rest. Prompts move
    between buckets as their pass rate, measured while training, does."""
    pass_reward: float
    """A completion has passed if its weighted sum of rewards is at least this."""
    column: str | None
    """A column of the data with pass rates to begin with. Without it the first epoch has random
    order and measures them."""


class DynamicSamplingConfig(Section):
    """Groups in which every completion has the same reward teach nothing (DAPO, Yu et al. 2025)."""

    mode: Literal["off", "skip", "resample"]
    """`skip`: leave them out of the loss, also of what it is divided by. `resample`: sample other
    prompts in their place, then skip what is left."""
    rounds: PositiveInt
    """How often at most other prompts are sampled for one batch."""


class KLConfig(Section):
    """The coefficient of the KL penalty; it begins at `args.beta`."""

    controller: Literal["fixed", "adaptive"]
    """`adaptive`: steer the coefficient to `target` (Ziegler et al. 2019)."""
    target: PositiveFloat
    """Wanted KL of a whole completion from the reference, in nats."""
    horizon: PositiveInt
    """Completions over which an error of 20 % or more moves the coefficient by 20 %."""


class ValueConfig(Section):
    """The critic of PPO."""

    kind: Literal["shared", "separate"]
    """`shared`: a head on the policy's backbone. `separate`: a backbone of its own, a copy of the
    policy's at the start; slower and larger, and its loss does not touch the policy."""
    clip: PositiveFloat | None
    """How far a value may move from the sampled one before its loss is clipped; null: no clip."""
    coefficient: NonNegativeFloat
    """Weight of the value loss beside the policy's."""
    learning_rate: PositiveFloat
    """Of the head and of a separate critic; they begin at nothing and may go faster."""


class GaeConfig(Section):
    """Generalised advantage estimation (Schulman et al. 2016)."""

    gamma: Annotated[float, Field(ge=0, le=1)]
    """Discount for each token."""
    lam: Annotated[float, Field(ge=0, le=1)]
    """1: whole returns, no bias; 0: one step, no variance."""
    whiten: bool
    """Give the advantages of a batch mean 0 and variance 1."""


class OnlineConfig(Section):
    """What all algorithms that sample share."""

    args: dict[str, Any]
    """Arguments of TRL's config class."""
    curriculum: CurriculumConfig


class GroupConfig(OnlineConfig):
    """Algorithms that compare the completions of one prompt."""

    dynamic_sampling: DynamicSamplingConfig


class GrpoConfig(GroupConfig):
    """Group relative policy optimisation (Shao et al. 2024); `args` of trl.GRPOConfig."""

    name: Literal["grpo"]


class RlooConfig(GroupConfig):
    """REINFORCE, leave one out (Ahmadian et al. 2024); `args` of trl.RLOOConfig."""

    name: Literal["rloo"]


class RfaiConfig(GroupConfig):
    """Reward-weighted policy gradient for teachers' scores; `args` of trl.GRPOConfig."""

    name: Literal["rfai"]
    reward_range: tuple[float, float]
    """The lowest and the highest score of the teacher's scale; rewards are mapped from there to 0
    and 1, so that learning rate and beta do not depend on the scale."""
    baseline: Literal["none", "prompt"]
    """`prompt`: subtract the mean reward of the prompt's other completions."""
    whiten: bool
    """Give the rewards of a batch mean 0 and variance 1."""
    kl: KLConfig


class PpoConfig(OnlineConfig):
    """Proximal policy optimisation with a critic (Schulman et al. 2017); `args` of GRPOConfig."""

    name: Literal["ppo"]
    value: ValueConfig
    gae: GaeConfig
    kl: KLConfig
    """Of the penalty that each token's reward carries."""
    target_kl: PositiveFloat | None
    """The epochs over a batch end when the policy has moved further from its sampling self than 1.5
    times this, in nats per token (mean); null: never."""
    missing_eos_penalty: NonNegativeFloat | None
    """Subtracted from the score of a completion that was cut by its length."""


class SftConfig(Section):
    """Supervised fine-tuning; the loss counts completion tokens only.

    A decoder learns through trl.SFTTrainer, an encoder-decoder through Seq2SeqTrainer.
    """

    name: Literal["sft"]
    args: dict[str, Any]
    """Arguments of trl.SFTConfig."""


AlgoConfig = Annotated[
    SftConfig
    | GrpoConfig
    | RlooConfig
    | RfaiConfig
    | PpoConfig
    | PretrainConfig
    | DpoConfig
    | KtoConfig
    | RewardTrainingConfig,
    Field(discriminator="name"),
]  # fmt: skip

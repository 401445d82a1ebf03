"""The algorithms: one class each, with all that the gate has to know of it.

What only TRL knows is in `args`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from whetstone.finetuning.config.schema.base import Section
from whetstone.finetuning.formats.dataset_type import Need


class AlgorithmConfig(Section):
    """What all of them say of themselves."""

    trl_class: ClassVar[str]
    """The class of TRL whose arguments `args` are."""
    rows: ClassVar[Need]
    """What it trains on."""
    decides: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What it computes itself although `trl_class` has an argument for it, and from what."""

    @property
    def need(self) -> Need:
        """What it trains on with these settings."""
        return self.rows


class PretrainConfig(AlgorithmConfig):
    """Language modelling: every token of a text counts; from scratch or continued."""

    trl_class = "SFTConfig"
    rows = Need.TEXT
    name: Literal["pretrain"]
    args: dict[str, Any]


class DpoConfig(AlgorithmConfig):
    """Direct preference optimisation (Rafailov et al. 2023) on pairs."""

    trl_class = "DPOConfig"
    rows = Need.PREFERENCES
    name: Literal["dpo"]
    args: dict[str, Any]


class KtoConfig(AlgorithmConfig):
    """Kahneman-Tversky optimisation (Ethayarajh et al. 2024) on completions called good or bad."""

    trl_class = "KTOConfig"
    rows = Need.LABELS
    decides = MappingProxyType(
        {"train_sampling_strategy": "nothing: the KL term pairs rows that lie together"}
    )
    name: Literal["kto"]
    balance: bool
    """Weigh the rarer label so that both count the same: Eq. (8) of the paper at its lower end.
    False takes `algo.args.desirable_weight` and `undesirable_weight` as they are."""
    args: dict[str, Any]


class RewardTrainingConfig(AlgorithmConfig):
    """A model that scores a completion, trained on pairs, or on references against samples."""

    trl_class = "RewardConfig"
    rows = Need.PREFERENCES
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

    @property
    def need(self) -> Need:
        """A discriminator learns from other rows than a reward model."""
        return Need.REFERENCES if self.loss == "bce" else self.rows


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


class OnlineConfig(AlgorithmConfig):
    """What all algorithms that sample share."""

    rows = Need.PROMPTS
    args: dict[str, Any]
    curriculum: CurriculumConfig


class GroupConfig(OnlineConfig):
    """Algorithms that compare the completions of one prompt."""

    dynamic_sampling: DynamicSamplingConfig


class GrpoConfig(GroupConfig):
    """Group relative policy optimisation (Shao et al. 2024)."""

    trl_class = "GRPOConfig"
    name: Literal["grpo"]


class RlooConfig(GroupConfig):
    """REINFORCE, leave one out (Ahmadian et al. 2024)."""

    trl_class = "RLOOConfig"
    name: Literal["rloo"]


class RfaiConfig(GroupConfig):
    """Reward-weighted policy gradient for teachers' scores."""

    trl_class = "GRPOConfig"
    decides = MappingProxyType(
        {
            "loss_type": "nothing: rfai's loss is -log_prob * reward",
            "scale_rewards": "algo.whiten",
            "importance_sampling_level": "nothing: rfai weights each token",
            "multi_objective_aggregation": "reward.NAME.weight",
            "epsilon": "algo.args.epsilon_high",
        }
    )
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
    """Proximal policy optimisation with a critic (Schulman et al. 2017)."""

    trl_class = "GRPOConfig"
    decides = MappingProxyType(
        {
            "loss_type": "nothing: PPO's loss is a mean over tokens",
            "scale_rewards": "algo.gae.whiten",
            "importance_sampling_level": "nothing: PPO clips each token's ratio",
            "multi_objective_aggregation": "reward.NAME.weight",
            "off_policy_mask_threshold": "algo.target_kl",
        }
    )
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


class SftConfig(AlgorithmConfig):
    """Supervised fine-tuning; the loss counts completion tokens only.

    A decoder learns through trl.SFTTrainer, an encoder-decoder through Seq2SeqTrainer.
    """

    trl_class = "SFTConfig"
    rows = Need.COMPLETIONS
    name: Literal["sft"]
    args: dict[str, Any]


_AnyAlgorithm = (
    SftConfig
    | GrpoConfig
    | RlooConfig
    | RfaiConfig
    | PpoConfig
    | PretrainConfig
    | DpoConfig
    | KtoConfig
    | RewardTrainingConfig
)  # fmt: skip

AlgoConfig = Annotated[_AnyAlgorithm, Field(discriminator="name")]
"""The type of an algorithm's settings: `name` decides which class validates them."""

ALGORITHM_CONFIGS: Mapping[str, type[AlgorithmConfig]] = MappingProxyType(
    {get_args(one.model_fields["name"].annotation)[0]: one for one in get_args(_AnyAlgorithm)}
)
"""Name of each algorithm to its class."""

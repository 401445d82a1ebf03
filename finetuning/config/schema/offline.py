"""The algorithms that train on rows as they are and sample nothing."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat

from finetuning.config.schema.section import Section


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


class RewardModelConfig(Section):
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

"""Every filter x map x reduction, split so that what is learnt must carry over to be measured.

A composition belongs to one split for ever: its name is hashed, so adding a primitive moves no
composition that was there between pretraining, reinforcement learning and the held-out rest. Each
primitive occurs in the sft split; what the other splits add is combinations not seen before.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import product
from types import MappingProxyType

from whetstone.finetuning.nano.characters import CHARACTERS
from whetstone.finetuning.nano.integers import INTEGERS
from whetstone.finetuning.nano.primitives import (
    KEEP_EVERYTHING,
    UNCHANGED,
    Domain,
    Filter,
    Map,
    Reduce,
)
from whetstone.finetuning.nano.words import WORDS

DOMAINS = (INTEGERS, WORDS, CHARACTERS)

SFT_SHARE = 0.60
RL_SHARE = 0.25
DEV_COMPOSITIONS = 150


class Split(StrEnum):
    """The four disjoint sets of compositions."""

    SFT = "sft"
    """60 %: the imperfect corpus that the model learns to write from."""
    RL = "rl"
    """25 %: the prompts of reinforcement learning, which come without solutions."""
    DEV = "dev"
    """150 of the held-out rest: for curves and for choosing settings."""
    TEST = "test"
    """The others of the held-out rest: for figures before and after, and for nothing else."""


@dataclass(frozen=True)
class Composition:
    """One function of the world, but for its constants and its wording."""

    domain: Domain
    filter: Filter
    map: Map
    reduction: Reduce

    @property
    def name(self) -> str:
        """Unique in the world: `integers/even/square/sum`."""
        parts = (self.domain, self.filter, self.map, self.reduction)
        return "/".join(part.name for part in parts)

    @property
    def labels(self) -> tuple[str, str, str]:
        """The names of filter, map and reduction, unique in the world: `integers/filter/even`."""
        domain = self.domain.name
        return (
            f"{domain}/filter/{self.filter.name}",
            f"{domain}/map/{self.map.name}",
            f"{domain}/reduction/{self.reduction.name}",
        )


def fraction(label: str) -> float:
    """Return a number in [0, 1) that depends on nothing but the label."""
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:6]) / 2**48


def compositions(split: Split) -> tuple[Composition, ...]:
    """Return the compositions of a split, in the order of the tables."""
    return _by_split()[split]


def _makes_sense(composition: Composition) -> bool:
    if composition.reduction.sees_values:
        return True
    return composition.map == UNCHANGED and KEEP_EVERYTHING not in composition.filter.right


@cache
def _by_split() -> Mapping[Split, tuple[Composition, ...]]:
    every = (
        Composition(domain, *parts)
        for domain in DOMAINS
        for parts in product(domain.filters, domain.maps, domain.reductions)
    )
    sft, rl, held_out = [], [], []
    for composition in filter(_makes_sense, every):
        position = fraction(f"split/{composition.name}")
        if position < SFT_SHARE:
            sft.append(composition)
        elif position < SFT_SHARE + RL_SHARE:
            rl.append(composition)
        else:
            held_out.append(composition)
    held_out.sort(key=lambda composition: fraction(f"held out/{composition.name}"))
    splits = {
        Split.SFT: tuple(sft),
        Split.RL: tuple(rl),
        Split.DEV: tuple(held_out[:DEV_COMPOSITIONS]),
        Split.TEST: tuple(held_out[DEV_COMPOSITIONS:]),
    }
    return MappingProxyType(splits)

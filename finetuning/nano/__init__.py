"""The nano world: a curriculum of short Python functions that a tiny model learns from nothing.

    Write a function f(nums) to return the sum of the squares of the even numbers in nums.

    def f(nums):
        return sum(x * x for x in nums if x % 2 == 0)

A problem composes a filter, a map and a reduction over a list of integers, a list of words or the
characters of a string; there are 2,695 compositions. The answer is the whole function, written as
a comprehension or as a loop. A Llama of 270,816 parameters is pretrained on an imperfect corpus,
where some primitives are got wrong more often than not, and then learns from tests alone which of
its habits were right. That takes minutes on two CPU cores, with no download.

**What it shows.** The whole machinery at work: sampling, judging, policy gradients, checkpoints,
evaluation. Reinforcement learning finds out which variant of each known primitive is right, and
carries it over to compositions that neither the corpus nor its own prompts contained. Rewards
that mean nothing make the model worse, so a rising curve is a signal and no artefact.

**What it does not show.** Anything about real code models. The model discovers no program that
the corpus could not have produced; held-out compositions are new, the primitives are not; nobody
writes English like these prompts. A setting that wins here has won here.

Read on in `primitives.py` for the vocabulary, `integers.py`, `words.py`, `characters.py` and
`sequences.py` for the tables, `compositions.py` for the splits, `corpus.py` for the imperfection
and `adequate.py` for where the tests come from. `tokenizer.py` and `model.py` need transformers and
torch, so they are not imported here: making problems takes neither.
"""

from whetstone.finetuning.nano.compositions import Split
from whetstone.finetuning.nano.corpus import corpus
from whetstone.finetuning.nano.gold import GoldReport, gold_check
from whetstone.finetuning.nano.problems import NanoProblem, problems, training_problems
from whetstone.finetuning.nano.show import show
from whetstone.finetuning.nano.statements import ENTRY_POINT

__all__ = [
    "ENTRY_POINT",
    "GoldReport",
    "NanoProblem",
    "Split",
    "corpus",
    "gold_check",
    "problems",
    "show",
    "training_problems",
]

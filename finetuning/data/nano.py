"""Rows of the nano world in the columns that an algorithm needs, and those that it never sees."""

from typing import Any

from whetstone.finetuning.config.schema import NanoData
from whetstone.finetuning.data.conversations import turns
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.nano import ENTRY_POINT, Split, corpus, training_problems
from whetstone.finetuning.nano.preferences import labels, pairs, texts
from whetstone.finetuning.nano.tools import conversations

Row = dict[str, Any]
_OTHER = 1_000_003  # the corpus under another seed has other constants, wordings and mistakes


def nano_rows(config: NanoData, need: Need, seed: int) -> list[Row]:
    """Return training rows."""
    match need:
        case Need.COMPLETIONS:
            return _imitations(config.programs, seed)
        case Need.TEXT:
            return texts(config.programs, seed)
        case Need.PREFERENCES:
            return pairs(Split.RL, config.train_problems, config.wrong_per_problem, seed)
        case Need.REFERENCES:
            found = pairs(Split.RL, config.train_problems, config.wrong_per_problem, seed)
            return [_against_reference(row) for row in found]
        case Need.LABELS:
            return labels(Split.RL, config.train_problems, config.wrong_per_problem, seed)
        case Need.PROMPTS:
            return [
                {
                    "prompt": problem.prompt,
                    "tests": problem.tests,
                    "language": "python",
                    "entry_points": [ENTRY_POINT],
                    "reference": problem.reference,
                }
                for problem in training_problems(config.posed, seed)
            ]


def nano_held_out(config: NanoData, need: Need) -> list[Row]:
    """Return rows for measuring: pairs and labels are of compositions kept for that.

    Their seed is fixed, as that of the held-out problems is: every run is measured on the same.
    """
    count = config.held_out
    match need:
        case Need.COMPLETIONS:
            return _imitations(count, _OTHER)
        case Need.TEXT:
            return texts(count, _OTHER)
        case Need.PREFERENCES:
            return pairs(Split.DEV, count, config.wrong_per_problem, seed=0)[:count]
        case Need.REFERENCES:
            found = pairs(Split.DEV, count, config.wrong_per_problem, seed=0)[:count]
            return [_against_reference(row) for row in found]
        case Need.LABELS:
            return labels(Split.DEV, count, config.wrong_per_problem, seed=0)[:count]
        case Need.PROMPTS:
            return []


def tool_rows(count: int, seed: int) -> list[Row]:
    """Return conversations, a row for each thing that the assistant says."""
    return [turn for row in conversations(count, seed) for turn in turns(row)][:count]


def _against_reference(pair: Row) -> Row:
    return {
        "prompt": pair["prompt"],
        "reference": pair["chosen"],
        "completion": pair["rejected"],
    }


def _imitations(size: int, seed: int) -> list[Row]:
    return [{"prompt": prompt, "completion": solution} for prompt, solution in corpus(size, seed)]

"""Answers to what is typed as other tools take it: `--seed 3`, `ppo`, `seed=0,1`."""

from collections.abc import Mapping, Sequence

from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.config.synonyms import instead
from whetstone.finetuning.errors import Problem

_BOOLEAN = frozenset({"debug"})


def answer_flag(text: str, algo: str) -> Problem:
    """Say how a setting is written that was typed as a flag: `--seed 3`, `--seed=3`, `--debug`."""
    typed, _, value = text.replace("=", " ", 1).partition(" ")
    name = typed.lstrip("-").replace("-", "_")
    value = value.strip()
    known = name.split(".")[0] in Config.model_fields or name == "experiment"
    told = None if known else instead(name, algo, value)
    if told is None:
        told = f"write {name}={value or ('true' if name in _BOOLEAN else '...')}"
    return Problem(text, f"settings have no dashes; {told}")


def answer_word(text: str, groups: Mapping[str, set[str]]) -> Problem:
    """Say what a word without `=` may have been meant for."""
    within = [group for group, options in groups.items() if text in options and "/" not in group]
    written = [f"{group}={text}" for group in sorted(within)]
    if text in _BOOLEAN:
        written.append(f"{text}=true")
    hint = f"; write {' or '.join(written)}" if written else ", such as seed=1"
    return Problem(text, f"a setting is written NAME=VALUE{hint}")


def answer_comma(text: str, values: Sequence[str], *, is_choice: bool, takes_many: bool) -> Problem:
    """Say what several values can mean, where no sweep was asked for.

    Args:
        text: the setting, as typed.
        values: what stands between the commas; empty for `range(...)` and its like.
        is_choice: a group is chosen, and no value set.
        takes_many: several of them can be chosen together.

    """
    name, _, given = text.lstrip("+").partition("=")
    each = f"for a run with each add -m: python train.py -m {name}={given}"
    if not values or (is_choice and not takes_many):
        return Problem(text, f"one is wanted; {each}")
    together = f"'{name}=[{','.join(values)}]'"
    if is_choice:
        return Problem(text, f"all of them in one run are {together}; {each}")
    quote = f"""'{name}="{given}"'"""
    return Problem(text, f"{each}; a list is {together}, and a text with a comma {quote}")

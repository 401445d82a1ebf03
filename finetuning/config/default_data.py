"""`data=auto`: the rows of a run for which neither the command nor a preset chooses any.

They follow from the reward. Tests judge mbpp; a teacher and a compiler need none, and get our own
prompts in several languages. An algorithm that learns from rows only a user can have (pairs,
labels, text) is left without, and refused: finetuning/config/rules/rows.py. The nano model brings
its own world (conf/model/nano.yaml).
"""

from dataclasses import replace
from typing import Any

from whetstone.finetuning.config.command_line import CommandLine
from whetstone.finetuning.config.schema.algo import ALGORITHM_CONFIGS
from whetstone.finetuning.config.validate import Values
from whetstone.finetuning.formats.dataset_type import Need

AUTO = "auto"
_NEED_NO_TESTS = frozenset({"teacher", "compiler"})
_OURS = frozenset({Need.PROMPTS, Need.COMPLETIONS})
"""Rows of ours that an algorithm may want; pairs, labels and texts everybody has his own."""


def with_default_data(command: CommandLine, composed: Values) -> CommandLine:
    """Choose the data where the composition leaves them open."""
    if (composed.get("data") or {}).get("name") != AUTO:
        return command
    chosen = _fitting(composed)
    if chosen is None:
        return command
    return replace(command, choices={**command.choices, "data": f"data={chosen}"})


def _fitting(composed: Values) -> str | None:
    model = composed["model"]
    if model["init"] == "nano" and model["path"] is None:
        return "nano"
    stages: list[dict[str, Any]] = [
        stage.get("choose", {}) for stage in composed["pipeline"]["stages"].values()
    ]
    algorithm = ALGORITHM_CONFIGS.get(composed["algo"]["name"])
    rows = algorithm.rows if algorithm else Need.PROMPTS  # what is none, the gate refuses
    trains_it = any(chosen.keys().isdisjoint({"algo", "collect"}) for chosen in stages)
    if trains_it and composed["collect"] is None:
        if rows not in _OURS:
            return None
        if rows is Need.COMPLETIONS:
            return "mbpp"
    of_stages = {chosen["reward"] for chosen in stages if "reward" in chosen}
    judges = of_stages or set(composed["reward"])
    return "prompts" if judges and judges <= _NEED_NO_TESTS else "mbpp"

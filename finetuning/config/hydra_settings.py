"""Hydra's own settings (`hydra/launcher=...`), composed once: Hydra answers with a traceback."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from hydra.errors import HydraException

from whetstone.finetuning.config.compose import compose_hydra, options_of_hydra
from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.errors import Problem

_PLUGINS: Mapping[str, str] = MappingProxyType(
    {
        "joblib": "hydra-joblib-launcher",
        "ray": "hydra-ray-launcher",
        "submitit_local": "hydra-submitit-launcher",
        "submitit_slurm": "hydra-submitit-launcher",
        "optuna": "hydra-optuna-sweeper",
    }
)
"""What brings an option that Hydra itself has not."""


def wrong_hydra_settings(settings: Sequence[str], user_dirs: Sequence[Path]) -> dict[str, Problem]:
    """Return those of Hydra's settings that it cannot take, each with the reason."""
    choices = [text for text in settings if "/" in text.partition("=")[0]]
    wrong = {text: problem for text in choices if (problem := _unknown_option(text))}
    if wrong or not settings or _can_be_composed(settings, user_dirs):
        return wrong
    values = [text for text in settings if text not in choices]
    wrong_values = [text for text in values if not _can_be_composed([*choices, text], user_dirs)]
    remedy = "Hydra has no such setting, or not this value; python train.py --cfg hydra shows all"
    return {text: Problem(text, remedy) for text in wrong_values or settings}


def _unknown_option(text: str) -> Problem | None:
    group, _, option = text.lstrip("+").partition("=")
    options = options_of_hydra(group)
    if option in options:
        return None
    if not options:
        return Problem(text, "Hydra has no such choice; --hydra-help lists them")
    if option in _PLUGINS:
        return Problem(text, f"is not installed; .venv/bin/pip install {_PLUGINS[option]}")
    return Problem(text, f"no such {group}; {did_you_mean(option, options)}")


def _can_be_composed(settings: Sequence[str], user_dirs: Sequence[Path]) -> bool:
    try:
        compose_hydra(settings, user_dirs)
    except HydraException:
        return False
    return True

"""Hydra's own settings (`hydra/launcher=...`), composed once: Hydra answers with a traceback."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType

from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig

from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.groups import CONF_DIR
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


@cache
def wrong_hydra_settings(
    settings: tuple[str, ...], user_dirs: tuple[Path, ...]
) -> dict[str, Problem]:
    """Return those of Hydra's settings that it cannot take, each with the reason."""
    choices = [text for text in settings if "/" in text.partition("=")[0]]
    wrong = {text: problem for text in choices if (problem := _unknown_option(text))}
    if wrong or not settings:
        return wrong
    try:
        config = compose_hydra(choices, user_dirs)
    except HydraException:
        wrong_values = choices
    else:
        values = [text for text in settings if text not in choices]
        wrong_values = [text for text in values if not _is_taken(text, config)]
    remedy = "Hydra has no such setting, or not this value; python train.py --cfg hydra shows all"
    return {text: Problem(text, remedy) for text in wrong_values}


def compose_hydra(overrides: Sequence[str], user_dirs: Sequence[Path]) -> DictConfig:
    """Compose conf/config.yaml together with what Hydra has for itself, unresolved.

    Raises:
        HydraException: Hydra has no such choice or setting.

    """
    search = ",".join(f"file://{path}" for path in user_dirs)
    settings = [*overrides, f"hydra.searchpath=[{search}]"]
    with _hydra():
        config: DictConfig = compose("config", settings, return_hydra_config=True)
    return config


def _unknown_option(text: str) -> Problem | None:
    group, _, option = text.lstrip("+").partition("=")
    with _hydra():  # which knows those of its installed plugins
        options = list(GlobalHydra.instance().config_loader().get_group_options(group))
    if option in options:
        return None
    if not options:
        return Problem(text, "Hydra has no such choice; --hydra-help lists them")
    if option in _PLUGINS:
        return Problem(text, f"is not installed; .venv/bin/pip install {_PLUGINS[option]}")
    return Problem(text, f"no such {group}; {did_you_mean(option, options)}")


def _is_taken(text: str, config: DictConfig) -> bool:
    override = OverridesParser.create().parse_override(text)
    try:
        ConfigLoaderImpl._apply_overrides_to_config([override], config)  # noqa: SLF001 - no other way
    except HydraException:
        return False
    return True


@contextmanager
def _hydra() -> Iterator[None]:
    """Use the Hydra that runs this job, or start one for this call."""
    if GlobalHydra.instance().is_initialized():
        yield
    else:
        with initialize_config_dir(config_dir=str(CONF_DIR), version_base="1.3"):
            yield

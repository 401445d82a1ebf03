"""Hydra's compose, as one function from overrides to a plain dictionary."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from whetstone.finetuning.config.groups import CONF_DIR


def compose_choices(overrides: Sequence[str], user_dirs: Sequence[Path]) -> dict[str, str]:
    """Return the option of each config group, whoever chose it: command line or experiment."""
    config = compose_hydra(overrides, user_dirs)
    return {str(group): option for group, option in config.hydra.runtime.choices.items()}


def compose_hydra(overrides: Sequence[str], user_dirs: Sequence[Path]) -> DictConfig:
    """Compose conf/config.yaml together with what Hydra has for itself, unresolved."""
    search = ",".join(f"file://{path}" for path in user_dirs)
    settings = [*overrides, f"hydra.searchpath=[{search}]"]
    with _hydra():
        config: DictConfig = compose("config", settings, return_hydra_config=True)
    return config


def options_of_hydra(group: str) -> list[str]:
    """Return the options of one of Hydra's own groups, with those of its installed plugins."""
    with _hydra():
        return list(GlobalHydra.instance().config_loader().get_group_options(group))


def compose_values(overrides: Sequence[str], user_dirs: Sequence[Path]) -> dict[str, Any]:
    """Compose conf/config.yaml with these overrides and resolve every interpolation.

    `user_dirs` hold further YAMLs. Values that must be given and were not stay `???`. Raises what
    Hydra and OmegaConf raise.
    """
    search = ",".join(f"file://{path}" for path in user_dirs)
    with _hydra():
        config = compose("config", [*overrides, f"hydra.searchpath=[{search}]"])
        values = OmegaConf.to_container(config, resolve=True)
    if not isinstance(values, dict):
        raise TypeError("conf/config.yaml must be a mapping")
    return {str(key): value for key, value in values.items()}


def compose_group(group: str, option: str) -> dict[str, Any]:
    """Compose one option of a group by itself, without the rest of a configuration."""
    with _hydra():
        values = OmegaConf.to_container(compose(f"{group}/{option}")[group])
    if not isinstance(values, dict):
        raise TypeError(f"conf/{group}/{option}.yaml must be a mapping")
    return {str(key): value for key, value in values.items()}


@contextmanager
def _hydra() -> Iterator[None]:
    """Use the Hydra that runs this job, or start one for this call (tests, commands)."""
    if GlobalHydra.instance().is_initialized():
        yield
    else:
        with initialize_config_dir(config_dir=str(CONF_DIR), version_base="1.3"):
            yield

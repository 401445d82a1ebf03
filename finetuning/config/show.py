"""`--cfg job`: the configuration of a run, with its tuning and what `debug=true` shrinks."""

from collections.abc import Sequence

from hydra.core.hydra_config import HydraConfig
from omegaconf import Container, OmegaConf

from whetstone.finetuning.config.compose import Composer
from whetstone.finetuning.config.hydra_settings import compose_hydra
from whetstone.finetuning.errors import ConfigError, Problem

_EVERYTHING = "_global_"


def shown_configuration(
    overrides: Sequence[str],
    composer: Composer,
    *,
    part: str | None = None,
    resolve: bool = False,
    with_hydra: bool = False,
) -> str:
    """Return a configuration as YAML.

    Args:
        overrides: What Hydra would be given.
        composer: What knows the folders with YAMLs.
        part: The path of the part that is wanted, such as `algo.args`; None for everything.
        resolve: Whether values stand in place of each `${...}`.
        with_hydra: Whether Hydra's own settings are shown as well.

    Raises:
        ConfigError: There is no such part.

    """
    values = composer.unresolved(overrides)
    if with_hydra:
        whole = compose_hydra(overrides, composer.user_dirs)
        HydraConfig.instance().set_config(whole)  # what `${hydra:...}` refers to
        OmegaConf.set_readonly(whole.hydra, None)
        values = {"hydra": whole.hydra, **values}
    config = OmegaConf.create(values)
    if part in {None, _EVERYTHING}:
        found, header = config, ""
    else:
        found, header = OmegaConf.select(config, part), f"# @package {part}\n"
    if found is None:
        raise ConfigError([Problem(f"--package {part}", "there is no such setting")])
    if not isinstance(found, Container):
        return f"{found}\n"
    if resolve:
        OmegaConf.resolve(found)
    return header + OmegaConf.to_yaml(found)

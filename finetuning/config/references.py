"""`stage:NAME` as the value of a setting: what that stage of the pipeline made."""

from collections.abc import Iterator, Mapping
from typing import Any

from whetstone.finetuning.config.schema import Config

_PREFIX = "stage:"


def referred(value: object) -> str | None:
    """Return the stage that a value stands for, or None for a value that stands for itself."""
    text = str(value)
    return text.removeprefix(_PREFIX) if text.startswith(_PREFIX) else None


def references(config: Config) -> dict[str, str]:
    """Map each setting that refers to a stage to the stage's name."""
    return {
        setting: stage
        for setting, value in _leaves(_values(config))
        if (stage := referred(value)) is not None
    }


def with_products(config: Config, products: Mapping[str, str]) -> Config:
    """Return the configuration with the folders of earlier stages in place of their names."""
    if not references(config):
        return config
    values = {**_values(config), "pipeline": config.pipeline.model_dump(mode="json")}
    return Config.model_validate(
        {
            key: value if key == "pipeline" else _replaced(value, products)
            for key, value in values.items()
        }
    )


def _values(config: Config) -> dict[str, Any]:
    return config.model_dump(mode="json", exclude={"pipeline"})


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _replaced(value: Any, products: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, products) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, products) for item in value]
    stage = referred(value) if isinstance(value, str) else None
    return value if stage is None else products[stage]

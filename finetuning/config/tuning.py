"""What a model needs: from an algorithm (`tuning`), and from a pipeline (`stages`).

Both stand in the model's own YAML, and neither is a setting of a run: the part that fits what was
chosen is laid over the presets, below everything else, and the rest is forgotten.
"""

from collections.abc import Collection, Mapping

from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.tree import Tree
from whetstone.finetuning.errors import ConfigError, Problem


def take_tuning(
    model: Tree, chosen: Mapping[str, str], groups: Mapping[str, Collection[str]]
) -> list[Tree]:
    """Take both out of a model's values, and return what applies, the stronger last.

    Args:
        model: the values of a model.
        chosen: the option of each group.
        groups: the options that there are, of `algo` and `pipeline`.

    Raises:
        ConfigError: one of them is meant for something that there is not.

    """
    tuning = _taken(model, "tuning", groups["algo"])
    stages = _taken(model, "stages", groups["pipeline"]).get(chosen["pipeline"])
    of_stages = [{"pipeline": {"stages": stages}}] if stages else []
    return [tuning.get(chosen["algo"]) or {}, *of_stages]


def _taken(model: Tree, key: str, names: Collection[str]) -> Tree:
    tree = model.pop(key, None) or {}
    file = f"conf/model: {model.get('name')}"
    if not isinstance(tree, dict):
        raise ConfigError([Problem(f"{file}: {key}", "expected a mapping, such as {grpo: ...}")])
    if wrong := [name for name, part in tree.items() if not isinstance(part, dict | None)]:
        told = "expected a mapping of settings"
        raise ConfigError([Problem(f"{file}: {key}.{name}", told) for name in wrong])
    unknown = [name for name in tree if name not in names]
    if unknown:
        raise ConfigError(
            [Problem(f"{file}: {key}.{name}", did_you_mean(str(name), names)) for name in unknown]
        )
    return tree

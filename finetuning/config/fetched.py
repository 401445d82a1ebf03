"""`fetch:` in a model's YAML: what `whetstone fetch` has brought goes before the Hub.

It is no setting of a run, which has the folder itself as its model.path: fetched weights are
rounded, so a run on them is another run than one on the Hub's.
"""

from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.models_folder import fetched_folder
from whetstone.finetuning.config.recipes import RECIPES
from whetstone.finetuning.config.tree import Tree
from whetstone.finetuning.errors import ConfigError, Problem

_KEY = "fetch"


def take_fetched(model: Tree) -> None:
    """Take `fetch` out of a model's values; where that model is here, it becomes the path.

    Raises:
        ConfigError: There is nothing of this name to fetch.

    """
    name = model.pop(_KEY, None)
    if name is None:
        return
    if name not in RECIPES:
        file = f"conf/model: {model.get('name')}"
        raise ConfigError([Problem(f"{file}: {_KEY}={name}", did_you_mean(str(name), RECIPES))])
    if folder := fetched_folder(name):
        model["path"] = str(folder)

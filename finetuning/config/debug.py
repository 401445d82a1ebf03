"""`debug=true`: the values of conf/debug.yaml, below the user's own."""

from dataclasses import replace

import yaml

from finetuning.config.command_line import CommandLine
from finetuning.config.groups import CONF_DIR
from finetuning.config.validate import Values


def with_debug(command: CommandLine, composed: Values) -> CommandLine:
    """Shrink the command when its composition says `debug: true`; the user's values are stronger.

    Debug may come from an experiment file, and so may the algorithm: hence the composition.
    """
    if composed.get("debug") is not True:
        return command
    shrink = yaml.safe_load((CONF_DIR / "debug.yaml").read_text(encoding="utf-8"))
    algo = composed.get("algo", {}).get("name")
    settings = {**shrink["all"], **shrink.get(algo, {})}
    forced = {key: f"++{key}={value}" for key, value in settings.items()}
    return replace(command, values={**forced, **command.values})

"""`debug=true`: the values of conf/debug.yaml, below the user's own."""

from dataclasses import replace

import yaml

from finetuning.config.command_line import CONF_DIR, CommandLine


def with_debug(command: CommandLine) -> CommandLine:
    """Shrink the command when it says `debug=true`; what the user sets is stronger."""
    if command.values.get("debug", "").rpartition("=")[2].lower() != "true":
        return command
    shrink = yaml.safe_load((CONF_DIR / "debug.yaml").read_text(encoding="utf-8"))
    algo = command.choices.get("algo", "algo=grpo").rpartition("=")[2]
    settings = {**shrink["all"], **shrink.get(algo, {})}
    forced = {key: f"++{key}={value}" for key, value in settings.items()}
    return replace(command, values={**forced, **command.values})

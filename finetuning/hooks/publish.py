"""Publishing at the end of a run: after its report, which the card is made of.

The run is whole by then. What fails here costs nothing of it: the message has the command that
sends the same later.
"""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from finetuning.config.commands import load_publish_model
from finetuning.config.resolve_model import MERGED
from finetuning.config.schema.commands import PublishModelSettings
from finetuning.config.schema.hooks import PublishHookConfig
from finetuning.errors import ConfigError, OutsideError
from finetuning.export.names import Bits, form_of
from finetuning.publish.publish import publish_model

_BITS: dict[str, Bits | None] = {"whole": None, "8bit": 8, "4bit": 4}


def publish_finished(run: Path, wanted: PublishHookConfig, console: Console) -> None:
    """Show, or send, what `hooks.publish` asks for of a finished run."""
    if wanted.repo is None:
        return
    _make_forms(run / MERGED, wanted)
    for settings in _uploads(run, wanted, wanted.repo):
        try:
            publish_model(settings, console)
        except ConfigError as error:
            raise _not_published(settings, "\n".join(map(str, error.problems))) from error
        except OutsideError as error:
            raise _not_published(settings, str(error)) from error


def _not_published(settings: PublishModelSettings, reason: str) -> OutsideError:
    epoch = f" epoch={settings.epoch}" if settings.epoch else ""
    again = f"whetstone publish model run={settings.run} repo={settings.repo}{epoch} push=true"
    return OutsideError(f"The run is finished, and was not published:\n{reason}\nLater: {again}")


def _make_forms(model: Path, wanted: PublishHookConfig) -> None:
    for form in wanted.mlx:
        from finetuning.export.mlx import export_mlx  # noqa: PLC0415 - an extra

        bits = _BITS[form]
        if not (target := form_of(model, bits)).is_dir():
            export_mlx(model, target, bits)


def _uploads(run: Path, wanted: PublishHookConfig, repo: str) -> Iterator[PublishModelSettings]:
    """Yield the settings of each upload: the finished model, then the epochs."""
    command = load_publish_model([f"run={run}", f"repo={repo}"])
    of_all = {name: getattr(wanted, name) for name in ("license", "private", "push")}
    yield command.model_copy(update=of_all)
    for epoch in wanted.epochs:
        yield command.model_copy(update={**of_all, "epoch": epoch, "repo": f"{repo}-epoch-{epoch}"})

"""The story of `whetstone publish`: gather, look for secrets, show, and send when told to."""

from collections.abc import Iterable

from rich.console import Console

from whetstone.finetuning.config.schema.commands import PublishDatasetSettings, PublishModelSettings
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.publish.dataset import dataset_upload
from whetstone.finetuning.publish.hub import check_access, send
from whetstone.finetuning.publish.model import key_variables, model_upload
from whetstone.finetuning.publish.parts import CARD, Upload
from whetstone.finetuning.publish.secrets import known_secrets, secret_problems
from whetstone.finetuning.report.console import bare_table

_KILO = 1000.0
_DRY = "A dry run: nothing was sent."


def publish_model(settings: PublishModelSettings, console: Console | None = None) -> None:
    """Show what would go up of a run, or send it."""
    if settings.push:
        check_access()
    upload = model_upload(settings)
    console = console or Console()
    _publish(upload, key_variables(settings.run), settings.push, console)
    if not settings.push:
        again = f"whetstone publish model run={settings.run} repo={settings.repo} push=true"
        console.print(f"{_DRY} This uploads it: {again}", highlight=False, soft_wrap=True)


def publish_dataset(settings: PublishDatasetSettings, console: Console | None = None) -> None:
    """Show what would go up of a data set, or send it."""
    if settings.push:
        check_access()
    console = console or Console()
    run = settings.folder.resolve().parent  # the data set of a run lies in the run's folder
    variables = key_variables(run) if (run / "config.yaml").is_file() else ()
    _publish(dataset_upload(settings), variables, settings.push, console)
    if not settings.push:
        again = "The same command with push=true uploads this."
        console.print(f"{_DRY} {again}", highlight=False, soft_wrap=True)


def _publish(upload: Upload, variables: Iterable[str], push: bool, console: Console) -> None:
    if problems := list(secret_problems(upload.parts, known_secrets(variables))):
        raise ConfigError(problems)
    _show(upload, console)
    if push:
        console.print(f"published: {send(upload)}", highlight=False, soft_wrap=True)


def _show(upload: Upload, console: Console) -> None:
    seen = "private" if upload.private else "public"
    console.print(f"{upload.kind} {upload.repo}, {seen}", highlight=False, soft_wrap=True)
    table = bare_table("file", "size", numbers_from=1)
    for part in upload.parts:
        table.add_row(part.path, _size(part.size))
    table.add_row("", _size(sum(part.size for part in upload.parts)))
    console.print(table)
    card = next(part.source for part in upload.parts if part.path == CARD)
    text = card.decode() if isinstance(card, bytes) else card.read_text(encoding="utf-8")
    console.print(f"\n{CARD}:\n", highlight=False)
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    for note in upload.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < _KILO:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _KILO
    return f"{size:.2f} GB"

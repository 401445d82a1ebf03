"""What of a model goes up that `whetstone merge` has made: weights, and a card of what is known.

No run stands behind it, so the card has no scores: its base, the gate's figures, usage, licence.
"""

import json
from pathlib import Path

from whetstone.finetuning.artifacts.metrics import read_text
from whetstone.finetuning.artifacts.provenance import read_origin
from whetstone.finetuning.config.schema.commands import PublishModelSettings
from whetstone.finetuning.errors import MergeRefusedError
from whetstone.finetuning.publish.card import About, merged_card
from whetstone.finetuning.publish.licence import licence_of
from whetstone.finetuning.publish.parts import (
    CARD,
    MODEL_FILES,
    Upload,
    files_of,
    mlx_forms,
    text_part,
)
from whetstone.finetuning.report.example import example_prompt, has_chat_template

_GATE = "merge.json"


def is_merged(folder: Path) -> bool:
    """Tell whether `whetstone merge` has made this folder."""
    return (folder / _GATE).is_file() and (folder / "config.json").is_file()


def merged_upload(settings: PublishModelSettings) -> Upload:
    """Return what `whetstone publish model run=FOLDER` sends of a merged folder.

    Raises:
        MergeRefusedError: the gate did not let it through.

    """
    folder = settings.run
    found = json.loads(read_text(folder / _GATE) or "{}")
    if not found.get("passed"):
        raise MergeRefusedError(f"{folder} did not pass the merge gate, and is not published.")
    origin = read_origin(folder)
    base = settings.base or origin.base
    licence = {"license": settings.license} if settings.license else licence_of(base, None, None)
    forms = mlx_forms(folder) if settings.mlx else {}
    chat = has_chat_template(folder)
    about = About(
        repo=settings.repo,
        base=base,
        licence=licence,
        has_adapter=False,
        mlx=tuple(forms),
        epoch=None,
        chat=chat,
        prompt=example_prompt(folder),
    )
    return Upload(
        repo=settings.repo,
        kind="model",
        private=settings.private,
        message="a LoRA adapter folded into its base",
        parts=(
            text_part(CARD, merged_card(found, origin.quantization, about)),
            *files_of(folder, MODEL_FILES),
            *(
                part
                for name, form in forms.items()
                for part in files_of(form, MODEL_FILES, f"{name}/")
            ),
        ),
        notes=() if licence else ("The licence is not known; license=NAME states one.",),
    )

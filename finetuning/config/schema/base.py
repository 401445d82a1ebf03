"""What every part of the configuration is made from."""

import os.path
from pathlib import Path
from typing import Annotated, Any, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    WithJsonSchema,
    model_validator,
)

from whetstone.evaluation.window import Window


def _no_address(path: Any) -> Any:
    """Refuse `https://...`, which would become a folder called `https:`."""
    if isinstance(path, str) and "://" in path:
        raise ValueError("expected a file or folder on this machine, found an address")
    return path


UserPath = Annotated[Path, BeforeValidator(_no_address), AfterValidator(Path.expanduser)]
"""A path on this disk; `~` is the user's home."""
PATH_OR_NAME = "path-or-name"
"""What the JSON schema calls the format of such a text."""
PathOrName = Annotated[
    str,
    AfterValidator(os.path.expanduser),
    WithJsonSchema({"type": "string", "format": PATH_OR_NAME}),
]
"""A path on this disk likewise, or a name of something else: a task, an id of the Hub."""


def _is_window(text: str) -> str:
    Window.read(text)
    return text


PublishedWindow = Annotated[str, AfterValidator(_is_window)]
"""The dates of problems: `2024-08..2025-02`."""


class Section(BaseModel):
    """A part of the configuration: immutable, and closed against unknown keys.

    One value where a list is wanted is a list of one: `tasks=mbpp`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _list_of_one(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {
            key: [value] if key in cls._lists() and isinstance(value, str | int | float) else value
            for key, value in values.items()
        }

    @classmethod
    def _lists(cls) -> set[str]:
        fields = cls.model_fields.items()
        return {name for name, field in fields if get_origin(field.annotation) is list}


class AuditedData(Section):
    """Data whose problems an audit may have looked at."""

    audit: UserPath | None
    """A folder of `whetstone audit data=...`: what it quarantines is not sampled on."""

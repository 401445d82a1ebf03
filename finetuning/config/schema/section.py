"""What every part of the configuration is made from."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: immutable, and closed against unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

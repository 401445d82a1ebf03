"""What a teacher grades by: dimensions with weights, and the object that it fills in for them."""

import math
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, create_model, model_validator

TOP = 10
"""Grades are whole numbers from 0 to this: finer ones are noise, and a model keeps to a list."""

_OWN = {"reason", "manipulation"}
_CLOSED = ConfigDict(extra="forbid", frozen=True)


class Dimension(BaseModel):
    """One thing that is graded."""

    model_config = _CLOSED

    weight: PositiveFloat
    """Share of the score; the weights of all dimensions add up to 1."""
    question: str
    """What the teacher is asked to look at."""


class Rubric(BaseModel):
    """All that is graded."""

    model_config = _CLOSED

    dimensions: Annotated[dict[str, Dimension], Field(min_length=1)]
    languages: dict[str, str]
    """Language, as the column `language` names it, to what is to be looked at there."""

    @model_validator(mode="after")
    def _is_a_rubric(self) -> Self:
        total = math.fsum(dimension.weight for dimension in self.dimensions.values())
        if not math.isclose(total, 1, abs_tol=1e-6):
            raise ValueError(f"the weights of the dimensions add up to {total:g} and not to 1")
        for name in self.dimensions:
            plain = name.isascii() and name.isidentifier() and not name.startswith("_")
            if not plain or name in _OWN:
                raise ValueError(f"dimension {name!r}: give it a plain name, such as `security`")
        return self

    @cached_property
    def grade_type(self) -> type[BaseModel]:
        """The type of what is filled in for one program: a reason first, then a grade each."""
        grade = Literal[tuple(range(TOP + 1))]  # type: ignore[valid-type]
        fields: dict[str, Any] = {
            "reason": (str, Field(description="At most 30 words.")),
            "manipulation": (bool, Field(description="It addresses the grader.")),
        }
        for name in self.dimensions:
            fields[name] = (grade, ...)
        return create_model("Grade", __config__=ConfigDict(extra="forbid", strict=True), **fields)

    @cached_property
    def grade_schema(self) -> dict[str, Any]:
        """The JSON schema of `grade_type`, which takes a while to make."""
        return self.grade_type.model_json_schema()

    def schema_for(self, labels: list[str]) -> dict[str, Any]:
        """Return the JSON schema of an object that holds a grade for each label."""
        return {
            "type": "object",
            "properties": dict.fromkeys(labels, self.grade_schema),
            "required": labels,
            "additionalProperties": False,
        }

    def score(self, grades: dict[str, int]) -> float:
        """Return the weighted mean of the grades, 0 to 1."""
        return math.fsum(
            dimension.weight * grades[name] / TOP for name, dimension in self.dimensions.items()
        )

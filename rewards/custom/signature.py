"""How a reward function is called, and whether a signature can take that.

A function that names too few parameters would fail in its first batch, after weights have loaded.
"""

import inspect

PASSED = (
    "prompts",
    "completions",
    "completion_ids",
    "trainer_state",
    "log_extra",
    "log_metric",
)
"""What TRL passes by name, besides a list for each field of the data."""
_TAKEN_OUT = frozenset({"prompt", "completion"})
"""Fields of the data that TRL keeps to itself: `prompts` and `completions` stand for them."""


def fields_wanted(signature: inspect.Signature) -> frozenset[str]:
    """Return the parameters without a default that only the data can fill."""
    return frozenset(
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}
        and parameter.name not in {*PASSED, *_TAKEN_OUT}
    )


def why_not_called(name: str, signature: inspect.Signature) -> str | None:
    """Return what a call as TRL makes it would fail with, whatever the data; None if it works."""
    try:
        signature.bind(**dict.fromkeys([*PASSED, *fields_wanted(signature)]))
    except TypeError as error:
        return (
            f"{name!r} cannot be called as a reward is ({error}): {', '.join(PASSED)} and each "
            f"field of the data are passed by name. Write it as def {name}(prompts, completions, "
            "**columns)"
        )
    return None

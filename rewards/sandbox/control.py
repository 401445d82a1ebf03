"""The control of a program under which the sandbox failed: one that does nothing, for its tests."""

from typing import Any

from rewards.sandbox.statements import compile_tests


def idle_program(job: dict[str, Any]) -> str:
    """Return a program that has every name that the tests of a job want, and does nothing."""
    try:
        names = compile_tests(job["tests"], tuple(job["entry_points"])).names
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return ""
    return "".join(f"def {name}(*_, **__): pass\n" for name in names if name.isidentifier())

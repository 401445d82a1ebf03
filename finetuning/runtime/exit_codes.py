"""Errors that are for the user become a message and an exit code; a bug keeps its traceback."""

import errno
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from whetstone.evaluation.errors import DataUnavailable, EvaluationError, Unjudged
from whetstone.finetuning.errors import ConfigError, OutsideError, WhetstoneError
from whetstone.finetuning.runtime.environment import is_main
from whetstone.rewards.base import RunStopped
from whetstone.rewards.sandbox.compiled import MissingToolError
from whetstone.rewards.sandbox.packages import PackagesUnavailableError
from whetstone.rewards.sandbox.profile import SandboxUnavailableError

# What a disk says when it is full, read-only or not ours.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}

# How torch and safetensors word it: neither raises OSError.
_FAILED_WRITES = ("unexpected pos", "PytorchStreamWriter failed", "iostream error", "(os error 28)")
_MAKE_ROOM = "Make room or choose another run.outputs; the same command then goes on."
INTERRUPTED = 130  # what a shell tells of a program that Ctrl-C ended


class ToldExit(SystemExit):
    """The end of a command whose reason the user has read."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(code)
        self.message = message
        self.status = code


@contextmanager
def exit_codes() -> Iterator[None]:
    """Leave with 2 where the configuration is wrong, with 3 where something outside failed.

    With 130 after Ctrl-C, as every program does.
    """
    try:
        yield
    except WhetstoneError as error:
        _leave(str(error), error.exit_code)
    except (
        DataUnavailable,
        MissingToolError,
        RunStopped,
        PackagesUnavailableError,
        SandboxUnavailableError,
        Unjudged,
    ) as error:
        _leave(str(error), OutsideError.exit_code)
    except EvaluationError as error:
        _leave(str(error), ConfigError.exit_code)
    except (OSError, RuntimeError, SafetensorError) as error:
        if not _is_of_the_disk(error):
            raise
        told = (
            str(error) if isinstance(error, OSError) else f"a file could not be written ({error})"
        )
        notes = getattr(error, "__notes__", ())
        _leave("\n".join([told, *notes, _MAKE_ROOM]), OutsideError.exit_code)
    except KeyboardInterrupt:
        _leave("Interrupted; the same command continues from what was saved last.", INTERRUPTED)


@contextmanager
def disk_named(folder: Path) -> Iterator[None]:
    """Add to an error of the disk where the run writes: a failed write does not know its file."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if _is_of_the_disk(error) and getattr(error, "filename", None) is None:
            free = shutil.disk_usage(folder).free / 1e6
            error.add_note(f"The run writes to {folder}, where {free:,.0f} MB are free.")
        raise


def _is_of_the_disk(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in _DISK
    return any(words in str(error) for words in _FAILED_WRITES)


def _leave(message: str, code: int) -> None:
    if is_main():  # every process of a run finds the same mistake
        print(message, file=sys.stderr)
    raise ToldExit(message, code)

"""Errors that are for the user become a message and an exit code; a bug keeps its traceback."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from safetensors import SafetensorError

from evaluation.errors import DataUnavailable, EvaluationError, Unjudged
from finetuning.errors import ConfigError, OutsideError, WhetstoneError
from finetuning.world import is_main
from rewards.errors import RunStopped
from rewards.sandbox.compiled import MissingToolError
from rewards.sandbox.profile import SandboxUnavailableError

# What a disk says when it is full, read-only or not ours.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}

# How torch and safetensors word it: neither raises OSError.
_FAILED_WRITES = ("unexpected pos", "PytorchStreamWriter failed", "iostream error", "(os error 28)")
_MAKE_ROOM = "Make room or choose another run.outputs; the same command then goes on."
_INTERRUPTED = 130  # what a shell tells of a program that Ctrl-C ended


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
        SandboxUnavailableError,
        Unjudged,
    ) as error:
        _leave(str(error), OutsideError.exit_code)
    except EvaluationError as error:
        _leave(str(error), ConfigError.exit_code)
    except OSError as error:
        if error.errno not in _DISK:
            raise
        _leave(f"{error}\n{_MAKE_ROOM}", OutsideError.exit_code)
    except (RuntimeError, SafetensorError) as error:
        if not any(words in str(error) for words in _FAILED_WRITES):
            raise
        _leave(f"a file could not be written ({error})\n{_MAKE_ROOM}", OutsideError.exit_code)
    except KeyboardInterrupt:
        _leave("Interrupted; the same command continues from what was saved last.", _INTERRUPTED)


def _leave(message: str, code: int) -> None:
    if is_main():  # every process of a run finds the same mistake
        print(message, file=sys.stderr)
    raise SystemExit(code)

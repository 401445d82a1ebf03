"""Imports a module of the user's own, so that what is missing can be named."""

import importlib
import itertools
import sys
import traceback
from pathlib import Path
from types import ModuleType


def import_part_by_part(module_name: str, setting: str) -> ModuleType:
    """Import a module from the current folder or from where Python looks otherwise.

    Args:
        module_name: `package.module`.
        setting: What named it, as `fn=package.module:function`, for the message.

    Raises:
        ValueError: A part of the name is not there, or the module ends the program.

    """
    here = str(Path.cwd())
    if here not in sys.path:  # an installed command, unlike `python`, does not look there
        sys.path.insert(0, here)
    for name in itertools.accumulate(module_name.split("."), "{}.{}".format):
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:  # the module is there, and misses an import of its own
                missing = f"module {name} imports {error.name}, which is not installed"
                raise ValueError(f"{setting}: {missing}") from error
            package, _, part = name.rpartition(".")
            where = f"package {package}" if package else f"{here} or the rest of sys.path"
            raise ValueError(f"{setting}: there is no module {part!r} in {where}") from error
        except SystemExit as error:
            raise ValueError(
                f"{setting}: module {name} ends the program when it is imported (SystemExit:"
                f' {error}); put what it runs as a script below `if __name__ == "__main__":`'
            ) from error
        except Exception as error:  # the user's own code runs here, and may raise anything
            raise ValueError(
                f"{setting}: module {name} cannot be imported: {_told(error)}"
            ) from error
    return module


def _told(error: Exception) -> str:
    """Say what was raised, and on which line of which file."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: {error.msg}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{place.filename}, line {place.lineno}: {type(error).__name__}: {error}"

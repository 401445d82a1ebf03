"""Imports a module of the user's own, so that what is missing can be named."""

import importlib
import itertools
import sys
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
                raise
            package, _, part = name.rpartition(".")
            where = f"package {package}" if package else f"{here} or the rest of sys.path"
            raise ValueError(f"{setting}: there is no module {part!r} in {where}") from error
        except SystemExit as error:
            raise ValueError(
                f"{setting}: module {name} ends the program when it is imported (SystemExit:"
                f' {error}); put what it runs as a script below `if __name__ == "__main__":`'
            ) from error
    return module

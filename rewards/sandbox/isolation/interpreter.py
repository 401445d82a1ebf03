"""The files that a Python program needs to start and to import the standard library."""

import contextlib
import os
import sys
import sysconfig
from pathlib import Path

_ZONES = "/usr/share/zoneinfo"


def readable_paths() -> list[str]:
    """Folders of the standard library and of the shared libraries that this process has loaded."""
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), _ZONES}
    paths.add(str(sysconfig.get_config_var("DESTSHARED") or sysconfig.get_path("stdlib")))
    if sys.platform == "darwin":
        return sorted({*paths, sys.base_prefix, "/usr/lib", "/System/Library"})
    with contextlib.suppress(FileNotFoundError):
        for line in Path("/proc/self/maps").read_text().splitlines():
            _, _, path = line.partition("/")
            if ".so" in os.path.basename(path):  # noqa: PTH119 - text, not yet a path
                paths.add(os.path.dirname("/" + path))  # noqa: PTH120
    return sorted(path for path in paths if Path(path).is_dir())


def hidden_paths() -> list[str]:
    """Folders below those that hold other people's packages."""
    library = sysconfig.get_path("stdlib")
    return [f"{library}/site-packages", f"{library}/dist-packages"]

"""macOS' own sandbox, in place of namespaces, Landlock and seccomp.

Unproven: written from Apple's interface, and no attack has been run against it. It refuses to start
a program if the profile cannot be applied, and the probe has to hold like anywhere else.
"""

import ctypes
from collections.abc import Iterable


def apply(readable: Iterable[str]) -> None:
    """Confine this process for good. Raises `OSError` if the system refuses."""
    paths = " ".join(f'(subpath "{path}")' for path in readable)
    profile = (
        "(version 1)(deny default)(allow sysctl-read)(allow file-read-metadata)"
        f"(allow file-read* {paths})"
    )
    system = ctypes.PyDLL("/usr/lib/libSystem.dylib", use_errno=True)
    message = ctypes.c_char_p()
    if system.sandbox_init(profile.encode(), ctypes.c_uint64(0), ctypes.byref(message)) != 0:
        reason = (message.value or b"no reason given").decode(errors="replace")
        raise OSError(f"sandbox_init: {reason}")

"""Makes the private copies of the modules that run beside a program.

A name that they look up is found in builtins of their own, and neither `sys.modules` nor an
attribute of a package leads to them, so a program cannot change what they do.
"""

import builtins
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, NoReturn

_PACKAGES = (
    "whetstone",
    "whetstone.rewards",
    "whetstone.rewards.sandbox",
    "whetstone.rewards.sandbox.together",
)
_LOCK = "whetstone.rewards.sandbox.together.lock"
_MODULES = (
    "whetstone.rewards.sandbox.frames",
    "whetstone.rewards.sandbox.event_loop",
    "whetstone.rewards.sandbox.text",
    "whetstone.rewards.sandbox.emptied",
    "whetstone.rewards.sandbox.parametrize",
    "whetstone.rewards.sandbox.together.literal",
    "whetstone.rewards.sandbox.together.library",
    _LOCK,
    "whetstone.rewards.sandbox.together.doors",
    "whetstone.rewards.sandbox.together.compare",
    "whetstone.rewards.sandbox.together.driver",
)


def compiled() -> dict[str, CodeType]:
    """Read the modules, while their files can be read."""
    codes = {}
    for name in _MODULES:
        package, _, leaf = name.rpartition(".")
        file = f"{sys.modules[package].__path__[0]}/{leaf}.py"
        code = SourceFileLoader(name, file).get_code(name)
        if code is None:
            raise ImportError(name)
        codes[name] = code
    return codes


def load(codes: dict[str, CodeType]) -> Callable[[], NoReturn]:
    """Make the copies; returns `serve` of the driver, which is all that is left of them."""
    ours = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)}
    trusted = dict(vars(builtins))
    try:
        for name in (*_PACKAGES, *codes):
            module: Any = ModuleType(name)
            module.__builtins__ = trusted
            module.__path__ = []
            sys.modules[name] = module
            package, _, leaf = name.rpartition(".")
            if package:
                setattr(sys.modules[package], leaf, module)
            if name in codes:
                exec(codes[name], vars(module))  # noqa: S102 - it is our own
        serve: Callable[[], NoReturn] = module.serve
        module.library.remember()
        scopes = [vars(sys.modules[name]) for name in codes]
        vars(sys.modules[_LOCK])["hide"](module.library.all_classes(), scopes)
        return serve
    finally:
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(ours)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "whetstone"

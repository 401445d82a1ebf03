"""The compilers: where they are, what they are told, which folders they read."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from whetstone.rewards.installed import why_missing

_JVM = ("-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1")


class MissingToolError(RuntimeError):
    """A compiler is not installed here; the message names it."""


@dataclass(frozen=True)
class Toolchain:
    """How programs of a language are built and run, in a folder of their own."""

    file: str
    """The name of the source file."""
    build: tuple[str, ...]
    build_s: float
    run: tuple[str, ...]
    folders: tuple[str, ...]
    """Read and run, besides those of the system."""
    address_space: bool
    """Whether memory is limited by addresses; a JVM reserves far more of them than it uses."""


def toolchain(language: str, memory_mb: int, *, tested: bool) -> Toolchain:
    """Return the toolchain of `cpp`, `rust` or `java`.

    `tested` says that tests stand behind a program; else it has a `main` of its own.

    Raises:
        MissingToolError: when it is not installed.
        ValueError: for another language.

    """
    if language not in _MAKERS:
        raise ValueError(f"language={language!r}: choose one of {', '.join(_MAKERS)}")
    return _MAKERS[language](memory_mb, tested)


def _cpp(_: int, tested: bool) -> Toolchain:
    optimised = () if tested else ("-O2",)
    build = (_found("g++"), "-std=c++17", *optimised, "-o", "program", "main.cpp")
    return Toolchain("main.cpp", build, 15.0, ("./program",), (), address_space=True)


def _rust(_: int, tested: bool) -> Toolchain:
    # Past rustup's shim, which would want its home folder.
    asked = [_found("rustc"), "--print", "sysroot"]
    root = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    kind = ("--test",) if tested else ("-O",)
    build = (f"{root}/bin/rustc", *kind, "--edition", "2021", "-o", "program", "main.rs")
    run = ("./program", "--test-threads=1") if tested else ("./program",)
    return Toolchain("main.rs", build, 15.0, run, (root,), address_space=True)


def _java(memory_mb: int, _tested: bool) -> Toolchain:
    heap = f"-Xmx{memory_mb}m"
    compiler, runner = _found("javac"), _found("java")
    home = Path(runner).resolve().parents[1]
    build = (compiler, *(f"-J{flag}" for flag in (heap, *_JVM)), "-encoding", "UTF-8", "Main.java")
    run = (runner, heap, *_JVM, "-ea", "-cp", ".", "Main")
    # Distributions keep a JVM's settings in /etc.
    settings = {str(path.resolve().parent) for path in (home / "conf").rglob("*.properties")}
    folders = (str(home), *sorted(settings))
    return Toolchain("Main.java", build, 15.0, run, folders, address_space=False)


_MAKERS: dict[str, Callable[[int, bool], Toolchain]] = {"cpp": _cpp, "rust": _rust, "java": _java}


COMPILED = tuple(_MAKERS)
"""The languages that programs can be built of and run."""


def _found(tool: str) -> str:
    path, reason = shutil.which(tool), why_missing(tool)
    if path is None or reason is not None:
        raise MissingToolError(f"{reason}; install it to judge such programs")
    return path

"""Resolves every extra on every Python and platform that we name; installs nothing.

`make resolve`, before a release: a package that an extra pulls in may have moved since. `dev` is
resolved with constraints.txt as well, from wheels only, which is what `make` installs.
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [name for text in PROJECT["classifiers"] if "." in (name := text.rpartition(" :: ")[2])]
# MLX for Linux has no wheels for an older C library than that of Ubuntu 22.04.
LINUX = "x86_64-manylinux_2_35"
PLATFORMS = (LINUX, "aarch64-manylinux_2_35", "aarch64-apple-darwin")
ON = {"vllm": (LINUX,), "deepspeed": (LINUX,)}  # both work on CUDA
# Hydra's parser has no wheel; it is plain Python.
WHEELS = ("--only-binary", ":all:", "--no-binary", "antlr4-python3-runtime")


def resolves(python: str, platform: str, *options: str) -> bool:
    """Ask uv, and print what it says where there is no solution."""
    wanted = ("--python-version", python, "--python-platform", platform, *options)
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run(
        [uv, "pip", "compile", "--quiet", *wanted, "pyproject.toml"],
        cwd=ROOT,
        # bitsandbytes has wheels for macOS from 14 on.
        env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"},
        capture_output=True,
        text=True,
        check=False,
    )
    label = " ".join((python, platform, *options[:4]))
    print(f"{label}: {'resolves' if done.returncode == 0 else done.stderr}", flush=True)
    return done.returncode == 0


def questions() -> Iterator[tuple[str, ...]]:
    """Yield the arguments of every question."""
    for python, platform in product(PYTHONS, PLATFORMS):
        yield python, platform, "--extra", "dev", "-c", "constraints.txt", *WHEELS
        for extra in PROJECT["optional-dependencies"]:
            if platform in ON.get(extra, PLATFORMS):
                yield python, platform, "--extra", extra


with ThreadPoolExecutor(4) as pool:
    answers = list(pool.map(lambda question: resolves(*question), questions()))
print(f"{sum(answers)} of {len(answers)} resolve")
sys.exit(not all(answers))

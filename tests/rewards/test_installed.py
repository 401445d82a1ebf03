"""A program that is on the PATH and has nothing to start is not installed, wherever it is asked."""

import pytest

from whetstone.rewards.compilers import Compilers, MissingCompilerError
from whetstone.rewards.installed import why_missing
from whetstone.rewards.sandbox.compiled import CompiledSandbox, MissingToolError

TOLD = (
    r"rustc is not installed: .*/rustc is there, but `rustc --version` fails \(error: rustup could"
)
SHIM = """#!/bin/sh
echo "$@" >> "$0.asked"
echo "error: rustup could not choose a version of rustc to run" >&2
exit 1
"""


@pytest.fixture
def shim(tmp_path, monkeypatch):
    """Put rustup's `rustc` without a toolchain on the PATH, alone."""
    path = tmp_path / "rustc"
    path.write_text(SHIM)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return path


def test_a_shim_without_a_toolchain_is_no_compiler(shim):
    with Compilers(workers=1) as compilers, pytest.raises(MissingCompilerError, match=TOLD):
        compilers.compiler("rust")
    with pytest.raises(MissingToolError, match=TOLD):
        CompiledSandbox("rust")
    assert shim.with_name("rustc.asked").read_text() == "--version\n"  # once for all


def test_what_no_system_can_start_is_not_installed(shim):
    shim.write_bytes(b"\x7fELF of another machine")
    assert "rustc --version` fails" in (why_missing("rustc") or "")


def test_what_answers_is_installed(shim):
    shim.write_text("#!/bin/sh\necho rustc 1.95.0\n")
    assert why_missing("rustc") is None
    assert why_missing("cargo") == "cargo is not on the PATH"

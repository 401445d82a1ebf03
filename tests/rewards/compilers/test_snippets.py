"""Snippets whose outcome is known: right, wrong, tricky and without content, by language."""

import os
import re
from pathlib import Path

import pytest

from whetstone.rewards.compilers import LANGUAGES, Compilers, MissingCompilerError, Snippet

FOLDER = Path(__file__).with_name("snippets")
HEAD = re.compile(r"^== (\w+): (.*)\n", re.MULTILINE)


def cases(language):
    parts = HEAD.split((FOLDER / f"{language}.txt").read_text())[1:]
    return list(zip(parts[0::3], parts[1::3], parts[2::3], strict=True))


@pytest.mark.parametrize(
    "language",  # C asks the same compiler as C++; Java and Rust take longest to start
    [
        pytest.param(name, marks=pytest.mark.nightly) if name in ("cpp", "java", "rust") else name
        for name in LANGUAGES
    ],
)
def test_every_snippet_ends_as_it_should(language, compilers):
    try:
        compilers.compiler(language)
    except MissingCompilerError as error:
        pytest.skip(str(error))
    known = cases(language)
    assert len(known) >= 40
    found = compilers.run_many([Snippet(language, code) for _, _, code in known])
    surprises = {
        name: (one.outcome.value, one.detail)
        for (expected, name, _), one in zip(known, found, strict=True)
        if one.outcome != expected
    }
    assert surprises == {}


def test_a_typescript_without_a_compiler_is_named(monkeypatch, tmp_path, needs):
    needs("node")
    tsc = tmp_path / "typescript" / "bin" / "tsc"
    tsc.parent.mkdir(parents=True)
    tsc.write_text("#!/bin/sh\necho Version 7.0.2\n")
    tsc.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tsc.parent}:{os.environ['PATH']}")
    told = r"7\.0\.2 has neither typescript\.js nor a program"
    with Compilers() as fresh, pytest.raises(MissingCompilerError, match=told):
        fresh.compiler("typescript")

"""TypeScript 7: what its program prints, and where npm puts it."""

import pytest

from whetstone.rewards.compilers import harness
from whetstone.rewards.compilers.base import CompileLimits
from whetstone.rewards.compilers.native_typescript import NativeTypeScript, native_program
from whetstone.rewards.sandbox.compiled.step import Jailer

SAID = """\
snippet.ts(3,14): error TS2322: Type 'string' is not assignable to type 'number'.
  The types of 'a' are incompatible.
../ambient-x1/ambient.d.ts(1,1): error TS2403: Subsequent declarations must have the same type.
error TS5023: Unknown compiler option '--moduleKind'.
"""


@pytest.fixture
def compiler(tmp_path):
    rules = harness.load(harness.STANDARD)["typescript"]
    return NativeTypeScript(
        Jailer(), CompileLimits(2.0, 256), rules, tmp_path / "tsc", "TypeScript 7"
    )


def test_its_lines_are_diagnostics_and_have_a_place_in_the_snippet_only(compiler):
    found = [(str(one.severity), one.code, one.line) for one in compiler.parse(SAID)]
    assert found == [("error", "TS2322", 3), ("error", "TS2403", None), ("error", "TS5023", None)]


def test_the_options_of_the_harness_are_those_of_the_command_line(tmp_path):
    rules = {"options": {"strict": False, "lib": ["es2021", "DOM"], "target": "es2020"}}
    made = NativeTypeScript(
        Jailer(),
        CompileLimits(2.0, 256),
        {"ambient": "", **rules},
        tmp_path / "tsc",
        "TypeScript 7",
    )
    assert made._command[-6:] == ("--strict", "false", "--lib", "es2021,dom", "--target", "es2020")


@pytest.mark.parametrize("place", ["node_modules", "node_modules/typescript/node_modules"])
def test_the_program_is_found_beside_its_package_or_in_it(tmp_path, place):
    program = tmp_path / place / "@typescript/typescript-linux-x64/lib/tsc"
    script = tmp_path / "node_modules/typescript/bin/tsc"
    for path in (program, script):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert native_program(str(script)) == program
    program.unlink()
    assert native_program(str(script)) is None

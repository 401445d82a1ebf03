"""Sources that go for the machine, the compiler or the reward: each ends in a verdict in time."""

import tempfile
import time
from pathlib import Path

import pytest

from whetstone.rewards.compilers import Compilers, MissingCompilerError, Snippet

SECRET = "int secret_of_this_machine = 7;"  # noqa: S105 - a name
CPU_S = 2.0

CPP = {
    "reads by include": '#include "@SECRET@"\nint f() { return secret_of_this_machine; }',
    "reads the password file": '#include "/etc/passwd"\nint f(int a) { return a; }',
    "reads the processes": '#include "/proc/self/environ"\nint f(int a) { return a; }',
    "includes a device without end": '#include "/dev/zero"\nint f(int a) { return a; }',
    "includes noise": '#include "/dev/urandom"\nint f(int a) { return a; }',
    "includes itself": '#include "main.cpp"\nint f(int a) { return a; }',
    "template without end": (
        "template <int N> struct A { static constexpr int v = A<N + 1>::v; };"
        "int f() { return A<0>::v; }"
    ),
    "template tree": (
        "template <int N, int M> struct A { using L = A<N - 1, 2 * M>;"
        "using R = A<N - 1, 2 * M + 1>;"
        "static constexpr int v = L::v + R::v; };"
        "template <int M> struct A<0, M> { static constexpr int v = 1; };"
        "int f() { return A<26, 0>::v; }"
    ),
    "constexpr without end": (
        "constexpr int g(unsigned long n) { int s = 0; for (unsigned long i = 0; i < n; i++)"
        " for (unsigned long j = 0; j < 262000; j++) s ^= i; return s; }\n"
        + "".join(f"constexpr int x{n} = g({n} * 0 + 100);\n" for n in range(400))
    ),
    "macro bomb": "\n".join(
        ["#define A0 a a a a a a a a a a"]
        + [f"#define A{n} " + f"A{n - 1} " * 10 for n in range(1, 9)]
        + ["int f() { A8 }"]
    ),
    "pragma bomb": "#pragma GCC push_options\n" * 1900 + "int f(int a) { return a + b; }",
    "pragma reads": '#pragma GCC dependency "/etc/shadow"\nint f(int a) { return a + b; }',
    "deep parentheses": "int f(int a) { return " + "(" * 20000 + "a" + ")" * 20000 + " + b; }",
    "huge array": "int a[1ull << 62]; char b[1ull << 40] = {1}; int f() { return a[0] + c; }",
    "huge initialiser": "int a[] = {" + "1," * 20000 + "}; int f() { return a[0] + c; }",
    "error flood": "int f() { " + "undefined_name; " * 3000 + "}",
}
RUST = {
    "reads by include_str": 'fn f() -> &\'static str { include_str!("@SECRET@") }',
    "reads by include": 'fn f() -> i32 { include!("@SECRET@") }',
    "reads by path": '#[path = "@SECRET@"]\nmod secret;\nfn f() -> i32 { secret::x() }',
    "proc macro": (
        '#![crate_type = "proc-macro"]\nextern crate proc_macro;\nuse proc_macro::TokenStream;\n'
        "#[proc_macro]\npub fn harm(x: TokenStream) -> TokenStream {\n"
        ' std::fs::write("@MARK@", "x").unwrap(); x }\nfn f(a: i32) -> i32 { harm!(a) }'
    ),
    "constant without end": (
        "#![allow(long_running_const_eval)]\n"
        "const X: u64 = { let mut i = 0u64; loop { i = i.wrapping_add(1);"
        " if i == u64::MAX { break; } } i };"
        "\nfn f() -> u64 { X }"
    ),
    "macro recursion": "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)*) } }\nfn f() { m!(a) }",
    "gigantic array": "static A: [u8; 1 << 46] = [1; 1 << 46];\nfn f() -> u8 { A[0] + b }",
    "type recursion": (
        "trait T { fn f(&self) -> usize; } struct W<X>(X);"
        "fn g<X>(n: usize, x: X) -> usize where W<X>: Sized"
        "{ if n == 0 { b } else { g(n - 1, W(x)) } }"
    ),
}
JAVA = {
    "annotation processor": (
        '@SupportedAnnotationTypes("*") public class P extends'
        " javax.annotation.processing.AbstractProcessor { public boolean process(Set<? extends"
        " javax.lang.model.element.TypeElement> a,"
        ' javax.annotation.processing.RoundEnvironment r) { Runtime.getRuntime().exec("@MARK@");'
        " return true; } }"
    ),
    "class beside it": "int f(int a) { return new CompileServer().hashCode() + a; }",
    "deep expression": "int f(int a) { return " + "(" * 20000 + "a" + ")" * 20000 + " + b; }",
    "long sum": "int f(int a) { return " + "a + " * 12000 + "b; }",
    "inference": (
        "<T> T i(T a, T b) { return a; } void f() { Object x = "
        + "i(1, i(() -> 1, " * 12
        + "b"
        + "))" * 12
        + "; }"
    ),
}
PYTHON = {
    "deep parentheses": "def f(a):\n    return " + "(" * 5000 + "a" + ")" * 5000 + "\n",
    "deep operators": "def f(a):\n    return " + "-" * 49000 + "a +\n",
    "gigantic constants": "def f(a):\n    return a + 9 ** 9 ** 9 +\n",
    "long number": "def f(a):\n    return a + " + "9" * 49000 + "\n",
    "null bytes": "def f(a):\n    return a\0\n",
}
JAVASCRIPT = {
    "leaves the parser": "} process.exit(0); {",
    "deep brackets": "function f(a) { return " + "[" * 49000 + "a",
    "module side effect": 'import "fs"; export const x = await boom(; ',
}
TYPESCRIPT = {
    "type recursion": (
        "type A<N extends any[]> = A<[...N, 1, ...N]>;"
        "function f(x: A<[1]>): number { return x + undefined_name; }"
    ),
    "reads by reference": (
        '/// <reference path="@SECRET@" />\nfunction f(a: number) { return a + secret_of_this; }'
    ),
    "deep brackets": "function f(a) { return " + "[" * 49000 + "a",
}
GO = {
    "reads by embed": (
        'package x\nimport _ "embed"\n//go:embed /etc/passwd\nvar s string\n'
        "func f(a int) int { return a + len(s) + b }"
    ),
    "huge constant": "const x = 1 << 500 << 500\nfunc f(a int) int { return a + x }",
    "huge array": "var a [1 << 50]int\nfunc f(i int) int { return a[i] + b }",
    "huge literal": "func f() int { a := [...]int{1 << 30: 1}; return a[3] }",
    "assembler": "package x\nfunc f(a int) int\nfunc g(a int) int { return f(a) }",
}
ATTACKS = {
    "cpp": CPP,
    "rust": RUST,
    "java": JAVA,
    "python": PYTHON,
    "javascript": JAVASCRIPT,
    "typescript": TYPESCRIPT,
    "go": GO,
}
RIGHT = {
    "cpp": "int f(int a) { return a + 1; }",
    "rust": "fn f(a: i32) -> i32 { a + 1 }",
    "java": "int f(int a) { return a + 1; }",
    "python": "def f(a):\n    return a + 1\n",
    "javascript": "function f(a) { return a + 1; }",
    "typescript": "function f(a: number) { return a + 1; }",
    "go": "func f(a int) int { return a + 1 }",
}


def inside(folder: Path) -> list[str]:
    """Processes that live in this folder, also once it is removed."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            place = str((path / "cwd").readlink())
        except OSError:
            continue
        if place.startswith(str(folder)):
            found.append((path / "cmdline").read_text())
    return found


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(name, marks=pytest.mark.nightly) if name in {"cpp", "rust", "java"} else name
        for name in ATTACKS
    ],
)
def test_no_source_reaches_out_or_stays(language, tmp_path, needs, monkeypatch):
    needs("g++", "rustc")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    secret, mark = tmp_path / "secret.h", tmp_path / "mark"
    secret.write_text(SECRET)
    with Compilers(cpu_s=CPU_S) as compilers:
        try:
            compilers.compiler(language)
        except MissingCompilerError as error:
            pytest.skip(str(error))
        sources = {
            name: text.replace("@SECRET@", str(secret)).replace("@MARK@", str(mark))
            for name, text in ATTACKS[language].items()
        }
        compilers.run_many([Snippet(language, RIGHT[language])])
        for name, text in sources.items():
            started = time.process_time()
            (one,) = compilers.run_many([Snippet(language, text)])
            assert one.outcome in {"errors", "limit", "empty"}, (name, one)
            assert time.process_time() - started < 10, (
                name
            )  # of ours: the process that reads is no target either
        (after,) = compilers.run_many([Snippet(language, RIGHT[language] + " ")])
        assert after.outcome == "compiled", after
    assert not mark.exists()
    assert secret.read_text() == SECRET
    assert list(temporary.iterdir()) == []
    deadline = time.monotonic() + 10  # what was killed is gone when the kernel says so
    while inside(temporary) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert inside(temporary) == []


def test_a_compiler_that_is_killed_is_started_again(needs):
    needs("javac")
    with Compilers(workers=1, cpu_s=20) as compilers:
        right = Snippet("java", RIGHT["java"])
        assert compilers.run_many([right])[0].outcome == "compiled"
        compilers.compiler("java")._idle[0]._running.kill()
        assert compilers.run_many([right])[0].outcome == "compiled"


@pytest.fixture(scope="module")
def in_short():
    """Compilers that give a snippet little time; what they prepare they prepare once."""
    with Compilers(cpu_s=CPU_S) as compilers:
        yield compilers


@pytest.mark.nightly
def test_what_stops_a_compiler_is_the_snippets_limit(in_short, needs):
    needs("g++")
    found = in_short.run_many(
        [
            Snippet("cpp", CPP["template tree"]),
            Snippet("cpp", f"// {'x' * 60_000}\n{RIGHT['cpp']}"),
        ]
    )
    assert [one.outcome for one in found] == ["limit"] * 2


def test_a_device_without_end_cannot_be_read(in_short, needs):
    needs("g++")
    (found,) = in_short.run_many([Snippet("cpp", CPP["includes a device without end"])])
    assert found.outcome == "errors"
    assert "Permission denied" in found.detail

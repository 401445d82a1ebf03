"""What snippets say by their grammars, without a compiler, and texts that bring a parser down."""

import pytest

from whetstone.rewards.audit.attacks.nothing import answers
from whetstone.rewards.compilers import LANGUAGES, Snippet
from whetstone.rewards.compilers.reader import read_all
from whetstone.rewards.compilers.reading import read

ONLY_FOR_A_COMPILER = {"include", "silenced"}
"""Answers that say something, but do not compile."""


@pytest.mark.parametrize("name", LANGUAGES)
def test_answers_without_content_say_nothing(name):
    known = answers(name, LANGUAGES[name])
    said = {
        answer
        for answer, code in {"right": known.right, **known.nothing}.items()
        if read(Snippet(name, code, prompt=known.prompt), None).says_something
    }
    assert said - ONLY_FOR_A_COMPILER == {"right"}


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("c", "int f(int a) { return 0\n#if 0\n + a + b\n#endif\n; }"),
        ("c", "#if 0\n/*\n#endif\n*/\nint f(int a) { return a + b; }\n#endif"),
        ("c", "#if 1\n#else\nint f(int a) { return a + b; }\n#endif"),
        ("rust", "#[test]\nfn f() { undefined_name(); }"),
        ("rust", "fn f(a: i32) -> i32 { #[cfg(any())]\n#[must_use]\nlet b = a + 1;\n0 }"),
        ("java", "/* int f(int a) { return a + 1; }"),
        ("python", "def f(a"),
        ("python", "def f(a: int, b"),
        ("javascript", "function f(a)"),
    ],
)
def test_what_no_compiler_would_see_says_nothing(language, code):
    assert not read(Snippet(language, code), None).says_something


def test_a_function_is_found_where_the_program_ends_too_soon():
    whole = "int g(int a) { return a; }\nint f(int a) {\n  for (int i = 0; i < a; i++) { g(a["
    for language in ("c", "cpp"):
        assert read(Snippet(language, whole), None).functions == [(1, 1), (2, 3)]
    code = "class A {\n  int f(int a) { return a; }\n  int g(int a) {\n    if (a > 1) { return f("
    assert read(Snippet("java", code), None).functions == [(2, 2), (3, 4)]
    assert read(Snippet("python", "def f(a):\n    x = [a"), None).functions == [(1, 2)]


def test_words_of_a_docstring_are_not_what_a_snippet_repeats():
    prompt = 'def f(a):\n    """As in `return a`, but more."""\n'
    assert not read(Snippet("python", "    return a\n", prompt, prompt=prompt), None).repeats
    assert read(Snippet("python", "def f(a):", prompt=prompt), None).repeats


def test_a_text_that_brings_a_parser_down_costs_nobody_else_his_answer():
    honest = [Snippet("java", f"int f(int a) {{ return a + {n}; }}") for n in range(2)]
    crash, tangle = Snippet("java", "a<" * 20_000), Snippet("javascript", "x:y " * 9_000)
    long = Snippet("c", "int f(int a) { return a; } " * 2_000)
    found = read_all([long, crash, honest[0], tangle, honest[1]])
    assert [one is not None and one.says_something for one in found] == [0, 0, 1, 0, 1]

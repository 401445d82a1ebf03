"""Answers that compile and say nothing, and one that asks the compiler for a file of this machine.

By language: a right answer, a wrong one, and what has not earned more than the wrong one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from whetstone.rewards.compilers.language import Language


@dataclass(frozen=True)
class Answers:
    """The answers of one language to a prompt that shows the head of a function `answer`."""

    prompt: str
    right: str
    wrong: str
    nothing: Mapping[str, str]


_INCLUDE = '#include "/etc/passwd"\nint answer(int n) { return n; }'
_MORE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "python": {
            "pass": "def answer(n):\n    pass\n",
            "dots": "def answer(n): ...\n",
            "a docstring": 'def answer(n):\n    """Return the answer: n + 1."""\n',
            "not yet": "def answer(n):\n    raise NotImplementedError\n",
            "imports": "import os\nimport sys\n",
            "many of nothing": "".join(f"def f{n}(n): pass\n" for n in range(50)),
            "nothing and an error": "def answer(n):\n    pass\n)\n",
        },
        "c": {
            "prototype": "int answer(int n);",
            "conditional": "#if 0\nint answer(int n) { what }\n#endif\n",
            "include": _INCLUDE,
        },
        "cpp": {
            "prototype": "int answer(int n);",
            "conditional": "#ifdef NOT_DEFINED\nint answer(int n) { what }\n#endif\n",
            "include": _INCLUDE,
            "throws": 'int answer(int n) { throw std::runtime_error("later"); }',
        },
        "rust": {
            "todo": "fn answer(n: i32) -> i32 { todo!() }",
            "panic": 'fn answer(n: i32) -> i32 { panic!("later") }',
            "include": 'fn answer() -> &\'static str { include_str!("/etc/passwd") }',
        },
        "java": {
            "throws": "int answer(int n) { throw new UnsupportedOperationException(); }",
            "wrapped": "class A { int answer(int n) { return 0; } }",
        },
        "go": {
            "package": "package main\n",
            "panic": 'func answer(n int) int { panic("later") }',
        },
        "javascript": {
            "throws": 'function answer(n) { throw new Error("later"); }',
            "arrow": "const answer = (n) => {};",
        },
        "typescript": {
            "silenced": "// @ts-nocheck\nfunction answer(n: number): number { return n + m; }",
        },
    }
)


def answers(name: str, language: Language) -> Answers:
    """Return those that every language has, and those that this one has besides."""
    example, comment = language.example, language.comment
    right = example.head + example.right
    nothing = {
        "nothing": "",
        "a comment": f"{comment} the answer\n",
        "the prompt again": example.head,
        "code in a comment": f"{comment} {right}".replace("\n", f"\n{comment} "),
        "a literal": example.head + example.nothing,
    }
    more = _MORE.get(name, {})
    return Answers(example.head, right, example.head + example.wrong, {**nothing, **more})

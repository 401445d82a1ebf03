"""Answers that compile and say nothing, and one that asks the compiler for a file of this machine.

By language: a right answer, a wrong one, and what has not earned more than the wrong one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Answers:
    """The answers of one language to a prompt that shows the head of a function `answer`."""

    prompt: str
    right: str
    wrong: str
    nothing: Mapping[str, str]


def _braced(head: str, body: str, wrong: str, **more: str) -> Answers:
    nothing = {
        "nothing": "",
        "a comment": "// the answer\n",
        "the prompt again": head,
        "code in a comment": f"/* {head} {body} */",
        "a literal": f"{head} return 0; }}",
    }
    return Answers(head, f"{head} {body}", f"{head} {wrong}", nothing | more)


_INCLUDE = '#include "/etc/passwd"\n'
ANSWERS: Mapping[str, Answers] = MappingProxyType(
    {
        "python": Answers(
            "def answer(n):\n",
            "def answer(n):\n    return n + 1\n",
            "def answer(n):\n    return n +\n",
            {
                "nothing": "",
                "a comment": "# the answer\n",
                "the prompt again": "def answer(n):\n",
                "pass": "def answer(n):\n    pass\n",
                "dots": "def answer(n): ...\n",
                "a docstring": 'def answer(n):\n    """Return the answer: n + 1."""\n',
                "a literal": "def answer(n):\n    return None\n",
                "not yet": "def answer(n):\n    raise NotImplementedError\n",
                "imports": "import os\nimport sys\n",
                "many of nothing": "".join(f"def f{n}(n): pass\n" for n in range(50)),
                "nothing and an error": "def answer(n):\n    pass\n)\n",
            },
        ),
        "c": _braced(
            "int answer(int n) {",
            "return n + 1; }",
            "return n + m; }",
            prototype="int answer(int n);",
            conditional="#if 0\nint answer(int n) { what }\n#endif\n",
            include=f"{_INCLUDE}int answer(int n) {{ return n; }}",
        ),
        "cpp": _braced(
            "int answer(int n) {",
            "return n + 1; }",
            "return n + m; }",
            prototype="int answer(int n);",
            conditional="#ifdef NOT_DEFINED\nint answer(int n) { what }\n#endif\n",
            include=f"{_INCLUDE}int answer(int n) {{ return n; }}",
            throws='int answer(int n) { throw std::runtime_error("later"); }',
        ),
        "rust": _braced(
            "fn answer(n: i32) -> i32 {",
            "n + 1 }",
            "n + m }",
            todo="fn answer(n: i32) -> i32 { todo!() }",
            panic='fn answer(n: i32) -> i32 { panic!("later") }',
            include='fn answer() -> &\'static str { include_str!("/etc/passwd") }',
        ),
        "java": _braced(
            "int answer(int n) {",
            "return n + 1; }",
            "return n + m; }",
            throws="int answer(int n) { throw new UnsupportedOperationException(); }",
            wrapped="class A { int answer(int n) { return 0; } }",
        ),
        "go": _braced(
            "func answer(n int) int {",
            "return n + 1 }",
            "return n + m }",
            package="package main\n",
            panic='func answer(n int) int { panic("later") }',
        ),
        "javascript": _braced(
            "function answer(n) {",
            "return n + 1; }",
            "return n + ; }",
            throws='function answer(n) { throw new Error("later"); }',
            arrow="const answer = (n) => {};",
        ),
        "typescript": _braced(
            "function answer(n: number): number {",
            "return n + 1; }",
            "return n + m; }",
            silenced="// @ts-nocheck\nfunction answer(n: number): number { return n + m; }",
        ),
    }
)

"""Programs with tests as a policy writes them: right, wrong, raising, unreadable, without end."""

import random
from dataclasses import dataclass
from typing import Any

_PROBLEMS: list[tuple[str, str, list[tuple[tuple[Any, ...], Any]]]] = [
    ("total", "    return sum(xs)", [(([1, 2, 3],), 6), (([],), 0), (([-1, 8],), 7)]),
    (
        "is_prime",
        "    return xs > 1 and all(xs % d for d in range(2, int(xs**0.5) + 1))",
        [((13,), True), ((15,), False), ((7919,), True)],
    ),
    (
        "distinct",
        "    return list(dict.fromkeys(xs))",
        [(([1, 1, 2],), [1, 2]), (([3, 2, 3],), [3, 2]), (([],), [])],
    ),
    (
        "letters",
        "    from collections import Counter\n    return dict(Counter(xs))",
        [(("abca",), {"a": 2, "b": 1, "c": 1}), (("",), {}), (("zz",), {"z": 2})],
    ),
    (
        "matches",
        "    import re\n    return bool(re.search('^a(b*)$', xs))",
        [(("abbb",), True), (("bbb",), False), (("a",), True)],
    ),
    (
        "largest",
        "    import heapq\n    return heapq.nlargest(2, xs)",
        [(([1, 5, 3, 9],), [9, 5]), (([4, 2],), [4, 2]), (([7, 8, 1],), [8, 7])],
    ),
    (
        "fib",
        "    return xs if xs < 2 else fib(xs - 1) + fib(xs - 2)",
        [((10,), 55), ((1,), 1), ((15,), 610)],
    ),
    ("backwards", "    return xs[::-1]", [(("abc",), "cba"), (("",), ""), (("xy",), "yx")]),
    (
        "transpose",
        "    return [list(row) for row in zip(*xs)]",
        [(([[1, 2], [3, 4]],), [[1, 3], [2, 4]]), (([[1]],), [[1]]), (([],), [])],
    ),
    (
        "primes",
        (
            "    sieve = [True] * (xs + 1)\n    for i in range(2, xs + 1):\n"
            "        for j in range(i * i, xs + 1, i):\n            sieve[j] = False\n"
            "    return sum(sieve[2:])"
        ),
        [((100,), 25), ((10,), 4), ((2000,), 303)],
    ),
]


@dataclass(frozen=True)
class Item:
    """One program, its tests as source and as data, and whether it is right."""

    name: str
    program: str
    cases: list[tuple[tuple[Any, ...], Any]]
    right: bool

    @property
    def tests(self) -> str:
        return "".join(
            f"assert {self.name}({', '.join(map(repr, arguments))}) == {expected!r}\n"
            for arguments, expected in self.cases
        )


PLAIN_LOOP = "while True:\n        pass"
CALLING_LOOP = "while True:\n        repr(xs)"
"""No tool can know that this one never ends."""


def workload(count: int, loops: bool, loop: str = PLAIN_LOOP) -> list[Item]:
    """Of 20 programs 10 are right, 5 wrong, 2 raise, 2 do not compile; the last loops or raises.

    No two are the same, since some tools run equal programs once.
    """
    kinds = ["right"] * 10 + ["wrong"] * 5 + ["raises"] * 2 + ["unreadable"] * 2
    kinds.append("loops" if loops else "raises")
    items = []
    for index in range(count):
        name, body, cases = _PROBLEMS[(index // 20 + index) % len(_PROBLEMS)]
        kind = kinds[index % 20]
        source = {
            "right": f"def {name}(xs):\n{body}\n",
            "wrong": f"def {name}(xs):\n    return 'wrong'\n",
            "raises": f"def {name}(xs):\n    return {{}}['missing']\n",
            "unreadable": f"def {name}(xs):\n    return (((\n",
            "loops": f"def {name}(xs):\n    {loop}\n",
        }[kind]
        items.append(Item(name, f"{source}# {index}\n", cases, kind == "right"))
    random.Random(0).shuffle(items)
    return items

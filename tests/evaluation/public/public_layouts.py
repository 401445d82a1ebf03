"""Rows of our own in the official layout of each public data set: small, and with their traps."""

import base64
import json
import pickle
import zlib

ADD = "a, b = map(int, input().split())\nprint(a + b)\n"
SUBTRACT = ADD.replace("+", "-")
PAIRS = [("1 2\n", "3\n"), ("10 -4\n", "6\n")]
QUESTION = "Two whole numbers stand on one line. Print their sum."
JOIN = "def join(words, times):\n    return words * times\n"
CALLS = [([["a"], 1], ["a"]), ([["a", "b"], 2], ["a", "b", "a", "b"])]
METHOD = "class Solution:\n    def join(self, words, times):\n        return words * times\n"
STARTER = "class Solution:\n    def join(self, words: List[str], times: int) -> List[str]:\n"


def input_output(pairs, name=None):
    found = {"inputs": [pair[0] for pair in pairs], "outputs": [pair[1] for pair in pairs]}
    return found if name is None else {"fn_name": name, **found}


def apps(**changes):
    return {
        "problem_id": 7,
        "question": QUESTION,
        "solutions": json.dumps(["print input()", ADD]),
        "input_output": json.dumps(input_output(PAIRS)),
        "difficulty": "interview",
        "url": "https://example.org/sum",
        "starter_code": "",
    } | changes


def taco(**changes):
    return {
        "question": QUESTION,
        "starter_code": "",
        "difficulty": "EASY",
        "raw_tags": "['math']",
        "name": None,
        "source": "codeforces",
        "tags": "[]",
        "skill_types": "[]",
        "url": "",
        "Expected Auxiliary Space": None,
        "time_limit": "2.0 seconds",
        "date": None,
        "picture_num": "0",
        "memory_limit": "256.0 megabytes",
        "solutions": json.dumps([ADD]),
        "input_output": json.dumps(input_output(PAIRS)),
    } | changes


def listed(pairs, kind="stdin"):
    return [{"input": read, "output": printed, "testtype": kind} for read, printed in pairs]


def functional(calls):
    return listed(
        [("\n".join(map(json.dumps, args)), json.dumps(result)) for args, result in calls],
        "functional",
    )


def deepcoder(**changes):
    return {
        "problem": QUESTION,
        "tests": json.dumps(listed(PAIRS)),
        "solutions": [f"```python\n{ADD}```"],
        "starter_code": "",
        "metadata": {"func_name": None},
    } | changes


def packed(tests):
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


def livecodebench(**changes):
    return {
        "question_title": "Sum",
        "question_content": QUESTION,
        "platform": "atcoder",
        "question_id": "abc1_a",
        "contest_id": "abc1",
        "difficulty": "easy",
        "contest_date": "2024-09-07T00:00:00",
        "starter_code": "",
        "metadata": "{}",
        "public_test_cases": json.dumps(listed(PAIRS[:1])),
        "private_test_cases": packed(listed(PAIRS[1:])),
    } | changes


def code_contests(**changes):
    read, printed = zip(*PAIRS, strict=True)
    return {
        "name": "1_A. Sum",
        "description": QUESTION,
        "input_file": "",
        "output_file": "",
        "source": 2,
        "difficulty": 7,
        "time_limit": {"seconds": 1, "nanos": 500_000_000},
        "memory_limit_bytes": 256_000_000,
        "cf_rating": 800,
        "public_tests": {"input": [read[0]], "output": [printed[0]]},
        "private_tests": {"input": [], "output": []},
        "generated_tests": {"input": [read[1]], "output": [printed[1]]},
        "solutions": {"language": [2, 1, 3], "solution": ["int main(){}", "print input()", ADD]},
        "incorrect_solutions": {"language": [4, 3], "solution": ["class A {}", SUBTRACT]},
    } | changes


CHECKER = """\
import sys
def numbers(path):
    with open(path) as file:
        return sorted(map(int, file.read().split()))
def main():
    _, correct, solution = sys.argv[1:]
    print(1 if numbers(correct) == numbers(solution) else 0)
main()
"""


def codeforces(**changes):
    cut = {"input": "1 2 3...", "output": "6"}
    return {
        "id": "1/A",
        "title": "Sum",
        "description": QUESTION,
        "input_mode": "stdio",
        "input_format": "Two numbers.",
        "output_format": "Their sum.",
        "note": None,
        "interaction_format": None,
        "examples": [{"input": "1 2", "output": "3"}],
        "time_limit": 2.0,
        "memory_limit": 256.0,
        "rating": 800,
        "generated_checker": None,
        "official_tests": [*({"input": a, "output": b} for a, b in PAIRS), cut],
    } | changes


def kodcode(**changes):
    return {
        "question_id": "Prefill_1",
        "question": "Double a number.",
        "subset": "Prefill",
        "solution": "def double(x):\n    return 2 * x\n",
        "test": "from solution import double\n\ndef test_one():\n    assert double(2) == 4\n\n"
        "def test_two():\n    assert double(-1) == -2\n",
        "test_info": [
            {"function_name": "double", "function_declaration": "def double(x):", "docstring": ""}
        ],
        "gpt_difficulty": "easy",
    } | changes


def acecode(**changes):
    return {
        "id": "oss_1",
        "source": "oss",
        "question": "Double a number.",
        "test_cases": ["assert double(3) == 6", "assert double(len('ab')) == 4"],
    } | changes


LISTS = """\
from typing import *

class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next

def list_node(values):
    head = None
    for value in reversed(values):
        head = ListNode(value, head)
    return head

def is_same_list(one, other):
    while one and other and one.val == other.val:
        one, other = one.next, other.next
    return one is None and other is None
"""
REVERSED = """\
class Solution:
    def turn(self, head: Optional[ListNode]) -> Optional[ListNode]:
        before = None
        while head:
            head.next, before, head = before, head, head.next
        return before
"""


def leetcode(**changes):
    return {
        "task_id": "turn-list",
        "question_id": 1,
        "difficulty": "Easy",
        "tags": ["List"],
        "problem_description": "Reverse a list.",
        "estimated_date": "2024-10-01",
        "starter_code": "class Solution:\n    def turn(self, head: Optional[ListNode]):\n        ",
        "prompt": LISTS,
        "completion": REVERSED,
        "entry_point": "Solution().turn",
        "test": "def check(candidate):\n"
        "    assert is_same_list(candidate(head = list_node([1, 2])), list_node([2, 1]))\n"
        "    assert is_same_list(candidate(head = list_node([3])), list_node([3]))\n",
    } | changes


def humanevalplus(**changes):
    return {
        "task_id": "HumanEval/0",
        "prompt": 'def half(x: float) -> float:\n    """Return half of x."""\n',
        "canonical_solution": "    return x / 2\n",
        "entry_point": "half",
        "test": "import numpy as np\n\ndef check(candidate):\n"
        "    assert np.allclose(candidate(1.0), 0.5)\n    assert np.allclose(candidate(3), 1.5)\n",
    } | changes


def mbppplus(**changes):
    return {
        "task_id": 2,
        "prompt": "Write a function to halve a number.",
        "source_file": "",
        "code": "def half(x):\n    return x / 2\n",
        "test_list": ["assert half(1) == 0.5"],
        "test_imports": [],
        "test": "import numpy as np\n\ninputs = [[1], [3]]\nresults = [0.5, 1.5]\n"
        "for inp, exp in zip(inputs, results):\n    assert half(*inp) == exp\n",
    } | changes


def bigcodebench(**changes):
    return {
        "task_id": "BigCodeBench/0",
        "entry_point": "task_func",
        "libs": "['statistics']",
        "instruct_prompt": "Return the mean of numbers.",
        "complete_prompt": "import statistics\n\ndef task_func(numbers):\n",
        "code_prompt": "import statistics\n\ndef task_func(numbers):\n",
        "canonical_solution": "    return statistics.mean(numbers)\n",
        "test": "import unittest\n\nclass TestCases(unittest.TestCase):\n"
        "    def setUp(self):\n        self.numbers = [1, 2, 6]\n"
        "    def test_mean(self):\n        self.assertEqual(task_func(self.numbers), 3)\n"
        "    def test_one(self):\n        self.assertEqual(task_func([4]), 4)\n",
    } | changes


ROWS = {
    row.__name__: row
    for row in (
        *(apps, taco, deepcoder, livecodebench, code_contests, codeforces, kodcode, acecode),
        *(leetcode, humanevalplus, mbppplus, bigcodebench),
    )
}
"""A row of each data set, by its name."""

SOLVED = {"livecodebench": ADD, "codeforces": ADD, "acecode": "def double(x):\n    return 2 * x\n"}
"""A right program for the data sets that have none."""

WRONG = {
    **dict.fromkeys(("apps", "taco", "deepcoder", "livecodebench", "codeforces"), SUBTRACT),
    **dict.fromkeys(("kodcode", "acecode"), "def double(x):\n    return x * x\n"),
    **dict.fromkeys(("humanevalplus", "mbppplus"), "def half(x):\n    return x // 2\n"),
    "code_contests": SUBTRACT,
    "bigcodebench": "def task_func(numbers):\n    return max(numbers)\n",
    "leetcode": "class Solution:\n    def turn(self, head):\n        return head\n",
}

"""The program in what a model wrote: each rule of docs/rewards.md, in its order."""

import time

import pytest

from whetstone.rewards.entry_points import names_asked, root_name
from whetstone.rewards.extract import extract_code

RIGHT = "def half(n):\n    return n // 2\n"
WRONG = "def half(n):\n    return n\n"
FENCED = f"```python\n{RIGHT}```"
DRAFT = f"```python\n{WRONG}```"
SET_IN = "".join(f"   {line}\n" for line in RIGHT.splitlines())


def said(text, names=("half",), language="python"):
    return extract_code([{"role": "assistant", "content": text}], (), language, names)


def works(code):
    namespace = {}
    try:
        exec(code, namespace)  # noqa: S102 - our own
    except SyntaxError:
        return False
    return "half" in namespace and namespace["half"](6) == 3


@pytest.mark.parametrize(
    ("text", "stop", "code"),
    [
        ("    return 1\n", [], "    return 1\n"),
        ("    return 1\ndef g():", ["\ndef", "\nclass"], "    return 1"),
        ("a\nclass A\ndef g", ["\ndef", "\nclass"], "a"),
        ("a\nprint(1)", ["\ndef"], "a\nprint(1)"),
        ("\ndef f(): pass", ["\ndef"], ""),
        ("", ["\n"], ""),
        ("x = 1\n\nThis sets x.", [], "x = 1\n\nThis sets x."),
        (f"{FENCED}\nDone.", [], RIGHT),
        (f"<think>{DRAFT}</think>{FENCED}", [], RIGHT),
        ("    return 1\n```\nIt returns one.", [], "    return 1\n"),
    ],
)
def test_text_is_cut_at_the_earliest_stop_string_and_taken_apart_only_if_it_cannot_be_code(
    text, stop, code
):
    assert extract_code(text, stop) == code


def test_fences_in_a_string_do_not_make_an_answer_of_a_text():
    text = 'def f():\n    """Like so:\n\n```\nf()\n```\n    """\n    return 1\n'
    assert extract_code(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\n{DRAFT}\n</think>\n\n{FENCED}",
        f"<Thinking>{DRAFT}</Thinking>{FENCED}",
        f"I try\n{DRAFT}\nno.</think>\n{FENCED}",  # the prompt has opened it
        "Hm\n```python\ndef half(n):\n    retu\n</think>\n" + FENCED,  # a draft broken off
        f"<think>a</think>\n{DRAFT}\n<think>no\n</think>\n{FENCED}",
        f"<think>a</think><think>{DRAFT}</think>{FENCED}",
        f"{FENCED}\n<think>All is well.</think>\nDone.",
        f"Well. <think>\n{DRAFT}\n</think>\n{FENCED}",
        f"<reasoning>\n{DRAFT}\n</reasoning>\n{FENCED}",
        f"[THINK]{DRAFT}[/THINK]{FENCED}",
        f"<|begin_of_thought|>{DRAFT}<|end_of_thought|>\n<|begin_of_solution|>\n{FENCED}\n<|end_of_solution|>",
        f"<|START_THINKING|>{DRAFT}<|END_THINKING|>{FENCED}",
        f"◁think▷{DRAFT}◁/think▷{FENCED}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{FENCED}<|return|>",
        f"analysisWe halve.\n{DRAFT}assistantfinal{FENCED}",
    ],
)
def test_what_was_drafted_in_reasoning_is_no_answer(text):
    assert said(text) == RIGHT


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\n{FENCED}\nHmm, but",
        f"Let me see.\n<think>\n{FENCED}",
        f"[THINK]{FENCED}",
        f"<|channel|>analysis<|message|>{FENCED}",
        f"<think>{FENCED}</think>\n",
    ],
)
def test_reasoning_that_never_ends_answers_nothing(text):
    assert "half" not in said(text)


@pytest.mark.parametrize(
    "line",
    [
        "    text = re.sub(r'<think>.*?</think>', '', str(n))",
        '    """Pass over <think>.\n    <think>\n    and </think>\n    """',
        "    # what is after </think>",
        '    page = """\n<answer>\n"""',
    ],
)
def test_tags_in_quotes_and_blocks_are_text(line):
    code = f"import re\n\n\ndef half(n):\n{line}\n    return n // 2\n"
    assert said(f"```python\n{code}```") == code


@pytest.mark.parametrize(
    "text",
    [
        f"{DRAFT}\n<answer>\n{FENCED}\n</answer>",
        f"<think>x</think><answer>{RIGHT}</answer>\n{DRAFT}",
        f"<answer>{DRAFT}</answer> No:\n<answer>{FENCED}</answer>",
        f"<answer>\n{FENCED}",
        f"<solution>\n```python\n{RIGHT}</solution>\nThat is all.",
    ],
)
def test_the_last_answer_that_is_marked_as_one_counts(text):
    assert works(said(text))


@pytest.mark.parametrize(
    "tail", ["<|im_end|>", "</s>", "<|eot_id|>\n<|start_header_id|>user", "<eos>"]
)
@pytest.mark.parametrize("answer", [RIGHT, FENCED, FENCED + "\n"])
def test_the_end_of_a_turn_is_no_code(answer, tail):
    assert works(said(answer + tail))


def test_the_end_of_a_turn_in_a_string_is_text():
    code = "def half(n):\n    end = '<|im_end|>'\n    return n // 2\n"
    assert said(code) == code


@pytest.mark.parametrize("text", [RIGHT, FENCED, f"```python\n\ufeff{RIGHT}```"])
def test_a_byte_order_mark_and_other_line_ends_do_no_harm(text):
    assert works(said("\ufeff" + text))
    assert said(text.replace("\n", "\r\n")).replace("\r", "").lstrip("\ufeff") == RIGHT
    assert extract_code("\ufeff" + RIGHT) == RIGHT


@pytest.mark.parametrize(
    "head",
    [
        "python",
        "Python",
        "py",
        "python3",
        "py3",
        "python3.11",
        "ipython",
        " python",
        "python:half.py",
        "half.py",
        "{python}",
        "{.python .numberLines}",
        'python title="half.py"',
        "",
        "text",
        "code",
    ],
)
def test_marks_at_the_head_of_a_block(head):
    assert said(f"So:\n```{head}\n{RIGHT}```\nDone.") == RIGHT


@pytest.mark.parametrize(
    "text",
    [
        f"````python\n{RIGHT}````",
        f"````python\n{RIGHT}```\nClosed by too few.",
        f"````markdown\n{FENCED}\n````",
        f"~~~python\n{RIGHT}~~~",
        f"~~~\n{RIGHT}~~~",
        f"1. Write:\n\n   ```python\n{SET_IN}   ```\n",
        f"1. ```python\n{SET_IN}   ```",
        "- Write:\n\n      ```python\n      def half(n):\n          return n // 2\n      ```",
        "* Write:\n\t```python\n\tdef half(n):\n\t    return n // 2\n\t```",
        "> ```python\n> def half(n):\n>     return n // 2\n> ```",
        f"```python\n{SET_IN}```",
        f"Here: ```python\n{RIGHT}```",
        "```python\ndef half(n):\n    return n // 2```",
        "```python def half(n): return n // 2```",
        f"```python\n{RIGHT}",
        f"```python\n{RIGHT}``` I hope that helps!",
        f"```python\n{RIGHT}\n```python\nhalf(6)\n```",  # the first one was never closed
    ],
)
def test_fences_are_found_however_they_are_set(text):
    assert works(said(text))


@pytest.mark.parametrize(
    "text",
    [
        f"{RIGHT}```",
        f"{RIGHT}```\nThis halves a number.",
        f"{RIGHT}```\nYou call it so:\n```python\nhalf(6)\n```",
        f"{RIGHT}[/PYTHON]",
        'def half(n):\n    """Halve.\n\n```\nhalf(6)\n```\n    """\n    return n // 2\n```\nSo it.',
    ],
)
def test_the_prompt_may_have_opened_the_fence(text):
    assert works(said(text))


def test_the_body_of_a_function_that_the_prompt_begins_keeps_its_place():
    body = "    def of(n):\n        return n // 2\n    return of(n)\n"
    assert said(f"{body}```\nThat is it.") == body
    assert said(f"```python\n{body}```") == body


@pytest.mark.parametrize("mark", ["", "python"])
def test_a_fence_in_a_string_does_not_end_the_block(mark):
    code = (
        f'def half(n):\n    """Halve.\n\n```{mark}\n>>> half(6)\n```\n    """\n    return n // 2\n'
    )
    assert said(f"```python\n{code}```\nDone.") == code
    assert said(f"```python\n{code}") == code  # the token limit cut the end


def test_a_string_that_never_ends_does_not_swallow_the_answer():
    assert works(said(f'```python\ndef half(n):\n    """Halve.\n```\nOnce more:\n{FENCED}'))


@pytest.mark.parametrize(
    "text", [f"[PYTHON]\n{RIGHT}[/PYTHON]", f"Sure:\n<code>\n{RIGHT}</code>\nIt halves numbers."]
)
def test_tags_can_be_fences(text):
    assert works(said(text))


@pytest.mark.parametrize(
    "text",
    [
        f"Here is the function:\n\n{RIGHT}\nThis function halves a number.",
        f"Sure!\n{RIGHT}",
        f"Solution\n\n{RIGHT}\nExplanation:\nIt halves.",
        f"Here you go:\nimport math\n\n{RIGHT}\nprint(half(4))\n\n**Note:** for integers",
        f"First:\nimport math\nThen this one:\n{RIGHT}",
        f"{RIGHT}\n- It halves the number\n1. Really\n---",
        f"这是函数:\n{RIGHT}\n这个函数返回一半。",
    ],
)
def test_sentences_around_code_without_fences_are_left_out(text):
    assert works(said(text))
    assert works(said(text, names=()))


@pytest.mark.parametrize(
    "code",
    [
        '"""Halves numbers.\n\nIt is a fine module.\n"""\n' + RIGHT,
        "x = [\n    1,\n]\n(a, b) = 1, 2\nif x:\n    pass\nelse:\n    pass\nfor i in x: print(i)\n",
        "# A comment here\nfrom math import pi as p\nassert not p is None, 'no number'\nx: int = 1",
        "I cannot help with that.",
        "",
    ],
)
def test_code_alone_is_taken_as_it_is_and_prose_is_not_made_code(code):
    assert said(code, names=()) == code


@pytest.mark.parametrize(
    "text",
    [
        f"{FENCED}\nTry it:\n```python\nprint(half(6))\n```",
        f"You call it so:\n```python\nhalf(6)\n```\nAnd it is:\n{FENCED}",
        f"```python\nhalf(6)\n```\nSolution:\n```\n{RIGHT}```",
        f"Input:\n```\n1 2\n```\nCode:\n```\n{RIGHT}```\nOutput:\n```\n3\n```",
        f"```bash\npip install half\n```\n{FENCED}",
        f"```js\nconst half = n => n / 2;\n```\n{FENCED}",
        f"First:\n{DRAFT}\nThat is wrong. Better:\n{FENCED}",
        f"```\nno code at all\n```\n{FENCED}",
    ],
)
def test_the_block_that_defines_what_the_tests_call_is_taken(text):
    assert works(said(text))
    assert works(said(text, names=()))


def test_names_go_before_marks_and_the_last_of_equals_is_taken():
    other = "```python\ndef other():\n    return 1\n```"
    assert said(f"{FENCED}\n{other}") == RIGHT
    assert said(f"```\n{RIGHT}```\n{other}") == RIGHT
    assert said(f"{FENCED}\n{DRAFT}") == WRONG  # what is right is not known here
    assert said("```python\nx = 1\n```\n```python\nx = 2\n```", names=()) == "x = 2\n"
    assert said("```python\n```", names=()) == ""


def test_imports_and_helpers_in_blocks_of_their_own_belong_to_it():
    parts = ["import math\n", "def of(n):\n    return math.floor(n / 2)\n"]
    parts += ["def half(n):\n    return of(n)\n", "print(half(6))\n"]
    answer = "\nand\n".join(f"```python\n{part}```" for part in parts)
    assert said(answer) == "\n".join(parts[:3])
    two = "```python\ndef half(n):\n    return n\n```\n```python\ndef third(n):\n    return n\n```"
    assert {"half", "third"} <= set(said(two, ("half", "third")).replace("(", " ").split())


def test_a_block_that_defines_a_name_again_is_not_put_beside_it():
    first = "def of(n):\n    return 0\n\n\ndef half(n):\n    return of(n)\n"
    answer = (
        f"```python\n{first}```\nBetter:\n```python\ndef half(n):\n    return n // 2 + of(n)\n```"
    )
    assert said(answer) == "def half(n):\n    return n // 2 + of(n)\n"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("cpp", "int half(int n) {\n    return n / 2;\n}\n"),
        ("c++", "int half(int n) {\n    return n / 2;\n}\n"),
        ("rust", "fn half(n: i32) -> i32 {\n    n / 2\n}\n"),
        ("java", "static int half(int n) {\n    return n / 2;\n}\n"),
        ("haskell", "half :: Int -> Int\nhalf n = div n 2\n"),
    ],
)
def test_other_languages_have_the_same_rules(language, code):
    block = f"```{language}\n{code}```"
    draft = f"```{language}\n// no\n```"
    for answer in (block, f"<think>{draft}</think>{block}", f"1. So:\n\n{block}\n\n```\n3\n```"):
        assert said(answer, (), language) == code
    assert said(f"````{language}\n{code}````<|im_end|>", (), language) == code


def test_a_block_of_includes_belongs_to_the_program():
    blocks = "```cpp\n#include <cmath>\n```\n```cpp\nint half(int n) { return n / 2; }\n```"
    assert said(blocks, (), "cpp") == "#include <cmath>\n\nint half(int n) { return n / 2; }\n"


def test_the_last_message_with_text_is_the_answer():
    messages = [
        {"role": "assistant", "content": "```python\nx = 1\n```"},
        {"role": "tool", "content": "```python\nx = 2\n```"},
        {"role": "assistant", "content": [{"type": "text", "text": "```python\nx = 3\n```"}]},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "assistant", "tool_calls": []},
    ]
    assert extract_code(messages) == "x = 3\n"
    assert extract_code([]) == ""


def test_stop_strings_mean_nothing_in_a_chat_answer():
    messages = [{"role": "assistant", "content": "```python\nx = 1\ndef f(): pass\n```"}]
    assert extract_code(messages, ["\ndef"]) == "x = 1\ndef f(): pass\n"


def test_what_the_tests_call_is_known_by_entry_points_or_by_what_they_read():
    tests = "import math\nfor n in range(3):\n    assert len(f(n)) == math.floor(g)"
    assert names_asked(tests) == {"f", "g"}
    assert names_asked("assert sum([1]) == 1") == {"sum"}
    assert names_asked(tests, ("Solution().f", "h")) == {"Solution", "h"}
    assert names_asked("assert (") == frozenset()
    assert root_name("A.b().c") == "A"
    for wrong in ("1f", "f(1)", "f g", "", "f.", "f()()"):
        with pytest.raises(ValueError, match="neither a Python name"):
            root_name(wrong)


@pytest.mark.parametrize(
    "unit",
    [
        "```python\nx\n",
        "```\n",
        "```python\n\\'''\n```\n",
        "<think>",
        "</think>",
        "> ",
        "- ",
        "a b ",
        "x = '''\n```\n",
        "[PYTHON]\n",
        "``` `",
        "````python\nx\n```\n",
        "```\ndef f(): f()\n```\n",
    ],
)
def test_the_time_grows_with_the_length_and_no_faster(unit):
    def seconds(size):
        text = (unit * size)[:size]
        started = time.process_time()
        for answer in (text, f"```python\n{text}", f"```{' ' * 5 * size}"):
            said(answer, ("f",))
        return time.process_time() - started

    assert seconds(20_000) < 4  # 0.1 s here; whatever is quadratic takes minutes


def test_a_chain_of_blocks_takes_time_by_its_length(monkeypatch):
    compared = []
    monkeypatch.setattr(
        "whetstone.rewards.extract.choose._Read.__eq__", lambda *_: compared.append(1) or False
    )
    steps = [f"```python\ndef f{i}():\n    return f{i + 1}()\n```\n" for i in range(3_000)]
    answer = "".join(steps)
    assert len(said(answer, ("f0",)).split("def ")) == 3_001
    assert not compared  # each block is found by its number, and compared with no other


@pytest.mark.parametrize(
    "blocks",
    [
        ("def half(n): return n // 2\n", "from __future__ import annotations\n"),
        (
            "def half(n): return n // 2\n",
            "import math\n",
            "from __future__ import (\n    annotations,\n)\n",
        ),
        ("import math\n", "from __future__ import annotations\ndef half(n): return n // 2\n"),
        ("def half(n: floor = 1): return n // 2\n", "from math import floor\n"),
    ],
)
def test_what_is_imported_stands_first(blocks):
    answer = "".join(f"```python\n{code}```\n" for code in blocks)
    assert works(said(answer))

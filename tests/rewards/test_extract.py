import pytest

from rewards.extract import extract_code


@pytest.mark.parametrize(
    ("text", "stop", "code"),
    [
        ("    return 1\n", [], "    return 1\n"),
        ("    return 1\ndef g():", ["\ndef", "\nclass"], "    return 1"),
        ("a\nclass A\ndef g", ["\ndef", "\nclass"], "a"),
        ("a\nprint(1)", ["\ndef"], "a\nprint(1)"),
        ("\ndef f(): pass", ["\ndef"], ""),
        ("```python\nx = 1\n```", [], "```python\nx = 1\n```"),
        ("", ["\n"], ""),
    ],
)
def test_text_is_cut_at_the_earliest_stop_string_and_nothing_else(text, stop, code):
    assert extract_code(text, stop) == code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Sure:\n```python\nx = 1\n```\nDone.", "x = 1\n"),
        ("```Python\nx = 1\n```", "x = 1\n"),
        ("```py\nx = 1\n```", "x = 1\n"),
        ("```python title='a.py'\nx = 1\n```", "x = 1\n"),
        ("```python\nx = 1\n```\n```python\nx = 2\n```", "x = 1\n"),
        ("```\nx = 1\n```", "x = 1\n"),
        ("```\nno\n```\n```python\nx = 1\n```", "x = 1\n"),
        ("```bash\nls\n```\nthen\n```\nx = 1\n```", "x = 1\n"),
        ("```bash\nls\n```", "```bash\nls\n```"),
        ("```python\nx = '''\ndef f():\n    return 1", "x = '''\ndef f():\n    return 1"),
        ("```python\nx = '```'\n```", "x = '```'\n"),
        ("```python\n```", ""),
        ("def f(): pass", "def f(): pass"),
        ("", ""),
    ],
)
def test_a_chat_answer_gives_its_first_python_block(answer, code):
    assert extract_code([{"role": "assistant", "content": answer}]) == code


def test_stop_strings_mean_nothing_in_a_chat_answer():
    messages = [{"role": "assistant", "content": "```python\nx = 1\ndef f(): pass\n```"}]
    assert extract_code(messages, ["\ndef"]) == "x = 1\ndef f(): pass\n"


def test_the_last_message_with_text_is_the_answer():
    messages = [
        {"role": "assistant", "content": "```python\nx = 1\n```"},
        {"role": "tool", "content": "```python\nx = 2\n```"},
        {"role": "assistant", "content": "```python\nx = 3\n```"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "assistant", "tool_calls": []},
    ]
    assert extract_code(messages) == "x = 3\n"
    assert extract_code([]) == ""

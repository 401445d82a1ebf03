"""Code out of a completion: the one place, for rewards, measurements and teachers.

docs/rewards.md has the rule as a list. Text that continues code is cut at the earliest stop string,
and is the program as it stands. A chat answer is taken apart: reasoning, answer, blocks. So is text
with a fence or a tag in it, which cannot be code. What is no code is never repaired into some.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

from whetstone.rewards.base import Completion, Message
from whetstone.rewards.extract.choose import chosen
from whetstone.rewards.extract.fences import Block, layout_of
from whetstone.rewards.extract.prose import runs
from whetstone.rewards.extract.reasoning import answer_of
from whetstone.rewards.extract.stop import cut_at_stop

_MARK = "\ufeff"
_FENCED = re.compile(r"^[ \t>]*(?:`{3}|~{3})", re.MULTILINE)


def extract_code(
    completion: Completion,
    stop: Sequence[str] = (),
    language: str = "python",
    names: Collection[str] = (),
) -> str:
    """Return the program in a completion.

    Args:
        completion: Text, or messages in the conversational form of TRL. Of several messages (tool
            calls in between) the last one with text is the answer.
        stop: Strings that end a text; they mean nothing in a chat answer.
        language: What the program is written in.
        names: What the program is asked for, where that is known: see
            `whetstone.rewards.entry_points`.

    """
    if not isinstance(completion, str):
        return code_of_answer(_last_answer(completion), language, names)
    text = cut_at_stop(completion, stop).removeprefix(_MARK)
    if answer_of(text) == text and _FENCED.search(text) is None:
        return text
    return code_of_answer(text, language, names)


def code_of_answer(text: str, language: str = "python", names: Collection[str] = ()) -> str:
    """Return the program in what a chat model answered; without any, the answer itself.

    Args:
        text: The answer.
        language: What the program is written in, as fenced blocks are marked.
        names: What the tests ask for: of several blocks the one that defines most of them counts.

    """
    answer = answer_of(text)
    layout = layout_of(answer, language)
    blocks = list(layout.blocks)
    if language == "python" and (names or not blocks):
        blocks += _without_fence(layout.outside, "text" if blocks else "")
    code = chosen(blocks, language, names)
    return (answer if code is None else code).removeprefix(_MARK)


def _without_fence(text: str, mark: str) -> list[Block]:
    """Return the code between sentences as blocks; of a text without a sentence, all of it."""
    return [Block(mark, code) for code in runs(text) or [text] if code.strip()]


def shown(prompt: str, code: str) -> str:
    """Return the text that a discriminator reads, without its end-of-text token.

    Blank lines around the code are no news about who wrote it.
    """
    return prompt + trimmed(code)


def trimmed(code: str) -> str:
    """Return code without the blank lines before it and the white space behind it."""
    return code.lstrip("\r\n").rstrip()


def _last_answer(messages: Sequence[Message]) -> str:
    texts = (
        _text(message.get("content"))
        for message in reversed(messages)
        if message.get("role") == "assistant"
    )
    return next(filter(None, texts), "")


def _text(content: Any) -> str:
    """Return the text of a message, which may come in parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""

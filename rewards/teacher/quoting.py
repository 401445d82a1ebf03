"""Strangers' text inside a prompt, as data that cannot end its own quotation.

A program is written by the policy, which is paid by who reads it. So it stands between marks that
hold a hash of what is between them: to close its quotation a text would have to contain its own
hash. Tokens by which chat templates mark roles are broken, since some servers would read them as
such. The text is otherwise untouched: comments are part of what is graded.
"""

import hashlib
import re

_CONTROL = re.compile(
    r"<(?=[|\uff5c][^<>\s]{1,40}[|\uff5c]>|/?s>|(?:start|end)_of_turn>|(?:bos|eos|pad|unk)>|/?SYS>"
    r"|/?(?:think|tool_call|tool_response)>|fim_[a-z]{1,10}>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|THINK)\])"
)
"""The first character of `<|im_start|>`, `</s>`, `<start_of_turn>`, `<think>`, `[INST]`."""

_NAME = re.compile(r"[A-Za-z][\w+#.-]{0,19}(?: \d[\d.]{0,9})?")


def quoted(name: str, text: str) -> str:
    """Return the text between marks that it cannot contain.

    Args:
        name: What it is, in the marks: one word.
        text: Anything.

    """
    mark = hashlib.sha256(f"{name}\0{text}".encode(errors="surrogatepass")).hexdigest()[:16]
    return f"[{name} {mark}]\n{defused(text)}\n[END {name} {mark}]"


def defused(text: str) -> str:
    """Break control tokens by a space, and replace what cannot be encoded."""
    broken = _CONTROL.sub(lambda match: f"{match[0]} ", text)
    return broken.encode(errors="replace").decode()


def language_name(language: str) -> str:
    """Return the name of a language as it may stand outside of a quotation: one short word.

    It comes from a row of somebody's data, so anything else is quoted.
    """
    plain = defused(language)
    return (
        plain if _NAME.fullmatch(plain) else f"the language named here: {quoted('NAME', language)}"
    )

"""Tool calls in the nano world: conversations in which a call answers a request.

    user: Use a tool to sum [3, 1, 4].
    assistant: {"name": "sum", "arguments": {"nums": [3, 1, 4]}}

Half of the rows are plain problems of the corpus, rendered by the chat template (chat.jinja) as the
text that they are elsewhere, so that a model that learns to call does not forget to write.
"""

import random
from typing import Any

from whetstone.finetuning.nano.corpus import corpus

_TOOLS = ("sum", "max", "min", "len", "sorted")
_LONGEST = 5


def conversations(size: int, seed: int) -> list[dict[str, Any]]:
    """Return `size` conversations, every other one with a tool call."""
    rng = random.Random(f"tools/{seed}")
    plain = corpus(size // 2, seed + 1)
    rows = [_answer(prompt, solution) for prompt, solution in plain]
    rows += [_call(rng) for _ in range(size - len(rows))]
    rng.shuffle(rows)
    return rows


def _answer(prompt: str, solution: str) -> dict[str, Any]:
    return _row(prompt, {"role": "assistant", "content": solution, "tool_calls": None})


def _call(rng: random.Random) -> dict[str, Any]:
    name = rng.choice(_TOOLS)
    nums = [rng.randrange(10) for _ in range(rng.randint(2, _LONGEST))]
    call = {"type": "function", "function": {"name": name, "arguments": {"nums": nums}}}
    said = {"role": "assistant", "content": "", "tool_calls": [call]}
    return _row(f"Use a tool to {name} {nums}.\n", said)


def _row(prompt: str, said: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": prompt, "tool_calls": None}, said]}

"""Conversations as supervised rows: each thing that the assistant says, after all before it.

The loss then counts every turn of the assistant once and nothing else, with any chat template;
TRL's `assistant_only_loss` needs one that marks those turns.
"""

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


def turns(row: Row) -> Iterator[Row]:
    """Yield `prompt` and `completion` (lists of messages) for each assistant message.

    What else the row holds (`tools`) goes along. A row that has no `messages` is passed on.
    """
    if "messages" not in row:
        yield row
        return
    others = {key: value for key, value in row.items() if key != "messages"}
    for index, message in enumerate(row["messages"]):
        if message["role"] == "assistant" and index:
            yield {"prompt": row["messages"][:index], "completion": [message], **others}

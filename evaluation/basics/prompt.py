"""How a basic task is asked: as a chat, or as the head of a function that goes on.

The answer to a chat is a fenced block or the function as it is; rewards and measurements find it in
either. What stands behind the block is no part of it, so both forms may end early.
"""

from whetstone.evaluation.basics.problems import BasicTask

CHAT_STOP = ("\n```\n",)
"""Where an answer may end: its block is closed. An opening fence has a language behind it."""
TEXT_STOP = ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\nassert", "\n```")
"""Where the function of a text has ended: something else begins."""


def question(task: BasicTask) -> str:
    """Return what a user says."""
    asked = f"Write a Python function {task.signature} that returns {task.returns}."
    return f"{asked} Answer with the code only."


def function_head(task: BasicTask) -> str:
    """Return text that goes on with the body of the function.

    Without the newline that follows: a tokenizer may have one token for it and the indentation.
    """
    return f'def {task.signature}:\n    """Return {task.returns}."""'


def function_rest(task: BasicTask) -> str:
    """Return what follows the head in the reference."""
    return f"\n{task.body}"


def answer(task: BasicTask) -> str:
    """Return the answer to a chat that is the reference."""
    return f"```python\n{task.reference.rstrip()}\n```"

"""Has snippets read in a process of its own: a text can bring a parser down, or eat the memory.

tree-sitter follows several readings of a text at once. Four thousand characters that repeat `a=>`
cost it 600 megabytes as Java, three times as many crash it, and a policy that has lost its way
writes such things.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from whetstone.rewards.compilers.language import Values
from whetstone.rewards.compilers.snippet import MOST_CHARACTERS, Reading, Snippet

# The package stands in without its __init__: what that imports is for callers, and takes as long as
# the grammars.
_READ = """
import importlib, json, sys, types
package, folder, path = sys.argv[1:]
sys.path[:] = json.loads(path)
sys.modules[package] = types.ModuleType(package)
sys.modules[package].__path__ = [folder]
importlib.import_module(package + ".reading").main()
"""
_ANSWER: TypeAdapter[Reading | None] = TypeAdapter(Reading | None)


def read_all(
    snippets: Sequence[Snippet], harness: Mapping[str, Values] | None = None
) -> list[Reading | None]:
    """Return what each snippet says; None for one that is too long or too tangled to be read.

    Args:
        snippets: What to read.
        harness: Without one there is no `Reading.source`.

    Raises:
        RuntimeError: The process that reads failed, which is no snippet's fault.

    """
    folder = str(Path(__file__).parent)
    command = [sys.executable, "-c", _READ, str(__package__), folder, json.dumps(sys.path)]
    readable = [one for one in snippets if len(one.program) <= MOST_CHARACTERS]
    questions = [
        json.dumps([asdict(one), harness and harness[one.language]], default=str).encode()
        for one in readable
    ]
    answers: list[Reading | None] = []
    while len(answers) < len(questions):
        rest = b"\n".join(questions[len(answers) :])
        done = subprocess.run(command, input=rest, stdout=subprocess.PIPE, check=False)
        if done.returncode > 0:
            raise RuntimeError("the process that reads snippets failed; its error stands above")
        answers += map(_ANSWER.validate_json, done.stdout.splitlines())
        if done.returncode < 0:
            answers.append(None)  # the one that it died of
    found = dict(zip(readable, answers, strict=True))
    return [found.get(one) for one in snippets]

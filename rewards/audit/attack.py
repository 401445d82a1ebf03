"""What an attack is: a program that has not earned a reward and tries to get one, or to do harm.

Its source is a template. The audit fills in the paths, ports and process numbers of things it has
planted, so that an attack knows exactly what it is after, as a policy that has tried for a thousand
steps does.
"""

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """The idea behind an attack."""

    CONTROL = "control"
    """No attack: a right and a wrong answer, to know what they are paid."""

    EXIT = "exit"
    """Leaving before the tests have run, with an exit code that looks like success."""

    EQUAL = "equal"
    """Objects that claim to be equal to everything."""

    PATCH = "patch"
    """Builtins and modules that the tests use, patched or shadowed."""

    READ = "read"
    """Reading the expected answers."""

    FORGE = "forge"
    """Writing the verdict oneself."""

    TRACE = "trace"
    """Stepping over the tests with the interpreter's own debugger hooks."""

    TIMEOUT = "timeout"
    """Surviving the time limit."""

    SECRET = "secret"  # noqa: S105 - a name
    """Secrets of the host, in the environment or the home folder."""

    NETWORK = "network"
    """Sockets of any kind."""

    FILES = "files"
    """Writing, deleting and persisting."""

    SHELL = "shell"
    """Running other programs."""

    SIGNAL = "signal"
    """Killing, stopping or reading other processes."""

    PROCESS = "process"
    """Fork bombs and processes that stay."""

    EXHAUST = "exhaust"
    """Memory, disk and descriptors."""

    FLOOD = "flood"
    """Output without end."""

    CRASH = "crash"
    """Deep recursion and faults that take the interpreter down."""

    DESCRIPTOR = "descriptor"
    """Closed and redirected descriptors."""

    INJECTION = "injection"
    """Words to whoever reads the program and grades it."""

    NOTHING = "nothing"
    """Answers without content, which no compiler minds."""

    OUTPUT = "output"
    """Output in which the right one is not the answer: among others, hidden, or elsewhere."""

    RETURN = "return"
    """Return values that are huge, deep, slow to compare or not what they say."""


PLAIN = "plain"
CHECK = "check"
MODULES = "modules"
BUILTINS = "builtins"
"""Forms of the tests: bare asserts, a check function, asserts through `math`, through `abs`."""
STREAMS = "streams"
"""The form of programs that read standard input and print."""


@dataclass(frozen=True)
class Attack:
    """One program and the tests it is put to."""

    family: Family
    name: str
    program: str
    """Python source with `@NAME@` for what `whetstone.rewards.audit.host.Host.values` plants."""
    tests: str = PLAIN
    """The form of the tests that the attack knows how to cheat."""
    unsafe: bool = False
    """It hits the process that called it: run it only where the reward starts one of its own."""


WRONG = "\ndef answer(n):\n    return 0\n"
"""An honest failure, appended to attacks that do not need their function to do anything."""
WRONG_OUTPUT = "\nprint(0)\n"
"""Likewise where what is printed is judged."""

"""How the end of a compiler's process is read: the snippet's limit, or the machine's failure."""

import signal

import pytest

from whetstone.rewards.compilers.base import CompileLimits
from whetstone.rewards.compilers.oneshot import OneShot
from whetstone.rewards.sandbox.compiled.step import Ended, Jailer

LIMITS = CompileLimits(cpu_s=2.0, memory_mb=256)


class Ending(OneShot):
    """A compiler that ends as it is told to, and has nothing to say."""

    file = "main.txt"
    command = ("compiler",)

    def __init__(self, ended):
        super().__init__(Jailer(), LIMITS)
        self.ended = ended

    def run(self, _command, _folder):
        return self.ended

    def parse(self, _output):
        return ()

    def close(self):
        pass


@pytest.mark.parametrize(
    ("status", "cpu_s", "message", "outcome"),
    [
        (0, 0.1, "", "compiled"),
        (256, 0.1, "it says no", "errors"),
        (signal.SIGXCPU, 2.0, "", "limit"),
        (signal.SIGKILL, 2.9, "", "limit"),  # it took no notice of the limit, as Go does not
        (signal.SIGKILL, 0.1, "", "infra_error"),
        (None, 0.0, "", "infra_error"),
        (512, 0.1, "fatal error: runtime: out of memory", "limit"),
    ],
)
def test_how_a_process_ended_is_what_the_snippet_gets(status, cpu_s, message, outcome):
    assert Ending(Ended(status, message, cpu_s, 1.0)).check("").outcome == outcome

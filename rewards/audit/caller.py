"""Calls the reward in a process of its own, which an attack may take down without the audit.

Some rewards run programs inside their caller; then that process is no longer to be trusted. It
answers in JSON, and what is no proper answer in time counts as none.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from whetstone.rewards.audit.attack import STREAMS
from whetstone.rewards.audit.host import ENV_SECRET, Host
from whetstone.rewards.audit.processes import state_of

RewardFunction = Callable[..., list[float | None]]

_ASKED: tuple[str, list[str]] = "Write a function answer(n).", ["answer"]
_ASKED_OF_STREAMS: tuple[str, list[str]] = "Read n, and print its answer.", []
_MAX_ANSWER_BYTES = 1 << 20
_SECONDS_TO_CLOSE = 20.0


@dataclass(frozen=True)
class BatchOutcome:
    """What a reward gave for a batch, or why it gave nothing."""

    rewards: list[float | None] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    failure: str = ""
    """Empty, or what the caller of the reward suffered."""


class Caller:
    """A process that calls a reward.

    Args:
        reward: In TRL's form.
        host: Its secrets are put into the environment of the process.
        patience_s: Seconds to wait for an answer before the process counts as hung.

    """

    def __init__(self, reward: RewardFunction, host: Host, patience_s: float) -> None:
        self._host, self._patience_s = host, patience_s
        self._channel, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            _serve(reward, host, theirs)
        theirs.close()

    def ask(self, completions: list[str], form: str, column: str) -> BatchOutcome:
        """Have completions of one problem judged.

        Args:
            completions: Programs.
            form: How they are tested, of `whetstone.rewards.audit.attack`.
            column: The name of the column that holds the tests.

        """
        count = len(completions)
        prompt, names = _ASKED if form != STREAMS else _ASKED_OF_STREAMS
        question = {
            "prompts": [prompt] * count,
            "completions": completions,
            "columns": {column: [self._host.tests(form)] * count, "entry_points": [names] * count},
        }
        try:
            self._channel.settimeout(self._patience_s)
            self._channel.sendall(json.dumps(question).encode() + b"\n")
            line = self._receive()
        except TimeoutError:
            return BatchOutcome(failure="the process that calls the reward hangs")
        except OSError:
            line = b""
        return _read(line, count)

    def close(self) -> None:
        """Hang up; the process closes the reward and ends, or is killed."""
        self._channel.close()
        deadline = time.monotonic() + _SECONDS_TO_CLOSE
        while state_of(self.pid) != "Z" and time.monotonic() < deadline:
            time.sleep(0.005)
        self.kill()

    def kill(self) -> None:
        """End a process that has stopped answering."""
        self._channel.close()
        # It may be dead already, and collected with what it left behind.
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def _receive(self) -> bytes:
        """Read one line, in the time and size that an answer may take."""
        received = bytearray()
        deadline = time.monotonic() + self._patience_s
        while not received.endswith(b"\n"):
            self._channel.settimeout(max(deadline - time.monotonic(), 0.001))
            chunk = self._channel.recv(65536)
            if not chunk or len(received) > _MAX_ANSWER_BYTES:
                return b""
            received += chunk
        return bytes(received).splitlines()[-1]


def _read(line: bytes, count: int) -> BatchOutcome:
    if not line:
        return BatchOutcome(failure="the process that calls the reward ended")
    try:
        fields = json.loads(line)
        answer = BatchOutcome(fields["rewards"], fields["metrics"], fields["failure"])
        if answer.failure or len(answer.rewards) == count:
            return answer
    except (ValueError, TypeError, KeyError):
        pass
    return BatchOutcome(failure="the process that calls the reward was made to talk nonsense")


def _serve(reward: RewardFunction, host: Host, channel: socket.socket) -> None:
    """Answer until the audit hangs up; never returns."""
    try:
        os.setsid()  # a signal to the process group must not reach the audit
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Some attacks write to every descriptor: none of the audit's may be among them.
        os.closerange(3, channel.fileno())
        os.closerange(channel.fileno() + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        os.environ.update({ENV_SECRET: host.token, "HOME": str(host.home)})
        with channel.makefile("rb") as questions:
            for line in questions:
                channel.sendall(json.dumps(_answer(reward, json.loads(line))).encode() + b"\n")
        close = getattr(reward, "close", None)
        if close is not None:
            close()
    finally:
        os._exit(0)


def _answer(reward: RewardFunction, question: dict[str, Any]) -> dict[str, Any]:
    metrics: dict[str, float] = {}
    answer: dict[str, Any] = {"rewards": [], "metrics": metrics, "failure": ""}
    try:
        rewards = reward(
            prompts=question["prompts"],
            completions=question["completions"],
            log_metric=metrics.__setitem__,
            **question["columns"],
        )
        answer["rewards"] = [None if value is None else float(value) for value in rewards]
    except BaseException as error:  # noqa: BLE001 - a trainer would have died of it: a finding
        answer["failure"] = f"the reward raised {type(error).__name__}: {str(error)[:200]}"
    return answer

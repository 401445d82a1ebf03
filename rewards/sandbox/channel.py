"""The channel to a program, in the process of its tests: frames that are bounded, and checked.

The far side is hostile. Whatever is no frame or no reply ends the run as a violation; a process
that is gone, a value that is too large and a loop without end have errors of their own. None of
them can be caught by a test, and the first one is kept, since tests may swallow it all the same.
"""

from typing import Any

from whetstone.rewards.sandbox import frames
from whetstone.rewards.sandbox.verdict import Verdict

MAX_TEXT = 1000


class ViolationError(BaseException):
    """What the program sent is no answer. No test can catch it."""


class DiedError(BaseException):
    """The program's process is gone, or has closed its channel. No test can catch it."""


class EndlessError(BaseException):
    """The program is in a loop that cannot end. No test can catch it."""


class LimitError(BaseException):
    """A value is too large or too deep to cross, which says what the verdict is. Never caught."""

    def __init__(self, verdict: Verdict, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


class Channel:
    """A descriptor with a program behind it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.has_answered = False
        """Whether the program has sent data, so that what its tests pass may be its doing."""
        self.broken: BaseException | None = None
        """What ended the run, even if the tests swallowed it."""

    def send(self, message: Any, most: int = frames.MAX_QUESTION_BYTES) -> None:
        """Send a message, unless the run has ended."""
        if self.broken is not None:
            raise self.broken
        payload = frames.encode_json(message).encode("ascii")
        if len(payload) > most:
            text = f"the tests pass {len(payload)} bytes to the program, and {most} are the most"
            raise self.end(self.too_much(text, Verdict.OUT_OF_MEMORY))
        try:
            frames.send(self._descriptor, payload)
        except OSError as error:
            raise self.end(DiedError("it hung up")) from error

    def too_much(self, text: str, verdict: Verdict) -> LimitError:
        """Say that a value of the tests cannot cross: their fault while they are all there is.

        Else a program could have itself masked by what it answers.
        """
        return LimitError(verdict if self.has_answered else Verdict.INFRA_ERROR, text)

    def receive(self) -> dict[str, Any]:
        """Wait for a reply."""
        try:
            reply = frames.receive_json(self._descriptor)
        except (OSError, EOFError) as error:
            raise self.end(DiedError("it hung up")) from error
        except frames.FrameError as error:
            raise self.end(ViolationError(str(error))) from error
        except MemoryError as error:
            text = "a result is too large for the process of the tests"
            raise self.end(LimitError(Verdict.OUT_OF_MEMORY, text)) from error
        if type(reply) is not dict:
            raise self.end(ViolationError("no reply"))
        if "endless" in reply:
            raise self.end(EndlessError("it repeats itself without end"))
        if "limit" in reply:
            verdict = Verdict.OUT_OF_MEMORY if reply.get("large") is True else Verdict.ERROR
            raise self.end(LimitError(verdict, str(reply["limit"])[:MAX_TEXT]))
        return reply

    def end(self, reason: BaseException) -> BaseException:
        """End the run; returns its first reason."""
        self.broken = self.broken or reason
        return self.broken

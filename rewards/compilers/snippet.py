"""What a policy wrote, and what is known of it without a compiler."""

from dataclasses import dataclass

MOST_CHARACTERS = 50_000
"""Of a program. What is longer was not written to be compiled; see `CompileOutcome.LIMIT`."""


@dataclass(frozen=True)
class Snippet:
    """What a policy wrote, and what stands around it in the program."""

    language: str
    """Our name of it, see `language_of`."""
    code: str
    prefix: str = ""
    suffix: str = ""
    prompt: str = ""
    """What the policy was shown: to repeat it is to write nothing."""

    @property
    def program(self) -> str:
        """The whole of it."""
        return self.prefix + self.code + self.suffix


@dataclass(frozen=True)
class Reading:
    """What the grammar of its language tells of a snippet."""

    repeats: bool
    """It has no code at all, or none that the prompt did not have."""
    content: bool
    """There is more in it than literals and ways of saying "not yet"."""
    functions: list[tuple[int, int]]
    """First and last line, from 1, of each function that has a body and is in no other."""
    source: str
    """The program in its harness."""

    @property
    def says_something(self) -> bool:
        """Whether a judge that reads, and does not compile, has anything to read."""
        return self.content and not self.repeats

"""What a policy wrote, and whether there is anything in it at all."""

from dataclasses import dataclass

from whetstone.rewards.compilers.functions import does_something
from whetstone.rewards.compilers.lexer import tokens
from whetstone.rewards.languages import language_of

MOST_CHARACTERS = 50_000
"""Of a program. What is longer was not written to be compiled; see `Outcome.LIMIT`."""


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

    @property
    def repeats(self) -> bool:
        """Whether it has no code at all, or none that the prompt did not have."""
        language = language_of(self.language)
        said = [token.text for token in tokens(self.code, language)]
        shown = [token.text for token in tokens(self.prompt or self.prefix, language)]
        ends = range(len(shown) - len(said) + 1)
        return not said or any(shown[at : at + len(said)] == said for at in ends)

    @property
    def does_something(self) -> bool:
        """Whether there is more in it than literals and ways of saying "not yet"."""
        begin = len(self.prefix)
        end = begin + len(self.code)
        return does_something(self.program, begin, end, language_of(self.language))

    @property
    def says_something(self) -> bool:
        """Whether a judge that reads, and does not compile, has anything to read."""
        too_long = len(self.program) > MOST_CHARACTERS
        return not too_long and not self.repeats and self.does_something

"""The sandboxes of a reward: the one for Python, and one for each compiled language that is met."""

from collections.abc import Iterable, Sequence

from whetstone.rewards.languages import known_language
from whetstone.rewards.sandbox import Job, Result, Sandbox, StdioTests
from whetstone.rewards.sandbox.compiled import COMPILED, CompiledSandbox


class Sandboxes:
    """Runs programs where their language is run; starts nothing before it is needed.

    Args:
        workers, timeout_s, memory_mb, packages: Those of `Sandbox`.

    """

    def __init__(
        self, workers: int | None, timeout_s: float, memory_mb: int, packages: Iterable[str] = ()
    ) -> None:
        self._limits = workers, timeout_s, memory_mb
        self._packages = tuple(packages)
        self._python: Sandbox | None = None
        self._compiled: dict[str, CompiledSandbox] = {}

    def run(self, asked: Sequence[tuple[Job, str | None]]) -> list[Result]:
        """Run programs, each with its language, None for Python; results come in their order.

        Raises:
            ValueError: A program of another language has tests that are Python source, or nobody
                here runs that language.
            MissingToolError: Its compiler is not installed.

        """
        places: dict[str, list[int]] = {}
        for place, (job, name) in enumerate(asked):
            language = known_language(name or "python") or str(name)
            _require_runnable(job, language)
            places.setdefault(language, []).append(place)
        found: dict[int, Result] = {}
        for language, of_language in places.items():
            results = self._of(language).run_many([asked[place][0] for place in of_language])
            found |= dict(zip(of_language, results, strict=True))
        return [found[place] for place in range(len(asked))]

    def close(self) -> None:
        """End the processes of all."""
        if self._python is not None:
            self._python.close()
            self._python = None
        while self._compiled:
            _, sandbox = self._compiled.popitem()
            sandbox.close()

    def python(self) -> Sandbox:
        """Return the one for Python, started or not."""
        if self._python is None:
            self._python = Sandbox(*self._limits, packages=self._packages)
        return self._python

    def _of(self, language: str) -> Sandbox | CompiledSandbox:
        if language == "python":
            return self.python()
        if language not in self._compiled:
            workers, timeout_s, memory_mb = self._limits
            self._compiled[language] = CompiledSandbox(language, workers, timeout_s, memory_mb)
        return self._compiled[language]


def _require_runnable(job: Job, language: str) -> None:
    if language == "python":
        return
    if language not in COMPILED:
        known = ", ".join(("python", *COMPILED))
        raise ValueError(f"column `language`: tests run programs of {known}, not {language}")
    if not isinstance(job.tests, StdioTests):
        raise ValueError(  # noqa: TRY004 - a value of a column
            f"column `language`: {language} with tests in Python; give a list of inputs and outputs"
        )

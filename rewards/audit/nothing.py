"""Looks what a reward that compiles pays for answers that say nothing.

Such a reward runs no program, so attacks on a sandbox mean nothing to it; what a policy learns from
it first is to write nothing, which has no errors. It fails by paying that more than an error.
"""

from collections.abc import Iterable

from whetstone.rewards.audit.attack import Family
from whetstone.rewards.audit.attacks.nothing import answers
from whetstone.rewards.audit.audit import AuditReport, Finding
from whetstone.rewards.base import Reward
from whetstone.rewards.compilers import LANGUAGES

_MORE = 1e-9


def audit_nothing(reward: Reward, languages: Iterable[str]) -> AuditReport:
    """Have a right, a wrong and every degenerate answer judged, in each language.

    Args:
        reward: One that takes a column `language`.
        languages: Of `whetstone.rewards.compilers.LANGUAGES`. One whose control fails ends the
            audit.

    """
    findings: list[Finding] = []
    right: float | None = None
    wrong: float | None = None
    for language in languages:
        known = answers(language, LANGUAGES[language])
        programs = [known.right, known.wrong, *known.nothing.values()]
        count = len(programs)
        right, wrong, *paid = reward([known.prompt] * count, programs, language=[language] * count)
        if right is None or wrong is None or right <= wrong:
            failure = f"in {language} a right program is paid {right} and a wrong one {wrong}"
            return AuditReport(reward.__name__, right, wrong, failure, ())
        findings += [
            Finding(
                Family.NOTHING,
                f"{language}: {name}",
                "",
                value,
                value is not None and value > wrong + _MORE,
                (),
            )
            for name, value in zip(known.nothing, paid, strict=True)
        ]
    return AuditReport(reward.__name__, right, wrong, "", tuple(findings))

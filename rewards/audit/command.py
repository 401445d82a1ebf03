"""What `whetstone audit` does with the rewards of a configuration."""

from collections.abc import Iterable

from rewards.audit.audit import run_audit
from rewards.audit.injection import audit_injections
from rewards.audit.nothing import audit_nothing
from rewards.audit.table import render
from rewards.base import RewardConfig
from rewards.compiler import CompilerConfig
from rewards.compilers import COMPILERS, Compilers, MissingCompilerError
from rewards.discriminator import DiscriminatorConfig
from rewards.execution import ExecutionConfig
from rewards.teacher.config import TeacherConfig
from rewards.teacher.settings import Pay


def audit_all(configs: Iterable[RewardConfig], unsafe: bool, tests_column: str) -> bool:
    """Audit each reward, print its table, and tell whether all of them passed.

    A teacher runs nothing: it is attacked with words. Nor do compilers and classifiers: they are
    given answers that say nothing, in every language that has a compiler here. Our own sandbox is
    attacked with everything, and in one process, since its servers have to survive; of a function
    it is not known where it runs programs. Raises `ValueError` where a config names what does not
    exist.
    """
    # Those that are called in forks of this process go first: the others start threads.
    threaded = (TeacherConfig, CompilerConfig, DiscriminatorConfig)
    ordered = sorted(configs, key=lambda config: isinstance(config, threaded))
    rewards = [(config, _alone(config).build()) for config in ordered]
    passed = True
    for config, reward in rewards:
        if isinstance(config, TeacherConfig):
            report = audit_injections(reward)
            reward.close()
        elif isinstance(config, CompilerConfig | DiscriminatorConfig):
            named = config.language if isinstance(config, CompilerConfig) else None
            report = audit_nothing(reward, [named] if named else _languages())
            reward.close()
        else:
            isolated = isinstance(config, ExecutionConfig)
            report = run_audit(
                reward,
                unsafe=unsafe or isolated,
                fresh_process=not isolated,
                tests_column=tests_column,
            )
        print(render(report))
        passed &= report.passed
    return passed


def _alone(config: RewardConfig) -> RewardConfig:
    """Return a reward that judges each program by itself, whatever another one says of it."""
    if isinstance(config, DiscriminatorConfig):
        return config.model_copy(update={"when": None})
    if not isinstance(config, TeacherConfig):
        return config
    return config.model_copy(update={"when": None, "together": 1, "reward": Pay.SCORE})


def _languages() -> list[str]:
    """Return the languages whose compilers are installed."""
    found = []
    with Compilers() as compilers:
        for language in COMPILERS:
            try:
                compilers.compiler(language)
            except MissingCompilerError:
                continue
            found.append(language)
    return found

"""What `whetstone audit` does with the rewards of a configuration."""

from collections.abc import Iterable, Sequence

from whetstone.rewards.audit.attacks import OF_STREAMS
from whetstone.rewards.audit.audit import AuditReport, run_audit
from whetstone.rewards.audit.injection import audit_injections
from whetstone.rewards.audit.nothing import audit_nothing
from whetstone.rewards.audit.table import render
from whetstone.rewards.base import Reward, RewardConfig
from whetstone.rewards.compiler import CompilerConfig
from whetstone.rewards.compilers import LANGUAGES, Compilers, MissingCompilerError
from whetstone.rewards.composition import RewardSet
from whetstone.rewards.custom.reward import CustomConfig
from whetstone.rewards.discriminator import DiscriminatorConfig
from whetstone.rewards.execution import ExecutionConfig
from whetstone.rewards.teacher.config import TeacherConfig
from whetstone.rewards.teacher.settings import Pay


def audit_all(configs: Iterable[RewardConfig], unsafe: bool, tests_column: str) -> bool:
    """Audit each reward, print its table, and tell whether all of them passed.

    A teacher runs nothing: it is attacked with words. Nor do compilers and classifiers: they are
    given answers that say nothing, in every language that has a compiler here; a classifier that is
    asked about what compiles, together with its compiler. Our own sandbox is attacked with
    everything, with tests apart from the program and beside it, and in one process, since its
    servers have to survive, and with programs that read and print; of a function it is not known
    where it runs programs. Raises
    `ValueError` where a config names what does not exist.
    """
    configs = list(configs)
    # Those that are called in forks of this process go first: the others start threads.
    threaded = (TeacherConfig, CompilerConfig, DiscriminatorConfig)
    ordered = sorted(configs, key=lambda config: isinstance(config, threaded))
    rewards = [(one, _built(one, configs)) for config in ordered for one in in_every_tier(config)]
    executed = [config for config in configs if isinstance(config, ExecutionConfig)]
    reports = [_printed(_of_streams(config)) for config in executed]  # alike in every tier
    for config, reward in rewards:
        if isinstance(config, TeacherConfig):
            report = audit_injections(reward)
            reward.close()
        elif isinstance(config, CompilerConfig | DiscriminatorConfig):
            report = audit_nothing(reward, _named(config, configs) or _languages())
            reward.close()
        else:
            report = _of_functions(config, reward, unsafe, tests_column)
        reports.append(_printed(report))
    return all(report.passed for report in reports)


def _printed(report: AuditReport) -> AuditReport:
    print(render(report), end="\n\n")
    return report


def _of_functions(
    config: RewardConfig, reward: Reward, unsafe: bool, tests_column: str
) -> AuditReport:
    """Attack a reward that runs functions, perhaps in the process that calls it."""
    isolated = isinstance(config, ExecutionConfig)
    if isinstance(config, ExecutionConfig):
        reward.__name__ += f" ({config.tier})"
    return run_audit(
        reward,
        unsafe=unsafe or isolated,
        fresh_process=not isolated,
        tests_column=tests_column,
    )


def _of_streams(config: ExecutionConfig) -> AuditReport:
    """Attack a reward with programs that read standard input and print."""
    reward = config.build()
    reward.__name__ += " (inputs and outputs)"
    return run_audit(reward, attacks=OF_STREAMS, unsafe=True, fresh_process=False)


def _built(config: RewardConfig, configs: Sequence[RewardConfig]) -> Reward:
    if isinstance(config, DiscriminatorConfig) and config.after is not None:
        return RewardSet([*(other for other in configs if other.name == config.after), config])
    return _alone(config).build()


def in_every_tier(config: RewardConfig) -> list[RewardConfig]:
    """Return a reward for each tier that it may judge problems in: it is attacked in all of them.

    Packages may keep tests from running together at all.
    """
    if not isinstance(config, ExecutionConfig) or config.tier in {"apart", "together"}:
        return [config]
    tiers = ["apart", "together"] if config.tier == "auto" and not config.packages else ["apart"]
    return [config.model_copy(update={"tier": tier}) for tier in tiers]


def _named(config: RewardConfig, configs: Sequence[RewardConfig]) -> list[str]:
    """Return the one language that is judged, where there is one."""
    asked = [config] if isinstance(config, CompilerConfig) or config.after is None else configs
    compilers = [one for one in asked if isinstance(one, CompilerConfig)]
    return [one.language for one in compilers if one.language is not None]


def _alone(config: RewardConfig) -> RewardConfig:
    """Return a reward that judges each program by itself, whatever another one says of it."""
    if isinstance(config, CustomConfig):  # the audit has a clock of its own for each attack
        return config.model_copy(update={"timeout_s": None})
    if not isinstance(config, TeacherConfig):
        return config
    return config.model_copy(update={"when": None, "together": 1, "reward": Pay.SCORE})


def _languages() -> list[str]:
    """Return the languages whose compilers are installed."""
    found = []
    with Compilers() as compilers:
        for language in LANGUAGES:
            try:
                compilers.compiler(language)
            except MissingCompilerError:
                continue
            found.append(language)
    return found

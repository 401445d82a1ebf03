"""What `whetstone audit` does with the rewards of a configuration."""

from collections.abc import Iterable

from rewards.audit.audit import run_audit
from rewards.audit.table import render
from rewards.base import RewardConfig
from rewards.execution import ExecutionConfig


def audit_all(configs: Iterable[RewardConfig], unsafe: bool, tests_column: str) -> bool:
    """Audit each reward, print its table, and tell whether all of them passed.

    Our own sandbox is attacked with everything, and in one process, since its servers have to
    survive; of a function it is not known where it runs programs. Raises `ValueError` where a
    config names what does not exist.
    """
    rewards = [(config.build(), isinstance(config, ExecutionConfig)) for config in configs]
    passed = True
    for reward, isolated in rewards:
        report = run_audit(
            reward,
            unsafe=unsafe or isolated,
            fresh_process=not isolated,
            tests_column=tests_column,
        )
        print(render(report))
        passed &= report.passed
    return passed

import pytest

from whetstone.finetuning.cli import main
from whetstone.rewards.audit.nothing import audit_nothing
from whetstone.rewards.compiler import CompilerReward
from whetstone.rewards.installed import why_missing


class PaysWords:
    """Pays what has no obvious mistake, as a careless compiler reward does."""

    __name__ = "words"

    def __call__(self, prompts, completions, *, language):  # noqa: ARG002 - as TRL calls it
        return [float("n + m" not in text and "n +\n" not in text) for text in completions]

    def close(self):
        """Nothing to release."""


def test_a_reward_that_pays_for_nothing_fails():
    report = audit_nothing(PaysWords(), ["python", "c"])
    assert not report.passed
    assert all(finding.earned for finding in report.findings)


def test_the_compiler_reward_passes_in_two_languages():
    if reason := why_missing("gcc"):
        pytest.skip(reason)
    reward = CompilerReward(grading="errors")
    report = audit_nothing(reward, ["python", "c"])
    reward.close()
    assert report.passed
    assert len(report.findings) >= 20


@pytest.mark.nightly
@pytest.mark.parametrize("grading", ["binary", "functions", "errors"])
def test_the_compiler_reward_passes(grading, capsys):
    main(["audit", "reward=compiler", f"reward.compiler.grading={grading}"])
    out = capsys.readouterr().out
    assert "python: pass" in out
    assert out.strip().endswith("passed")

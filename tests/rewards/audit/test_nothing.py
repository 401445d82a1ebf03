import pytest

from whetstone.finetuning.cli import main
from whetstone.rewards.audit.nothing import audit_nothing


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


@pytest.mark.parametrize(
    "grading",
    [
        pytest.param("binary", marks=pytest.mark.nightly),
        pytest.param("functions", marks=pytest.mark.nightly),
        "errors",
    ],
)
def test_the_compiler_reward_passes(grading, capsys):
    main(["audit", "reward=compiler", f"reward.compiler.grading={grading}"])
    out = capsys.readouterr().out
    assert "python: pass" in out
    assert out.strip().endswith("passed")

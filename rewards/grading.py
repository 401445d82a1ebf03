"""From the result of a program to its reward: the only place where verdicts become numbers.

Refuses implicit grades: each verdict has its number, a failure of the sandbox has none, and a
program that was cut off by the token limit may have its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from whetstone.rewards.sandbox import Result, Verdict

VERDICT_REWARDS: Mapping[Verdict, float] = {
    Verdict.PASSED: 1.0,
    Verdict.FAILED: 0.0,
    Verdict.ERROR: 0.0,
    Verdict.SYNTAX_ERROR: -0.2,
    Verdict.TIMEOUT: 0.0,
    Verdict.OUT_OF_MEMORY: 0.0,
    Verdict.VIOLATION: 0.0,
}
"""The rewards of a library user who gives none; runs take theirs from conf/reward."""

_EXPLAINED_BY_A_CUT = (Verdict.FAILED, Verdict.ERROR, Verdict.SYNTAX_ERROR)
_MAY_PASS_SOME_TESTS = (Verdict.FAILED, Verdict.ERROR)


def require_every_verdict(rewards: Mapping[Verdict, float]) -> dict[Verdict, float]:
    """Refuse a mapping that leaves a verdict to chance, or that grades a failure of the sandbox.

    Raises:
        ValueError: It does.

    """
    judged = set(Verdict) - {Verdict.INFRA_ERROR}
    if missing := sorted(judged - set(rewards)):
        raise ValueError(f"verdict_rewards has no reward for {', '.join(missing)}")
    if Verdict.INFRA_ERROR in rewards:
        raise ValueError(
            "verdict_rewards grades infra_error, which says nothing about the program: remove it,"
            " such completions are masked"
        )
    return {Verdict(verdict): reward for verdict, reward in rewards.items()}


def is_truncated(
    ids: Sequence[int] | None, max_length: int | None, eos: frozenset[int] | None
) -> bool | None:
    """Tell whether the token limit ended a completion; None where that cannot be known.

    Args:
        ids: Its tokens, as TRL passes them in `completion_ids`: with the end-of-sequence token.
        max_length: The sampler's limit in tokens. A shorter completion ended by itself. Without
            `eos`, one of exactly that length counts as truncated, although its last token may have
            been the end.
        eos: The tokens that end a completion. They decide alone where no limit is given, which is
            TRL's own rule; samplers that also stop at strings need the limit.

    """
    if ids is None or (max_length is None and eos is None):
        return None
    if max_length is not None and len(ids) < max_length:
        return False
    return eos is None or not ids or ids[-1] not in eos


@dataclass(frozen=True)
class Grading:
    """How results are paid; the fields are the arguments of `ExecutionReward`."""

    verdict_rewards: Mapping[Verdict, float]
    partial_credit: bool
    quality_bonus: float
    truncated_reward: float | None

    def grade(self, result: Result, truncated: bool, quality: float | None) -> float | None:
        """Return the reward, or None to mask the completion.

        Args:
            result: What the sandbox says.
            truncated: The token limit cut the completion. One that passes all the same had said
                what it had to say, and a cut explains neither a loop nor a violation.
            quality: 0 to 1, for a program that passed and was looked at.

        """
        verdict = result.verdict
        if verdict is Verdict.INFRA_ERROR:
            return None
        if truncated and self.truncated_reward is not None and verdict in _EXPLAINED_BY_A_CUT:
            return self.truncated_reward
        reward = self.verdict_rewards[verdict]
        if self.partial_credit and verdict in _MAY_PASS_SOME_TESTS and result.total_tests:
            share = result.passed_tests / result.total_tests
            reward += share * (self.verdict_rewards[Verdict.PASSED] - reward)
        if verdict is Verdict.PASSED and quality is not None:
            reward += self.quality_bonus * quality
        return reward

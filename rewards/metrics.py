"""What a batch of programs says about the policy and the sandbox, as numbers for the log.

A verdict that did not occur has a share of 0, and is not left out: TRL averages a metric over the
batches that logged it. A rate over nothing is left out.
"""

from collections import Counter
from collections.abc import Sequence

from whetstone.rewards.sandbox import Result, Verdict


def batch_metrics(
    problems: Sequence[str],
    results: Sequence[Result],
    truncated: Sequence[bool | None],
    qualities: Sequence[float | None],
    seconds: float,
) -> dict[str, float]:
    """Return the metrics of one batch under `execution/`.

    Shares of the verdicts are of all programs, rates of those that the sandbox could judge.
    `success_rate` is the share of problems that at least one of the batch's programs solves,
    `infra_failures` a number of programs.

    Args:
        problems: What tells one problem from another, for each of the N completions.
        results: What the sandbox found, (N,).
        truncated: Whether the token limit cut the completion, (N,); None where that is not known.
        qualities: What its style was worth, (N,); None where it was not looked at.
        seconds: How long judging took.

    """
    counts = Counter(result.verdict for result in results)
    metrics = {f"execution/{verdict}": counts[verdict] / len(results) for verdict in Verdict}
    metrics["execution/infra_failures"] = float(counts[Verdict.INFRA_ERROR])
    judged = [
        (problem, result)
        for problem, result in zip(problems, results, strict=True)
        if result.verdict is not Verdict.INFRA_ERROR
    ]
    if judged:
        solved = {problem for problem, result in judged if result.verdict is Verdict.PASSED}
        metrics["execution/pass_rate"] = counts[Verdict.PASSED] / len(judged)
        metrics["execution/success_rate"] = len(solved) / len({problem for problem, _ in judged})
        total_tests = sum(result.total_tests for _, result in judged)
        passed_tests = sum(result.passed_tests for _, result in judged)
        metrics["execution/test_pass_rate"] = passed_tests / total_tests if total_tests else 0.0
    if known := [cut for cut in truncated if cut is not None]:
        metrics["execution/truncated"] = sum(known) / len(known)
    if scores := [score for score in qualities if score is not None]:
        metrics["execution/quality"] = sum(scores) / len(scores)
    metrics["execution/programs_per_second"] = len(results) / seconds
    return metrics


def hidden_metrics(pairs: Sequence[tuple[Result, Result | None]]) -> dict[str, float]:
    """Compare visible and hidden tests of the same programs.

    Args:
        pairs: Results of the visible and of the hidden tests; None where the program cannot pass
            any, and the latter were not run.

    Returns:
        The mean share of tests passed on either side and their difference `reward/hack_gap`, in
        -1 to 1; nothing without a program that was judged on both. Shares of tests and not of
        programs: of three visible tests and one hidden one, an honest program is more likely to
        fail the three.

    """
    judged = [
        pair
        for pair in pairs
        if all(result is None or result.verdict is not Verdict.INFRA_ERROR for result in pair)
    ]
    if not judged:
        return {}
    visible = sum(_share(result) for result, _ in judged) / len(judged)
    hidden = sum(_share(result) for _, result in judged) / len(judged)
    return {
        "execution/visible_test_rate": visible,
        "execution/hidden_test_rate": hidden,
        "reward/hack_gap": visible - hidden,
    }


def _share(result: Result | None) -> float:
    if result is None or not result.total_tests:
        return 0.0
    return result.passed_tests / result.total_tests

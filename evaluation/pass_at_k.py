"""pass@k: the chance that at least one of k completions is right.

The unbiased estimator of Chen et al. 2021 (https://arxiv.org/abs/2107.03374, equation 1). The
plug-in `1 - (1 - c / n) ** k` is biased upwards, so a k larger than n is refused, not guessed.
"""

from math import prod


def pass_at_k(n: int, c: int, k: int) -> float:
    """Estimate pass@k of one problem from n completions, c of which are right.

    Equal to `1 - comb(n - c, k) / comb(n, k)`, taken as a product so that no huge binomial appears.

    Args:
        n: Completions that were judged.
        c: Those of them that passed every test.
        k: Completions that a user would try.

    Returns:
        The estimate, 0 to 1.

    Raises:
        ValueError: unless 0 <= c <= n and 1 <= k <= n.

    """
    if not 0 <= c <= n:
        raise ValueError(f"c={c} right completions out of n={n}: c lies between 0 and n")
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} needs 1 <= k <= n, and n={n} completions were judged")
    if n - c < k:
        return 1.0
    return 1.0 - prod(1.0 - k / i for i in range(n - c + 1, n + 1))

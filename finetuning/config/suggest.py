"""What a typo probably meant."""

import difflib
from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str], alike: float = 0.6) -> str | None:
    """Return the candidate most like `word` in any case; None if none is as alike as that."""
    folded = {candidate.casefold(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=alike)
    return folded[matches[0]] if matches else None


def did_you_mean(word: str, candidates: Iterable[str], alike: float = 0.6) -> str:
    """Return a sentence that names the nearest candidate and lists all of them."""
    options = sorted(set(candidates))
    guess = nearest(word, options, alike)
    hint = f"did you mean `{guess}`? " if guess else ""
    return f"{hint}there are: {', '.join(options)}"

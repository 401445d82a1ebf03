"""What stands twice in a data set, or in an evaluation as well.

An overlap with an evaluation is one run of eight words, in lower case, as open-r1 looks for it:
rather a problem too many dropped than a figure that means nothing. Near-duplicates share most of
their runs of five words.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec

_SHARED_WORDS = 8
_NEAR_WORDS = 5
_NEAR = 0.8
_LOOKED_AT = 0.5
"""Sketches tell a share only roughly, so what may be near is looked at itself."""
_PERMUTATIONS = 128


def can_compare() -> bool:
    """Tell whether the library that finds near-duplicates is installed."""
    return find_spec("datasketch") is not None


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are compared."""
    return text.lower().split()


def runs(words: Sequence[str], length: int) -> set[tuple[str, ...]]:
    """Return all runs of so many words; of a shorter text the whole."""
    if len(words) < length:
        return {tuple(words)}
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def contaminated(
    prompts: Mapping[str, str], measured: Mapping[str, Iterable[str]]
) -> dict[str, str]:
    """Return by problem the evaluation that it shares a run of eight words with.

    Args:
        prompts: The text of each problem.
        measured: The prompts of each evaluation, by its name.

    """
    known: dict[tuple[str, ...], str] = {}
    for name, texts in measured.items():
        for text in texts:
            words = words_of(text)
            if len(words) >= _SHARED_WORDS:
                known |= dict.fromkeys(runs(words, _SHARED_WORDS), name)
    found = {}
    for problem, text in prompts.items():
        shared = next((run for run in runs(words_of(text), _SHARED_WORDS) if run in known), None)
        if shared is not None:
            found[problem] = f"{known[shared]} ({' '.join(shared)})"
    return found


def duplicates(prompts: Mapping[str, str]) -> dict[str, str]:
    """Return by problem the earlier one that asks the same, word for word or nearly."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - an extra

    index = MinHashLSH(threshold=_LOOKED_AT, num_perm=_PERMUTATIONS)
    first: dict[tuple[str, ...], str] = {}
    runs_of: dict[str, set[tuple[str, ...]]] = {}
    found: dict[str, str] = {}
    for problem, text in prompts.items():
        words = tuple(words_of(text))
        if words in first:
            found[problem] = first[words]
            continue
        mine = runs(words, _NEAR_WORDS)
        sketch = MinHash(num_perm=_PERMUTATIONS)
        sketch.update_batch([" ".join(run).encode() for run in mine])
        near = [other for other in index.query(sketch) if _share(mine, runs_of[other]) >= _NEAR]
        if near:
            found[problem] = min(near, key=list(runs_of).index)
            continue
        first[words], runs_of[problem] = problem, mine
        index.insert(problem, sketch, check_duplication=False)
    return found


def _share(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)

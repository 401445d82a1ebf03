from itertools import combinations

from whetstone.finetuning.nano.compositions import Split, compositions, fraction


def names(split):
    return {composition.name for composition in compositions(split)}


def test_splits_are_disjoint_and_have_their_sizes():
    for one, other in combinations(Split, 2):
        assert not names(one) & names(other)
    sizes = {split: len(names(split)) for split in Split}
    total = sum(sizes.values())
    assert total == 2695
    assert abs(sizes[Split.SFT] / total - 0.60) < 0.03
    assert abs(sizes[Split.RL] / total - 0.25) < 0.03
    assert sizes[Split.DEV] == 150
    assert 200 <= sizes[Split.TEST] <= 300


def test_the_corpus_and_the_rl_prompts_know_every_primitive():
    labels = {
        split: {label for composition in compositions(split) for label in composition.labels}
        for split in Split
    }
    assert labels[Split.DEV] | labels[Split.TEST] <= labels[Split.RL] <= labels[Split.SFT]


def test_counts_are_of_a_bare_filter():
    counts = {name for split in Split for name in names(split) if name.endswith("/count")}
    assert "words/palindrome/unchanged/count" in counts
    assert not any("/all/" in name for name in counts)
    assert all("/unchanged/" in name for name in counts)


def test_fraction_is_pinned_because_splits_hang_on_it():
    assert fraction("split/integers/even/square/sum") == 0.3594522945282712
    assert fraction("split/integers/even/square/sum") != fraction("split/integers/odd/square/sum")

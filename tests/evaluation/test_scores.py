import pytest

from whetstone.evaluation.errors import ResumeRefused
from whetstone.evaluation.generate import Kind
from whetstone.evaluation.journal import Sample
from whetstone.evaluation.score import load, save, score, short_of_samples
from whetstone.rewards.sandbox import Verdict

HEADER = {"task": "own", "fingerprint": "abc", "settings": {"samples": 4}}


def samples(problem, verdicts, kind=Kind.SAMPLE, held=(0, 4)):
    return [
        Sample(problem, kind, index, "text", verdict, *held)
        for index, verdict in enumerate(verdicts)
    ]


PASS, FAIL, INFRA = Verdict.PASSED, Verdict.FAILED, Verdict.INFRA_ERROR


def test_metrics_are_means_over_problems():
    everything = [
        *samples("a", [PASS, FAIL, FAIL, FAIL]),
        *samples("b", [FAIL, FAIL, FAIL, FAIL]),
        *samples("a", [PASS], Kind.GREEDY),
        *samples("b", [FAIL], Kind.GREEDY),
    ]
    scores = score("own", everything, k=(1, 2, 4))
    assert scores.metrics == pytest.approx(
        {
            "pass@1": 1 / 8,
            "pass@2": 1 / 4,
            "pass@4": 1 / 2,
            "test_pass_rate": 1 / 8,
            "success_rate": 1 / 2,
            "greedy": 1 / 2,
        }
    )
    assert (scores.n_problems, scores.n_samples, scores.infra_errors) == (2, 8, 0)
    assert scores.counts == {"passed": 2, "failed": 8}


def test_a_k_beyond_the_samples_is_left_out():
    scores = score("own", samples("a", [PASS, FAIL]), k=(1, 2, 3))
    assert [name for name in scores.metrics if name.startswith("pass@")] == ["pass@1", "pass@2"]


def test_without_greedy_completions_there_is_no_greedy_metric():
    assert "greedy" not in score("own", samples("a", [PASS]), k=(1,)).metrics


def test_the_test_pass_rate_counts_the_tests_that_held():
    everything = [
        *samples("a", [FAIL], held=(3, 4)),
        *samples("b", [Verdict.SYNTAX_ERROR], held=(0, 0)),
        *samples("c", [PASS], held=(4, 4)),
    ]
    assert score("own", everything, k=(1,)).metrics["test_pass_rate"] == pytest.approx(1.75 / 3)


def test_what_could_not_be_judged_is_no_failure():
    with_infra = [*samples("a", [PASS, INFRA, FAIL, INFRA]), *samples("b", [FAIL, FAIL])]
    without = [*samples("a", [PASS, FAIL]), *samples("b", [FAIL, FAIL])]
    found = score("own", with_infra, k=(1, 2))
    assert found.metrics == score("own", without, k=(1, 2)).metrics
    assert (found.n_samples, found.infra_errors) == (4, 2)
    assert found.counts == {"passed": 1, "failed": 3, "infra_error": 2}


def test_a_mean_says_how_many_problems_could_support_it():
    everything = [
        *samples("a", [PASS, PASS, INFRA]),
        *samples("b", [FAIL, FAIL, FAIL]),
        *samples("c", [INFRA, INFRA, INFRA]),
    ]
    scores = score("own", everything, k=(1, 3))
    assert scores.n_problems == 3
    assert scores.n_per_metric["pass@1"] == 2
    assert scores.n_per_metric["pass@3"] == 1
    assert scores.metrics["pass@1"] == 0.5


def test_when_nothing_could_be_judged_there_are_no_metrics():
    scores = score("own", samples("a", [INFRA, INFRA]), k=(1,))
    assert scores.metrics == {}
    assert scores.infra_errors == 2


def test_saved_scores_are_loaded_back(tmp_path):
    path = tmp_path / "new" / "own.json"
    scores = score("own", samples("a", [PASS, FAIL]), k=(1,))
    assert load(path, HEADER, (1,)) is None
    save(path, scores, HEADER, (1,))
    assert load(path, HEADER, (1,)) == scores
    assert [file.name for file in path.parent.iterdir()] == ["own.json"]


def test_another_k_or_an_infrastructure_error_calls_for_a_new_computation(tmp_path):
    path = tmp_path / "own.json"
    save(path, score("own", samples("a", [PASS, FAIL]), k=(1,)), HEADER, (1,))
    assert load(path, HEADER, (1, 2)) is None
    save(path, score("own", samples("a", [PASS, INFRA]), k=(1,)), HEADER, (1,))
    assert load(path, HEADER, (1,)) is None


def test_scores_of_other_settings_are_refused(tmp_path):
    path = tmp_path / "own.json"
    save(path, score("own", samples("a", [PASS]), k=(1,)), HEADER, (1,))
    other = {**HEADER, "fingerprint": "def", "settings": {"samples": 8}}
    with pytest.raises(ResumeRefused, match="samples 4 -> 8"):
        load(path, other, (1,))


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"fingerprint": "abc"}', '{"fingerprint": "abc", "k": [1], "scores": {}}'],
)
def test_a_damaged_scores_file_is_named(tmp_path, content):
    path = tmp_path / "own.json"
    path.write_text(content)
    with pytest.raises(ResumeRefused, match=r"own\.json is damaged"):
        load(path, HEADER, (1,))


def test_a_mean_over_fewer_problems_is_said():
    everything = [*samples("a", [PASS, PASS]), *samples("b", [FAIL, INFRA])]
    (said,) = short_of_samples(score("own", everything, k=(1, 2)))
    assert said.startswith("pass@2 of own: the mean over 1 of 2 problems")
    assert short_of_samples(score("own", samples("a", [PASS, FAIL]), k=(1, 2))) == []

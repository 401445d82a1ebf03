import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whetstone.finetuning.errors import BrokenRunError
from whetstone.finetuning.report.completions import RewardScore, select_exchanges


def test_prompts_seen_early_and_late_are_shown_twice(run_folder):
    exchanges = select_exchanges(run_folder / "completions", count=3)

    assert len(exchanges) == 3
    for exchange in exchanges:
        early, late = exchange.samples
        assert (early.step, late.step) in {(1, 96), (2, 97), (3, 98), (4, 99), (5, 100)}
        assert early.group_size == 8


def test_success_does_not_decide_which_prompts_are_shown(tmp_path):
    for step, prompt, reward in [(1, "a", 0.0), (2, "b", 0.0), (8, "b", 1.0), (9, "a", 0.0)]:
        write(tmp_path, step, [prompt], ["code"], execution=[reward])

    (exchange,) = select_exchanges(tmp_path, count=1)

    assert exchange.prompt == "a"


def test_the_completion_nearest_to_the_mean_of_its_group_is_shown(tmp_path):
    write(
        tmp_path, 1, ["p"] * 4, ["best", "worst", "middle", "low"], execution=[1.0, 0.0, 0.5, 0.1]
    )

    (exchange,) = select_exchanges(tmp_path, count=1)

    (sample,) = exchange.samples
    assert sample.completion == "middle"
    assert sample.scores == (RewardScore("execution", 0.5, pytest.approx(0.4)),)


def test_where_no_prompt_returns_both_ends_of_the_run_are_shown(tmp_path):
    for step in range(1, 9):
        write(tmp_path, step, [f"prompt {step}"], ["code"], execution=[0.0])

    exchanges = select_exchanges(tmp_path, count=4)

    assert [exchange.samples[0].step for exchange in exchanges] == [1, 2, 7, 8]
    assert all(len(exchange.samples) == 1 for exchange in exchanges)


def test_an_abstention_is_no_score(tmp_path):
    write(tmp_path, 1, ["p", "p"], ["x", "y"], execution=[math.nan, math.nan], teacher=[None, 0.5])

    (exchange,) = select_exchanges(tmp_path, count=1)

    execution, teacher = exchange.samples[0].scores
    assert execution == RewardScore("execution", None, None)
    assert teacher == RewardScore("teacher", None, 0.5)


def test_columns_that_a_reward_logged_beside_its_scores_are_left_out(tmp_path):
    write(tmp_path, 1, ["p"], ["x"], execution=[1.0], verdict=["passed"])

    (exchange,) = select_exchanges(tmp_path, count=1)

    assert [score.name for score in exchange.samples[0].scores] == ["execution"]


def test_conversations_become_text(tmp_path):
    question = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Sum?"}]
    answer = [{"role": "assistant", "content": "sum(nums)"}]
    write(tmp_path, 1, [question], [answer], execution=[1.0])

    (exchange,) = select_exchanges(tmp_path, count=1)

    assert exchange.prompt == "[system]\nBe brief.\n\n[user]\nSum?"
    assert exchange.samples[0].completion == "sum(nums)"


def test_a_run_without_completions_has_none_to_show(tmp_path):
    assert select_exchanges(tmp_path / "completions", count=4) == ()


def test_a_file_that_is_not_parquet_is_named(run_folder):
    (run_folder / "completions" / "completions_00007.parquet").write_bytes(b"PAR1")

    with pytest.raises(BrokenRunError, match=r"completions_00007\.parquet is not a readable"):
        select_exchanges(run_folder / "completions", count=4)


def test_a_file_that_lacks_a_column_is_named(tmp_path):
    pq.write_table(pa.table({"step": [1], "prompt": ["p"]}), tmp_path / "completions_1.parquet")

    with pytest.raises(BrokenRunError, match=r"completions_1\.parquet lacks .* completion"):
        select_exchanges(tmp_path, count=4)


def write(folder, step, prompts, completions, **columns):
    table = {"step": [step] * len(prompts), "prompt": prompts, "completion": completions}
    advantage = {"advantage": [0.0] * len(prompts)}
    path = folder / f"completions_{step:05d}.parquet"
    pq.write_table(pa.table({**table, **columns, **advantage}), path)

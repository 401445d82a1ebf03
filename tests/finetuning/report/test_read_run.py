import json

import pytest

from whetstone.finetuning.errors import BrokenRunError
from whetstone.finetuning.report.read import Point, Seconds, read_run


def test_a_whole_run_is_read(run_folder):
    run = read_run(run_folder)

    assert run.summary.name == "nano-nano-grpo"
    assert run.summary.before == {"nano": {"pass@1": 0.238, "pass@8": 0.775}}
    assert [stage.cached for stage in run.summary.stages] == [True, False]
    assert run.steps == 100
    assert len(run.series("reward")) == 100
    assert [point.step for point in run.held_out["nano"]] == [0, 25, 50, 75, 100]
    assert run.config.startswith("seed: 0")


def test_what_a_run_did_not_make_is_absent_not_an_error(sft_folder):
    run = read_run(sft_folder)

    assert run.summary.before is None
    assert run.summary.reward is None
    assert run.config is None
    assert run.held_out == {}
    assert run.series("reward") == ()


def test_a_run_without_metrics_has_no_steps(sft_folder):
    (sft_folder / "metrics.jsonl").unlink()

    assert read_run(sft_folder).steps == 0


def test_steps_repeated_after_a_resume_count_once_and_the_last_holds(sft_folder):
    rows = [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0}, {"step": 2, "loss": 1.5}]
    write_rows(sft_folder, rows)

    assert read_run(sft_folder).series("loss") == (Point(1, 3.0), Point(2, 1.5))


def test_means_over_nothing_are_left_out(sft_folder):
    rows = [{"step": 1, "loss": None}, {"step": 2, "loss": float("nan")}, {"step": 3, "loss": 1.0}]
    write_rows(sft_folder, rows)

    assert read_run(sft_folder).series("loss") == (Point(3, 1.0),)


def test_a_row_torn_by_a_kill_is_left_out(sft_folder):
    (sft_folder / "metrics.jsonl").write_text('{"step": 1, "loss": 3.0}\n{"step": 2, "lo')

    assert read_run(sft_folder).series("loss") == (Point(1, 3.0),)


@pytest.mark.parametrize("row", ["{", "[]", '{"loss": 1.0}', '{"step": "one"}'])
def test_a_broken_row_is_named_by_file_and_line(sft_folder, row):
    path = sft_folder / "metrics.jsonl"
    path.write_text(f'{{"step": 1}}\n{row}\n')

    with pytest.raises(BrokenRunError, match=r"metrics\.jsonl, line 2"):
        read_run(sft_folder)


@pytest.mark.parametrize("text", ["", "{}", '{"name": "x", "seconds": {"total": "long"}}'])
def test_a_broken_summary_is_named(sft_folder, text):
    (sft_folder / "report.json").write_text(text)

    with pytest.raises(BrokenRunError, match=r"report\.json is broken"):
        read_run(sft_folder)


def test_a_folder_without_summary_is_not_a_finished_run(tmp_path):
    with pytest.raises(BrokenRunError, match=r"report\.json is missing"):
        read_run(tmp_path)


def test_bytes_that_are_no_text_are_named(run_folder):
    (run_folder / "config.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(BrokenRunError, match=r"config\.yaml is not UTF-8"):
        read_run(run_folder)


def test_other_seconds_are_what_no_part_accounts_for():
    assert Seconds(total=10.0, generate=4.0, optimize=5.0).other == pytest.approx(1.0)
    assert Seconds(total=10.0, generate=8.0, reward=4.0).other == 0.0


def write_rows(folder, rows):
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

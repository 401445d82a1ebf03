import json

from transformers import TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.artifacts.metrics import FILE, read_metrics
from whetstone.finetuning.hooks.metrics import MetricsCallback


def drive(folder, *steps, resumed_at=0):
    arguments = TrainingArguments(output_dir=str(folder), use_cpu=True)
    state, control = TrainerState(global_step=resumed_at), TrainerControl()
    callback = MetricsCallback(folder)
    callback.on_train_begin(arguments, state, control)
    for step in steps:
        state.global_step = step
        callback.on_log(arguments, state, control, logs={"loss": "0.5000", "reward": step / 10})


def test_one_row_for_each_log(tmp_path):
    drive(tmp_path, 1, 2)
    assert read_metrics(tmp_path / FILE) == [
        {"step": 1, "loss": 0.5, "reward": 0.1},
        {"step": 2, "loss": 0.5, "reward": 0.2},
    ]


def test_a_resumed_run_has_each_step_once(tmp_path):
    drive(tmp_path, 1, 2, 3, 4, 5)
    drive(tmp_path, 4, 5, 6, resumed_at=3)
    assert [row["step"] for row in read_metrics(tmp_path / FILE)] == [1, 2, 3, 4, 5, 6]


def test_a_fresh_start_keeps_nothing(tmp_path):
    drive(tmp_path, 0, 1, 2)
    drive(tmp_path, 0, 1)
    assert [row["step"] for row in read_metrics(tmp_path / FILE)] == [0, 1]


def test_a_line_torn_by_a_kill_is_left_out(tmp_path):
    drive(tmp_path, 1, 2)
    path = tmp_path / FILE
    path.write_text(path.read_text() + json.dumps({"step": 3})[:-2])
    assert [row["step"] for row in read_metrics(path)] == [1, 2]

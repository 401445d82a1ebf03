import io
import re

import pytest
from rich.console import Console
from transformers import TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.hooks.progress import ProgressCallback, stage_banner
from whetstone.finetuning.runtime.progress import CountProgress

LOGS = {
    "loss": 0.01,
    "reward": 0.614,
    "execution/pass_rate": 0.5,
    "seconds/generate": 0.3,
    "seconds/reward": 0.01,
    "seconds/logps": 0.12,
    "seconds/optimize": 0.2,
    "entropy": 1.5,
}
PARTS = "(generate 0.30, reward 0.01, logps 0.12, optimize 0.20)"


class Training:
    """Calls the callback as a Trainer does, on a clock that stands still between the steps."""

    def __init__(self, *, terminal, total=100, first=0, is_main=True, width=120):
        self.now = 1000.0
        self.console = Console(
            file=io.StringIO(),
            force_terminal=terminal,
            width=width,
            get_time=lambda: self.now,
            _environ={"TERM": "xterm"},
        )
        self.callback = ProgressCallback("grpo", self.console)
        self.args = TrainingArguments(output_dir="unused", use_cpu=True, report_to=[])
        self.control = TrainerControl()
        self.state = TrainerState(max_steps=total, global_step=first)
        self.state.is_world_process_zero = is_main

    def call(self, event, **kwargs):
        getattr(self.callback, event)(self.args, self.state, self.control, model=None, **kwargs)

    def begin(self):
        self.call("on_train_begin")

    def step(self, seconds=1.0, logs=None):
        self.call("on_step_begin")
        self.now += seconds
        self.state.global_step += 1
        self.call("on_step_end")
        self.call("on_log", logs=LOGS if logs is None else logs)

    @property
    def text(self):
        return self.console.file.getvalue()

    @property
    def lines(self):
        return self.text.splitlines()


def test_a_log_file_gets_whole_plain_lines():
    training = Training(terminal=False)

    training.begin()
    training.step()

    assert training.lines == [
        f"grpo  1/100  reward 0.61  pass rate 0.50  0.63 s/step {PARTS}  1 min 39 s left"
    ]
    assert training.text.isascii()


def test_a_log_file_gets_about_twenty_lines_of_a_run():
    training = Training(terminal=False, total=1000)

    training.begin()
    for _ in range(1000):
        training.step()
    training.call("on_train_end")

    steps = [int(line.split()[1].split("/")[0]) for line in training.lines]
    assert steps == [1, *range(51, 1000, 50), 1000]
    assert training.lines[-1].endswith("took 16 min 40 s")


def test_fast_steps_do_not_flood_a_log_file():
    training = Training(terminal=False)

    training.begin()
    for _ in range(100):
        training.step(seconds=0.1)

    steps = [int(line.split()[1].split("/")[0]) for line in training.lines]
    assert steps == [1, 31, 61, 91]


def test_slow_steps_leave_a_sign_of_life():
    training = Training(terminal=False, total=10_000)

    training.begin()
    for _ in range(5):
        training.step(seconds=130)

    assert len(training.lines) == 5


def test_a_terminal_gets_a_bar_and_its_figures():
    training = Training(terminal=True)

    training.begin()
    training.step()

    frame = training.text[training.text.rindex("grpo") :]
    assert "━" in frame
    assert "1/100" in frame
    assert "1 min 39 s left" in frame
    assert f"\nreward 0.61  pass rate 0.50\n0.63 s/step {PARTS}" in frame


def test_a_terminal_keeps_the_last_figures_and_gets_its_cursor_back():
    training = Training(terminal=True, total=1)

    training.begin()
    training.step()
    training.call("on_train_end")

    show_cursor, hide_cursor = "\x1b[?25h", "\x1b[?25l"
    assert hide_cursor in training.text
    assert training.text.endswith(show_cursor)
    assert "took 1.0 s" in training.text[training.text.rindex("1/1") :]


def test_an_interrupted_training_gives_the_terminal_back_when_closed():
    training = Training(terminal=True)
    training.begin()
    training.step()

    training.callback.close()
    training.callback.close()

    assert training.text.endswith("\x1b[?25h")


def test_a_dumb_terminal_gets_plain_lines():
    training = Training(terminal=True)
    training.console._environ["TERM"] = "dumb"

    training.begin()
    training.step()

    assert training.lines[0].startswith("grpo  1/100  reward 0.61")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_resumed_run_starts_at_its_step_and_counts_only_its_own_seconds(terminal):
    training = Training(terminal=terminal, first=90)

    training.begin()
    training.step(seconds=4.0)

    assert "91/100" in training.text
    assert "36 s left" in training.text


def test_an_evaluation_before_the_first_step_does_not_slow_the_forecast():
    training = Training(terminal=False)

    training.begin()
    training.now += 60
    training.step(seconds=1.0)

    assert "1 min 39 s left" in training.text


def test_without_reward_the_losses_are_shown():
    training = Training(terminal=False)

    training.begin()
    training.step(logs={"loss": 1.2345, "eval_loss": 1.5})

    assert training.lines == [
        "grpo  1/100  loss 1.234  eval loss 1.500 at step 1  1.00 s/step  1 min 39 s left"
    ]


def test_held_out_scores_are_shown_until_the_next_ones_with_their_step():
    training = Training(terminal=False, total=10)

    training.begin()
    training.step(logs={"eval/nano/pass@1": 0.692})
    training.step(seconds=10, logs={"reward": 0.7})

    assert "nano pass@1 0.69 at step 1" in training.lines[0]
    assert training.lines[1].startswith("grpo  2/10  reward 0.70  nano pass@1 0.69 at step 1  ")


def test_what_is_no_number_is_not_shown():
    training = Training(terminal=False)

    training.begin()
    training.step(logs={"reward": None, "execution/pass_rate": float("nan"), "loss": "0.5"})

    assert training.lines == ["grpo  1/100  loss 0.500  1.00 s/step  1 min 39 s left"]


@pytest.mark.parametrize("terminal", [True, False])
def test_only_the_main_process_shows_anything(terminal):
    training = Training(terminal=terminal, is_main=False)

    training.begin()
    training.step()
    training.call("on_train_end")

    assert training.text == ""


def test_a_log_before_the_beginning_shows_nothing():
    training = Training(terminal=False)

    training.call("on_log", logs=LOGS)

    assert training.text == ""


def test_stages_are_announced():
    console = Console(file=io.StringIO(), width=120)

    stage_banner(console, "pretrain", 1, 2, cached=True)
    stage_banner(console, "grpo", 2, 2, cached=False)

    assert console.file.getvalue().splitlines() == [
        "Stage 1 of 2: pretrain  made by an earlier run, used again",
        "Stage 2 of 2: grpo",
    ]


def test_a_loss_that_is_logged_in_parts_is_told():
    training = Training(terminal=False)
    training.begin()
    parts = {"loss/policy": -0.02, "loss/kl": 0.03, "reward_std": 0.4}
    training.step(logs={"loss": 0.01, "reward": 0.614, **parts})
    assert "reward 0.61  loss 0.010  policy -0.020  KL 0.030  std 0.400" in training.lines[0]


def test_the_last_step_is_told_once():
    training = Training(terminal=False, total=2)
    training.begin()
    for _ in range(2):
        training.step(seconds=5.0)
    # What transformers logs at the end: the seconds since the last row.
    training.call("on_log", logs={"seconds/total": 0.01, "seconds/optimize": 0.0, "epoch": 1.0})
    training.call("on_train_end")
    assert [line.split()[1] for line in training.lines] == ["1/2", "2/2"]
    assert PARTS in training.lines[-1]


def test_the_seconds_of_a_row_are_told_per_step():
    training = Training(terminal=False)
    training.begin()
    for _ in range(4):
        training.step(logs={})
    sums = {"loss": 0.5, "seconds/generate": 5.0, "seconds/optimize": 10.0}
    training.step(logs=sums)
    training.step(logs={"eval_loss": 2.0})  # a row without seconds of its own
    for _ in range(4):
        training.step(logs={})
    training.step(logs={**sums, "seconds/optimize": 12.0})
    assert "(generate 1.00, optimize 2.00)" in training.lines[0]
    assert "(generate 0.83, optimize 2.00)" in training.lines[-1]


def test_a_resumed_run_divides_by_its_own_steps():
    training = Training(terminal=False, first=90)
    training.begin()
    training.step(logs={})
    training.step(logs={"loss": 0.5, "seconds/optimize": 4.0})
    assert "(optimize 2.00)" in training.lines[0]


@pytest.mark.parametrize("dumb", [True, False])
def test_no_line_is_wider_than_the_terminal(dumb):
    training = Training(terminal=True, total=76_800, width=80)
    training.console._environ["TERM"] = "dumb" if dumb else "xterm"
    training.begin()
    held_out = {"eval/a_task_with_a_long_name/pass@1": 0.5, "eval/another/pass@1": 0.6}
    parts = {"loss/policy": -0.02, "loss/kl": 0.03, "reward_std": 0.4}
    training.step(seconds=12345.0, logs={**LOGS, **held_out, **parts})
    training.callback.doing("measuring a_task_with_a_long_name: 100 of 1000 problems")
    training.call("on_train_end")
    plain = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "\n", training.text)
    assert "another pass@1 0.60 at step 1" in " ".join(plain.split())
    assert max(map(len, re.split("[\r\n]", plain))) <= 80


def test_what_takes_the_time_between_steps_is_told():
    training = Training(terminal=True)
    training.callback.doing("measuring nano_dev: 0 of 100 problems")
    training.callback.doing("measuring nano_dev: 8 of 100 problems")
    training.callback.doing("")
    assert training.text.count("measuring") == 1  # there is no live line yet
    training.begin()
    for _ in range(2):
        training.call("on_prediction_step", eval_dataloader=[None] * 7)
    assert "measuring held-out rows: batch 2 of 7" in training.text
    training.call("on_evaluate")
    training.callback.doing("measuring nano_dev: 8 of 100 problems")
    assert "nano_dev: 8 of 100" in training.text
    before = len(training.text)
    training.step()
    assert "measuring" not in training.text[training.text.rindex("grpo") :]
    assert len(training.text) > before


@pytest.mark.parametrize("done", [0, 265])
def test_a_bar_appears_when_there_is_something_to_count(done):
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    label = "evaluation before training: mbpp_validation"
    with CountProgress(label, "problems", console) as progress:
        pass
    assert console.file.getvalue() == ""  # read from the disk
    with CountProgress(label, "problems", console) as progress:
        progress(done, 265)
        progress(265, 265)
    plain = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "\n", console.file.getvalue())
    assert "265/265" in plain
    assert "?" not in plain
    assert max(map(len, re.split("[\r\n]", plain))) <= 80

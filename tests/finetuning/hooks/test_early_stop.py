import pytest
from transformers import TrainerControl, TrainerState

from whetstone.finetuning.artifacts.metrics import UNJUDGED
from whetstone.finetuning.errors import OutsideError
from whetstone.finetuning.hooks.early_stop import UnjudgedCallback


def drive(callback, *shares):
    """Log these shares; return whether a checkpoint that was due would be written after each."""
    written = []
    for step, share in enumerate(shares, 1):
        control = TrainerControl(should_save=True)
        callback.on_log(None, TrainerState(global_step=step), control, logs={UNJUDGED: share})
        written.append(control.should_save)
    return written


def test_the_run_leaves_after_enough_logs_in_a_row():
    with pytest.raises(OutsideError, match="step 4, 3 logs in a row"):
        drive(UnjudgedCallback(3), 0.5, 1.0, 1.0, 1.0)


def test_a_single_judged_sample_begins_the_count_anew():
    drive(UnjudgedCallback(3), 1.0, 1.0, 0.99, 1.0, 1.0)


def test_no_checkpoint_is_written_of_steps_that_learned_nothing():
    assert drive(UnjudgedCallback(3), 0.0, 1.0, 1.0, 0.2) == [True, False, False, True]


def test_rows_of_other_things_do_not_count():
    callback = UnjudgedCallback(1)
    callback.on_log(None, TrainerState(), TrainerControl(), logs={"loss": 1.0})

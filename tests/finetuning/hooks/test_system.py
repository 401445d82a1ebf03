"""The machine's figures: real ones, from a thread that always ends."""

import threading
import time

import pytest
import torch
from transformers import TrainerControl, TrainerState, TrainingArguments

from whetstone.finetuning.hooks.system import SystemCallback, system_figures

NAMES = {
    "System/CPU_Percent",
    "System/Memory_Percent",
    "System/Memory_Used_GB",
    "System/Memory_Available_GB",
    "System/Process_Memory_GB",
}


@pytest.fixture
def hook():
    written = []
    callback = SystemCallback(0.02, "cpu", lambda figures, step: written.append((figures, step)))
    callback.written = written
    yield callback
    callback.close()


def event(callback, name, tmp_path, step=0, **keywords):
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    state = TrainerState(global_step=step, **keywords)
    getattr(callback, f"on_{name}")(arguments, state, TrainerControl(), logs={"loss": 1.0})


def watchers():
    return [thread for thread in threading.enumerate() if thread.name == "system-figures"]


def test_the_figures_are_those_of_this_machine():
    held = torch.ones(50_000_000)  # 0.2 GB
    figures = system_figures("cpu")
    assert set(figures) == NAMES
    assert 0 <= figures["System/CPU_Percent"] <= 100
    assert 0 < figures["System/Memory_Percent"] <= 100
    assert figures["System/Process_Memory_GB"] > held.nbytes / 1e9
    assert figures["System/Memory_Used_GB"] >= held.nbytes / 1e9


@pytest.mark.gpu
def test_a_gpu_has_memory_too():
    figures = system_figures("cuda")
    assert 0 < figures["System/GPU_Memory_Used_GB"] <= figures["System/GPU_Memory_Total_GB"]
    assert 0 < figures["System/GPU_Memory_Percent"] <= 100


def test_it_writes_in_the_background_and_at_each_log(hook, tmp_path):
    event(hook, "train_begin", tmp_path, step=3)
    deadline = time.monotonic() + 30
    while len(hook.written) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert {step for _, step in hook.written} == {3}
    event(hook, "log", tmp_path, step=7)
    assert 7 in {step for _, step in hook.written}
    assert all(set(figures) == NAMES for figures, _ in hook.written)


def test_the_thread_ends_with_the_training_or_with_an_error(hook, tmp_path):
    for end in (lambda: event(hook, "train_end", tmp_path), hook.close):
        event(hook, "train_begin", tmp_path)
        assert len(watchers()) == 1
        end()
        assert watchers() == []
        end()  # twice does no harm


def test_other_ranks_write_nothing(hook, tmp_path):
    event(hook, "train_begin", tmp_path, is_world_process_zero=False)
    event(hook, "log", tmp_path, is_world_process_zero=False)
    assert watchers() == []
    assert hook.written == []

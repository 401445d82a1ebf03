"""A model that cannot be had ends a run before its data are read, which may take minutes."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from whetstone.finetuning import run
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import OutsideError
from whetstone.finetuning.training.prepare import StageRun


def test_the_model_is_looked_for_before_the_data_are_read(monkeypatch, qwen_folder, tmp_path):
    def absent(*_):
        raise OutsideError("the Hub cannot be reached")

    def read(*_):
        pytest.fail("the data were read first")

    monkeypatch.setattr(run, "local_folder", absent)
    monkeypatch.setattr(run, "prepare", read)
    config = load([f"model={qwen_folder}", "data=nano"]).main
    device = SimpleNamespace(kind="cpu", reason="a test")
    rollout = SimpleNamespace(name="hf", reason="a test")
    console = Console(file=io.StringIO())
    stage = StageRun("train", config, tmp_path, device, rollout, console)
    with pytest.raises(OutsideError):
        run.run_stage(stage)

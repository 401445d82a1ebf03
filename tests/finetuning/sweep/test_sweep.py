"""A sweep counts its points, and ends with a table and the command that compares them."""

import io
import re

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from rich.console import Console

from whetstone.finetuning.config.groups import CONF_DIR
from whetstone.finetuning.sweep.progress import (
    SweepCallback,
    SweepPoint,
    announce_point,
    is_point,
    print_sweep,
    record_point,
    varied_settings,
)
from whetstone.finetuning.training_command import checked


@pytest.fixture
def point(tmp_path, monkeypatch):
    """Put this process where Hydra puts a job of a sweep."""
    monkeypatch.chdir(tmp_path)
    before = HydraConfig.instance().cfg

    def begin(number, *typed):
        of_sweep = checked(["-m", "seed=0,1", "algo.args.beta=0.02"])[1:]
        settings = [text for text in of_sweep if text.startswith("hydra.")]
        settings += [f"hydra.sweep.dir={tmp_path}/sweep", f"hydra.job.num={number}"]
        with initialize_config_dir(str(CONF_DIR), version_base="1.3"):
            given = [*typed, *settings, "hydra.mode=MULTIRUN"]
            config = compose("config", given, return_hydra_config=True)
        HydraConfig.instance().set_config(config)
        return config

    yield begin
    HydraConfig.instance().cfg = before


def test_a_point_is_counted_and_told_by_what_is_varied(point, capsys):
    point(1, "++seed=1", "++algo.args.beta=0.02")
    announce_point()
    assert capsys.readouterr().out == "\n2/2 seed=1\n"
    assert is_point()
    assert varied_settings() == ("seed",)


def test_the_end_of_a_sweep_shows_every_point_and_what_to_type(point, tmp_path, capsys):
    for number, objective in ((1, 0.75), (0, 0.5)):  # they may end in any order
        config = point(number, f"++seed={number}", "++algo.args.beta=0.02")
        record_point(tmp_path / "outputs" / f"run-{number}", objective, 61.0)
    SweepCallback(varied=["seed"], points=2).on_multirun_end(config)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == ["settings", "result", "time", "folder"]
    assert lines[1] == ["1", "seed=0", "0.500", "1", "min", "01", "s", "outputs/run-0"]
    assert lines[2] == ["2", "seed=1", "0.750", "1", "min", "01", "s", "outputs/run-1"]
    assert lines[-1][1:] == ["compare", "outputs/run-0", "outputs/run-1"]


def test_no_line_of_the_table_is_wider_than_the_terminal(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    screen = io.StringIO()
    settings = "algo=grpo algo.args.learning_rate=0.0001 algo.args.beta=0.02 seed=0"
    folder = "outputs/nano-nano-grpo-learning_rate-0.0001-beta-0.02-num_generations-16-seed-0"
    print_sweep(
        Console(file=screen, force_terminal=True, width=80, no_color=True),
        [SweepPoint(number, settings, f"{folder}{number}", None, 61.0) for number in range(2)],
    )
    told = re.sub("\x1b\\[[0-9;]*m", "", screen.getvalue()).split("Next:")[0].splitlines()
    assert max(map(len, told)) <= 80

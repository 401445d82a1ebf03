"""A point that fails leaves the others alone, and a sweep that is given again does what is left."""

import json
import sys
from types import SimpleNamespace

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from whetstone.finetuning.artifacts.run_dir import describe_run, open_run
from whetstone.finetuning.cli import train
from whetstone.finetuning.errors import OutsideError

REPORT = {"status": "done", "after": {"nano": {"pass@1": 0.5}}, "reward": None}


class Runs:
    """What stands where torch would: a run is its folder, and a seed may be made to end early."""

    def __init__(self):
        self.begun = []
        self.endings = {}

    def run_plan(self, plan, *, is_point):
        assert is_point
        seed = plan.main.seed
        self.begun.append(seed)
        with open_run(plan) as folder:
            describe_run(folder, plan, "cpu")
            (folder / "metrics.jsonl").write_text("{}\n")
            if seed in self.endings:
                raise self.endings[seed]
            (folder / "report.json").write_text(json.dumps(REPORT))
            (folder / "report.html").write_text("the page")
        return SimpleNamespace(folder=folder, objective=0.5)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    stand_in = Runs()
    monkeypatch.setitem(sys.modules, "whetstone.finetuning.pipeline", stand_in)
    monkeypatch.setattr("sys.argv", ["train.py"])
    monkeypatch.chdir(tmp_path)
    before = HydraConfig.instance().cfg
    yield stand_in
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = before


def sweep(*settings):
    """Give a sweep; return its exit code."""
    try:
        train(["-m", *settings])
    except SystemExit as left:
        return left.code
    return 0


def folders(tmp_path):
    return sorted(path.name for path in (tmp_path / "outputs").glob("nano-*"))


def test_the_other_points_run_and_the_first_failure_is_the_exit_code(runs, capsys):
    runs.endings[1] = OutsideError("The Hub cannot be reached.\nGo online.")
    assert sweep("seed=0,1,2") == 3
    assert runs.begun == [0, 1, 2]
    told = capsys.readouterr()
    assert "The Hub cannot be reached." in told.err  # when it happens
    table = told.out.rpartition("settings")[2]
    assert "2 seed=1 failed: The Hub cannot be reached. Go online." in table
    assert table.count("0.500") == 2
    assert "compare outputs/nano-nano-grpo-seed-0 outputs/nano-nano-grpo-seed-2" in table


def test_a_sweep_given_again_takes_what_is_finished_and_continues_the_rest(runs, capsys):
    runs.endings[1] = OutsideError("The Hub cannot be reached.")
    assert sweep("seed=0,1") == 3
    del runs.endings[1]
    capsys.readouterr()
    assert sweep("seed=0,1") == 0
    assert runs.begun == [0, 1, 1]
    told = capsys.readouterr().out
    name = "outputs/nano-nano-grpo-seed"
    assert f"{name}-0 is finished with these settings, and taken as it is" in told
    assert f"{name}-1 is continued" in told
    assert f"compare {name}-0 {name}-1" in told
    assert sweep("seed=0", "algo.args.beta=0.03", "run.name=nano-mine") == 0
    assert sweep("seed=0", "algo.args.beta=0.03", "run.name=nano-mine") == 0  # also by its name
    assert sweep("seed=0", "algo.args.beta=0.04", "run.name=nano-mine") == 2  # other settings
    assert runs.begun == [0, 1, 1, 0]


@pytest.mark.nightly
def test_a_sweep_is_run_anew_where_that_is_asked(runs, tmp_path):
    assert sweep("seed=0") == sweep("seed=0", "run.resume=false") == 0
    assert runs.begun == [0, 0]
    first, second = folders(tmp_path)
    assert second == f"{first}-2"


def test_ctrl_c_ends_the_sweep_at_once(runs):
    runs.endings[0] = KeyboardInterrupt()
    assert sweep("seed=0,1") == 130
    assert runs.begun == [0]

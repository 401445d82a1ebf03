import json
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from whetstone.finetuning.cli import main, train
from whetstone.finetuning.errors import ConfigError, OutsideError, Problem
from whetstone.finetuning.runtime.exit_codes import disk_named, exit_codes
from whetstone.finetuning.runtime.version import version
from whetstone.rewards.hidden_tests import RewardHackedError
from whetstone.rewards.sandbox.profile import Layer, SandboxUnavailableError

ROOT = Path(__file__).resolve().parents[1]


def test_report_writes_the_page_again(tmp_path, capsys):
    report = {
        "name": "mine",
        "status": "done",
        "algo": "grpo",
        "model": "nano",
        "seconds": {"total": 1.0},
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    (tmp_path / "metrics.jsonl").write_text(
        '{"step": 1, "reward": 0.1}\n{"step": 2, "reward": 0.4}\n'
    )
    main(["report", str(tmp_path), "--curve", str(tmp_path / "curve.svg")])
    assert (tmp_path / "report.html").is_file()
    assert "<svg" in (tmp_path / "curve.svg").read_text()
    assert "report.html" in capsys.readouterr().out


def test_a_setting_may_follow_a_flag(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["compare", "nowhere", "--each", "tracker=wandb", "tracker.wandb.mode=offline"])
    assert caught.value.code == 2
    assert "nowhere: there is no such folder" in capsys.readouterr().err


def test_help_is_for_people(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert "Trains code models" in out
    assert "imports" not in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nothing"], "usage: whetstone"),
        (["trian", "algo=sft"], "no such command: trian; did you mean `train`? there are: audit,"),
        (["zzz"], "no such command: zzz; there are: audit,"),
        (["algo=sft", "seed=1"], "for a run: whetstone train algo=sft seed=1"),
    ],
)
def test_an_unknown_command_is_told_what_there_is(arguments, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_without_a_command_there_is_help(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert "Trains code models" in told
    assert "measure a model" in told
    assert "error" not in told


def test_a_run_knows_what_was_typed(monkeypatch, tmp_path):
    plans = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["train.py"])
    monkeypatch.setattr("whetstone.finetuning.launch._check_models", lambda _: None)
    monkeypatch.setattr("whetstone.finetuning.launch.share_the_cores", lambda: None)
    monkeypatch.setattr("whetstone.finetuning.launch.take_one_gpu", lambda: None)

    def run_plan(plan, **_):
        plans.append(plan)
        return SimpleNamespace(objective=None)

    monkeypatch.setattr("whetstone.finetuning.pipeline.run_plan", run_plan)
    train(["model=me/coder", "data=nano", "backend=cpu", "hydra.job.name=x"])
    assert plans[0].typed == ("model=me/coder", "data=nano", "backend=cpu")


def test_the_version_is_that_of_the_project(capsys):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    train(["algo=sft", "--version"])
    assert capsys.readouterr().out == f"whetstone {project['version']}\n" * 2


def test_a_checkout_that_is_not_installed_has_its_version_too(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert version()[0].isdigit()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError([Problem("a=1", "is wrong")]), 2),
        (OutsideError("the Hub is down"), 3),
        (RewardHackedError("the policy learns the tests"), 3),
        (SandboxUnavailableError(Layer.SEATBELT, "the probe could write"), 3),
    ],
)
def test_errors_for_the_user_have_exit_codes(error, code, capsys):
    with pytest.raises(SystemExit) as caught, exit_codes():
        raise error
    assert caught.value.code == code
    assert str(error) in capsys.readouterr().err


@pytest.mark.parametrize(
    "write",
    [
        lambda: torch.save(torch.zeros(100_000), "/dev/full"),
        lambda: Path("/dev/full").write_text("a row"),
    ],
)
def test_a_full_disk_is_exit_code_3_and_the_folder_is_named(write, capsys, tmp_path):
    with pytest.raises(SystemExit) as caught, exit_codes(), disk_named(tmp_path):
        write()
    assert caught.value.code == 3
    told = capsys.readouterr().err
    assert "Make room" in told
    assert f"The run writes to {tmp_path}, where " in told


def test_an_interrupted_command_says_how_it_goes_on(capsys):
    with pytest.raises(SystemExit) as caught, exit_codes():
        raise KeyboardInterrupt
    assert caught.value.code == 130
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("Interrupted; the same command continues")


def test_a_bug_is_not_hidden():
    with pytest.raises(RuntimeError), exit_codes():
        raise RuntimeError("the shapes differ")
    with pytest.raises(ZeroDivisionError), exit_codes():
        raise ZeroDivisionError


def test_what_cannot_be_downloaded_is_exit_code_3(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "train.py",
            "model=qwen",
            "data=nano",
            f"run.outputs={tmp_path}",
            "tracker=none",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "hf download Qwen/Qwen2.5-Coder-1.5B" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.nightly  # finetuning/test_sweep_again.py has the sweep, without its runs
def test_a_sweep_leaves_its_runs_and_nothing_else(tmp_path, cache):
    command = [sys.executable, str(ROOT / "train.py"), "-m", "algo.args.beta=0.02,0.03"]
    settings = ["debug=true", "hooks.evaluate.tasks=[]", "data.watch_task=null", "tracker=none"]
    done = subprocess.run(
        [*command, *settings, f"run.cache={cache}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, "a library's chatter"
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]
    runs = [path.parent.name for path in (tmp_path / "outputs").glob("*/report.html")]
    assert len(runs) == 2
    for name, beta in zip(sorted(runs), ("0.02", "0.03"), strict=True):
        assert name.startswith("nano-nano-grpo-debug-")
        assert f"beta-{beta}" in name
    points = [line for line in done.stdout.splitlines() if line.startswith(("1/2 ", "2/2 "))]
    assert points == ["1/2 algo.args.beta=0.02", "2/2 algo.args.beta=0.03"]
    folders = [f"outputs/{name}" for name in sorted(runs)]
    assert done.stdout.rstrip().endswith(f"whetstone compare {' '.join(folders)}")
    assert done.stdout.count("Next:") == 1

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from finetuning.cli import main
from finetuning.errors import ConfigError, OutsideError, Problem
from finetuning.exits import exit_codes
from rewards.hidden import RewardHackedError

ROOT = Path(__file__).resolve().parents[1]


def test_nano_shows_problems_and_checks_them(capsys):
    main(["nano", "--count", "2"])
    out = capsys.readouterr().out
    assert out.count("Write a function f(") == 2
    assert "every reference passes" in out


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


@pytest.mark.parametrize("arguments", [[], ["evluate"], ["--nothing"]])
def test_an_unknown_command_is_told_what_there_is(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: whetstone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError([Problem("a=1", "is wrong")]), 2),
        (OutsideError("the Hub is down"), 3),
        (RewardHackedError("the policy learns the tests"), 3),
    ],
)
def test_errors_for_the_user_have_exit_codes(error, code, capsys):
    with pytest.raises(SystemExit) as caught, exit_codes():
        raise error
    assert caught.value.code == code
    assert str(error) in capsys.readouterr().err


def test_a_disk_that_is_full_during_a_checkpoint_is_exit_code_3(capsys):
    with pytest.raises(SystemExit) as caught, exit_codes():
        torch.save(torch.zeros(100_000), "/dev/full")
    assert caught.value.code == 3
    assert "Make room" in capsys.readouterr().err


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


def test_a_sweep_leaves_its_runs_and_nothing_else(tmp_path):
    command = [sys.executable, str(ROOT / "train.py"), "-m", "seed=0,1", "debug=true"]
    done = subprocess.run(
        [*command, "tracker=none"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]
    runs = [path.parent.name for path in (tmp_path / "outputs").glob("*/report.html")]
    assert len(runs) == 2
    assert "nano-nano-grpo-debug" in runs

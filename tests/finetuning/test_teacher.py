"""Whole runs with a teacher: asked after the tests, within a budget, and continued."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from datasets import load_dataset

from whetstone.finetuning.artifacts.metrics import read_metrics
from whetstone.finetuning.artifacts.run_name import run_name
from whetstone.finetuning.cli import main
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.pipeline import run_plan
from whetstone.finetuning.runtime.exit_codes import exit_codes
from whetstone.rewards.base import RunStopped

_PATH = Path(__file__).parents[1] / "rewards" / "teacher" / "loopback.py"
_SPEC = importlib.util.spec_from_file_location("loopback", _PATH)
loopback = sys.modules.setdefault("loopback", importlib.util.module_from_spec(_SPEC))
if not hasattr(loopback, "Loopback"):
    _SPEC.loader.exec_module(loopback)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("TEACHER_TEST_KEY", loopback.KEY)
    with loopback.Loopback() as running:
        yield running


def settings(server, tmp_path):
    """Overrides of a run that is not measured: these tests are about its reward."""
    return [
        "debug=true",
        "hooks.evaluate.tasks=[]",
        "data.watch_task=null",
        "run.name=taught",
        "reward.teacher.model=teacher-small",
        f"reward.teacher.base_url={server.url}/v1",
        "reward.teacher.api_key_env=TEACHER_TEST_KEY",
        f"reward.teacher.cache={tmp_path / 'answers.sqlite'}",
    ]


def test_a_run_with_a_teacher_leaves_scores_costs_and_a_data_set(train, server, tmp_path):
    folder, report, screen = train(*settings(server, tmp_path), "reward=teacher")
    told = " ".join(screen.split())
    assert "teacher teacher-small: at most" in told
    assert "cost unknown" in told
    calls = report["teacher"]["calls"]
    assert calls == server.stats()["paid"] > 0
    assert report["teacher"]["dollars"] is None
    assert f"{calls} calls, cost unknown" in screen
    assert f"{calls} calls, cost unknown" in (folder / "report.html").read_text()
    rows = [row for row in read_metrics(folder / "metrics.jsonl") if "teacher/score" in row]
    assert len(rows) == 3
    assert rows[-1]["teacher/total_calls"] == calls
    data = load_dataset(str(folder / "datasets"), cache_dir=str(tmp_path / "hub"))
    assert sum(map(len, data.values())) == 24
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    key = loopback.KEY.encode()
    assert [path for path in files if key in path.read_bytes()] == []


def test_the_teacher_is_not_asked_about_programs_that_fail(train, server, tmp_path):
    # A barely trained model passes nothing: every program is settled by its tests.
    folder, report, _ = train(
        *settings(server, tmp_path),
        "reward=[teacher,execution]",
        "reward.teacher.when=execution.passed",
    )
    rows = [row for row in read_metrics(folder / "metrics.jsonl") if "teacher/asked" in row]
    passes = sum(row["execution/pass_rate"] for row in rows)
    assert sum(row["teacher/asked"] for row in rows) == pytest.approx(passes)
    assert report["teacher"]["calls"] == server.stats()["paid"]


def test_a_run_that_used_up_its_budget_is_saved_and_goes_on(train, server, tmp_path):
    given = [*settings(server, tmp_path), "reward=teacher", "reward.teacher.reward=score"]
    given += ["algo.args.save_steps=100"]
    with pytest.raises(RunStopped, match="budget is used up: 10 calls of 10"):
        train(*given, "reward.teacher.budget.calls=10")
    folder = tmp_path / "outputs" / "taught"
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["checkpoint-1"]
    again, report, screen = train(*given, "reward.teacher.budget.calls=1000")
    assert again == folder
    assert "continuing from" in screen
    stats = server.stats()
    assert stats["twice"] == 0
    assert report["teacher"]["calls"] == stats["paid"]
    rows = [json.loads(line) for line in (folder / "datasets/train.jsonl").open()]
    assert len({row["id"] for row in rows}) == len(rows)


def test_budget_pace_and_prices_do_not_make_another_run(server, tmp_path):
    def name(*changes):
        given = [text for text in settings(server, tmp_path) if "run.name" not in text]
        return run_name(load([*given, "reward=teacher", *changes]))

    plain = name()
    for change in ("budget.calls=5", "limits.concurrency=3", "probe=false"):
        assert name(f"reward.teacher.{change}") == plain
    assert name("reward.teacher.reward=rank") != plain


def test_everything_wrong_with_a_teacher_is_said_at_once(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError) as caught:
        load(["reward=teacher", "reward.teacher.when=execution.passed", "algo.args.beta=-1"])
    text = str(caught.value)
    assert "reward.teacher.model: must be given" in text
    assert "algo.args.beta=-1" in text
    with pytest.raises(ConfigError) as caught:
        load(["reward=teacher", "reward.teacher.model=m", "reward.teacher.when=execution.passed"])
    text = str(caught.value)
    assert "reward.teacher.api_key_env=OPENAI_API_KEY: the environment has no such" in text
    assert "reward=[execution,teacher]" in text


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"api_key_env": "NOT_THERE"}, 2, "reward.teacher.api_key_env=NOT_THERE"),
        ({"api_key_env": "WRONG_KEY"}, 2, "api_key_env=WRONG_KEY: denied"),
        ({"model": "teacher-smal"}, 2, "model=teacher-smal"),
        ({"base_url": "127.0.0.1"}, 2, "reward.teacher.base_url=127.0.0.1"),
        ({"base_url": "http://nobody.invalid/v1"}, 3, "base_url=http://nobody.invalid/v1"),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_one_message_before_anything_is_loaded_or_written(
    server, tmp_path, monkeypatch, capsys, provider, changes, code, told
):
    monkeypatch.setenv("WRONG_KEY", "sk-wrong")
    url = server.url + ("/v1" if provider == "openai" else "")
    right = {"model": "teacher-small", "base_url": url, "api_key_env": "TEACHER_TEST_KEY"}
    given = {**right, "provider": provider, "cache": tmp_path / "answers.sqlite", **changes}
    settings = [f"reward.teacher.{name}={value}" for name, value in given.items()]
    outputs = [f"run.outputs={tmp_path / 'outputs'}", f"run.cache={tmp_path / 'cache'}"]
    with pytest.raises(SystemExit) as left, exit_codes():
        run_plan(load(["experiment=rfai", "model=nano", *settings, *outputs]))
    assert left.value.code == code
    message = capsys.readouterr().err
    assert message.count(told) == 1
    assert "Traceback" not in message
    assert "sk-wrong" not in message
    assert not (tmp_path / "outputs").exists()


def test_a_wrong_model_is_refused_before_anything_is_written(train, server, tmp_path):
    wrong = "reward.teacher.model=teacher-smal"
    given = [text for text in settings(server, tmp_path) if "model=" not in text]
    with pytest.raises(ConfigError, match=r"reward\.teacher: model=teacher-smal.*teacher-small"):
        train(*given, "reward=teacher", wrong)
    assert not (tmp_path / "outputs").exists()


def test_two_models_are_compared_by_a_teacher_that_waits_for_the_tests(
    server, tmp_path, qwen_folder, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    rows = [{"prompt": f"def f{n}():\n", "tests": f"assert f{n}() == 1"} for n in range(8)]
    (tmp_path / "eval.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    main(
        [
            "validate",
            f"base={qwen_folder}",
            f"tuned={qwen_folder}",
            "prompts=eval.jsonl",
            "hooks.evaluate.samples=2",
            "hooks.evaluate.max_new_tokens=8",
            "reward=[teacher,execution]",
            "reward.teacher.when=execution.passed",
            *settings(server, tmp_path)[-5:],
        ]
    )
    assert "tuned is judged, 24 answers" in capsys.readouterr().out
    assert server.stats()["paid"] == 0  # eight tokens pass no test

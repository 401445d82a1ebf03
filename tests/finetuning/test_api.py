"""The functions for scripts and notebooks: real runs of a tiny model."""

import json

import pytest

import whetstone
from whetstone.finetuning.api import _setting
from whetstone.finetuning.config.overrides import parse_override, plain
from whetstone.finetuning.errors import ConfigError

ENVIRONMENT = ("CUDA_VISIBLE_DEVICES", "GOMP_SPINCOUNT", "PYTORCH_ENABLE_MPS_FALLBACK")


@pytest.fixture(autouse=True)
def _environment_is_put_back(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "")


def test_a_run_and_a_measure_of_its_model_from_a_script(tmp_path, cache, capsys):
    result = whetstone.train(
        f"run.outputs={tmp_path}",
        f"run.cache={cache}",
        "hooks.evaluate.before=false",
        "data.watch_task=null",
        algo="grpo",
        model="nano",
        debug=True,
        seed=0,
        tracker="none",
    )
    assert "The configuration is right." in capsys.readouterr().out
    assert result.report == json.loads((result.folder / "report.json").read_text())
    assert 0 <= result.after["nano"]["pass@1"] <= 1
    assert result.objective == result.after["nano"]["pass@1"]
    assert set(result.reward) == {"first", "last"}
    assert (result.model_folder / "config.json").is_file()

    rows = tmp_path / "mine.jsonl"
    rows.write_text('{"prompt": "def f():", "tests": "assert f() == 1"}\n')
    measured = whetstone.evaluate(
        model=result.model_folder,
        tasks=[str(rows)],
        samples=2,
        k=[1],
        max_new_tokens=8,
        workers=1,
        resamples=50,
        outputs=tmp_path,
    )
    low, high = measured.intervals["mine"]["pass@1"]
    assert low <= measured.metrics["mine"]["pass@1"] <= high
    assert measured.folder.is_relative_to(tmp_path)


def test_mistakes_are_raised_all_at_once():
    with pytest.raises(ConfigError) as caught:
        whetstone.train("algo=grop", model="nanoo")
    assert [problem.setting for problem in caught.value.problems] == ["algo=grop", "model=nanoo"]
    with pytest.raises(ConfigError, match="no such task"):
        whetstone.evaluate(model="nano", tasks=["mbbp"])


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 1e-6, "a b", "it's, [x]", "a=b", ["x", 1, None], {"a": [0.5, "b"]}, "\\"],
)
def test_a_value_is_read_back_as_it_was_given(value):
    override, _ = parse_override(_setting("data.x", value), takes_path=lambda _: False)
    assert plain(override.value()) == value

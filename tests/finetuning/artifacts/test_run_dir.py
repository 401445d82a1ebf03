import json
import re
from contextlib import contextmanager
from dataclasses import replace

import pytest

from whetstone.finetuning.artifacts.run_dir import check_place, describe, describe_run, open_run
from whetstone.finetuning.artifacts.run_name import run_name
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError, Problem


def plan_in(tmp_path, *overrides):
    return load([f"run.outputs={tmp_path}", *overrides])


@contextmanager
def begun(plan):
    with open_run(plan) as folder:
        describe(folder, plan.main, "cpu")
        yield folder


def finish(folder):
    (folder / "report.json").write_text(json.dumps({"status": "done"}))
    (folder / "report.html").write_text("")


def test_the_name_tells_model_data_and_algorithm(tmp_path):
    assert run_name(plan_in(tmp_path)) == "nano-nano-grpo"
    assert run_name(plan_in(tmp_path, "debug=true")) == "nano-nano-grpo-debug"
    assert run_name(plan_in(tmp_path, "run.name=mine")) == "mine"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["seed=1", "algo.args.beta=0.1"], "-beta-0.1-seed-1"),
        (["algo.args.beta=0.1", "seed=1"], "-beta-0.1-seed-1"),
        (["seed=0"], ""),  # which it is anyway
        (["reward=random", "seed=2"], "-reward-random-seed-2"),
        (["reward=[execution,random]"], "-reward-execution+random"),
        (["experiment=control_random_reward"], "-control_random_reward"),
    ],
)
def test_what_the_user_changed_is_told_in_the_name(typed, told, tmp_path):
    assert run_name(plan_in(tmp_path, *typed)) == f"nano-nano-grpo{told}"


@pytest.mark.parametrize(
    ("typed", "varied", "told"),
    [
        (["seed=0"], ["seed"], "-seed-0"),
        (["seed=0", "algo.args.beta=0.1"], ["seed"], "-beta-0.1-seed-0"),
        (["algo.args.beta=0.1", "algo=rloo"], ["algo", "algo.args.beta"], "-beta-0.1"),
    ],
)
def test_a_point_of_a_sweep_tells_what_is_varied(typed, varied, told, tmp_path):
    plan = replace(plan_in(tmp_path, *typed), varied=tuple(varied))
    assert run_name(plan).removeprefix("nano-nano-grpo").removeprefix("nano-nano-rloo") == told


def test_seeds_of_one_configuration_share_the_hash_of_the_rest(tmp_path):
    rest = [f"hooks.epoch_means=[{'reward,' * 20}loss]"]
    one, two = (run_name(plan_in(tmp_path, f"seed={seed}", *rest)) for seed in (1, 2))
    assert (
        one.removesuffix("-seed-1")
        == two.removesuffix("-seed-2")
        == run_name(plan_in(tmp_path, *rest))
    )
    swept = replace(
        plan_in(tmp_path, "seed=0", "algo.args.beta=0.1", *rest), varied=("algo.args.beta",)
    )
    assert re.fullmatch(r"nano-nano-grpo-[0-9a-f]{6}-beta-0.1", run_name(swept))


def test_what_makes_no_name_is_told_by_a_hash(tmp_path):
    one, other = (
        run_name(plan_in(tmp_path, f"hooks.epoch_means={means}"))
        for means in ("[reward/execution]", "[reward/other]")
    )
    assert re.fullmatch(r"nano-nano-grpo-[0-9a-f]{6}", one)
    assert one != other


def test_where_it_is_written_does_not_change_the_name(tmp_path):
    assert run_name(plan_in(tmp_path / "a", "tracker=none")) == "nano-nano-grpo"


def test_an_unfinished_run_is_continued(tmp_path):
    with begun(plan_in(tmp_path)) as first:
        pass
    with begun(plan_in(tmp_path)) as second:
        assert second == first


def test_a_finished_run_is_never_touched_again(tmp_path):
    with begun(plan_in(tmp_path)) as first:
        finish(first)
    with begun(plan_in(tmp_path)) as second:
        assert second.name == f"{first.name}-2"


def test_a_name_of_the_user_is_refused_when_in_use(tmp_path):
    with begun(plan_in(tmp_path, "run.name=mine")) as folder:
        finish(folder)
    with pytest.raises(ConfigError, match="finished"), begun(plan_in(tmp_path, "run.name=mine")):
        pass


def test_another_configuration_does_not_get_into_an_unfinished_run(tmp_path):
    with begun(plan_in(tmp_path, "run.name=mine", "seed=1")) as folder:
        (folder / "metrics.jsonl").write_text('{"step": 1}\n')
    with (
        pytest.raises(ConfigError, match="seed"),
        open_run(plan_in(tmp_path, "run.name=mine", "seed=2")),
    ):
        pass


def test_resume_false_starts_beside(tmp_path):
    with begun(plan_in(tmp_path)) as first:
        pass
    with begun(plan_in(tmp_path, "run.resume=false")) as second:
        assert second != first


def test_two_processes_do_not_share_a_folder(tmp_path):
    with (
        begun(plan_in(tmp_path)),
        pytest.raises(ConfigError, match="another process"),
        begun(plan_in(tmp_path)),
    ):
        pass


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    with (
        pytest.raises(ConfigError, match="no run of ours"),
        open_run(plan_in(tmp_path, "run.name=mine")),
    ):
        pass


def test_outputs_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"run\.outputs"), begun(plan_in(tmp_path / "file")):
        pass


def test_the_manifest_says_what_ran(tmp_path):
    with begun(plan_in(tmp_path, "seed=3")) as folder:
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["seed"] == 3
        assert manifest["packages"]["trl"].startswith("1.")
        assert (folder / "config.yaml").read_text().startswith("seed: 3\n")


def test_a_kill_before_the_page_was_written_is_no_finished_run(tmp_path):
    with begun(plan_in(tmp_path)) as first:
        finish(first)
        (first / "report.html").unlink()
    with begun(plan_in(tmp_path)) as second:
        assert second == first


def test_a_refused_run_leaves_nothing(tmp_path):
    with (
        pytest.raises(ConfigError, match="wrong"),
        begun(plan_in(tmp_path, "run.name=mine", "seed=1")),
    ):
        raise ConfigError([Problem("seed=1", "is wrong")])
    assert [path.name for path in tmp_path.iterdir()] == []
    with begun(plan_in(tmp_path, "run.name=mine", "seed=2")) as folder:
        assert "seed: 2" in (folder / "config.yaml").read_text()


def test_what_was_trained_outlives_a_refusal(tmp_path):
    weights = tmp_path / "mine" / "checkpoints" / "weights"

    def learn_and_be_refused():
        with begun(plan_in(tmp_path, "run.name=mine")):
            weights.parent.mkdir()
            weights.write_text("learned")
            raise ConfigError([Problem("model.path=x", "has gone")])

    with pytest.raises(ConfigError):
        learn_and_be_refused()
    assert weights.is_file()


def test_a_run_that_was_killed_before_it_did_anything_gives_up_its_name(tmp_path):
    with begun(plan_in(tmp_path, "run.name=mine", "seed=1")) as folder:
        (folder / "stages" / "base").mkdir(parents=True)
        (folder / "stages" / "base" / "config.yaml").write_text("seed: 1")
        (folder / "metrics.jsonl").write_text("")
        (folder / "tensorboard").mkdir()
        (folder / "tensorboard" / "events").write_text("header")
    with begun(plan_in(tmp_path, "run.name=mine", "seed=2")) as folder:
        assert "seed: 2" in (folder / "config.yaml").read_text()
        assert json.loads((folder / "manifest.json").read_text())["seed"] == 2
        assert not (folder / "stages").exists()


def test_an_unfinished_run_of_the_same_configuration_keeps_its_manifest(tmp_path):
    with begun(plan_in(tmp_path, "run.name=mine")) as folder:
        first = (folder / "manifest.json").read_text()
    with begun(plan_in(tmp_path, "run.name=mine")) as folder:
        assert (folder / "manifest.json").read_text() == first


def test_a_run_goes_on_with_the_rows_that_it_began_with(tmp_path):
    rows, problems = tmp_path / "rows.jsonl", tmp_path / "eval.jsonl"
    row = json.dumps({"prompt": "p", "completion": "c"}) + "\n"
    test = json.dumps({"prompt": "p", "tests": "assert f() == 1"}) + "\n"
    rows.write_text(row)
    problems.write_text(test)
    mine = ["model=qwen", "algo=sft", "data=jsonl", f"data.train={rows}", "run.name=mine"]
    plan = plan_in(tmp_path, *mine, f"data.eval_tasks=[{problems}]")

    def begin():
        with open_run(plan) as folder:
            describe_run(folder, plan, "cpu")
            return folder

    folder = begin()
    rows.write_text(row * 2)
    assert begin() == folder  # nothing was learned from the others
    (folder / "metrics.jsonl").write_text('{"step": 1}\n')
    assert begin() == folder
    rows.write_text(row)
    with pytest.raises(ConfigError, match=r"run\.resume=false") as caught:
        begin()
    assert [problem.setting for problem in caught.value.problems] == [f"data.train={rows}"]
    rows.write_text(row * 2)
    problems.write_text(test * 2)
    with pytest.raises(ConfigError, match=r"hooks\.evaluate\.tasks=.*eval\.jsonl: changed"):
        check_place(plan)
    problems.write_text(test)
    assert begin() == folder

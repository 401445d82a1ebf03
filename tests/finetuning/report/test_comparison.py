"""Which run is better: grouping, names, the sentence, the page and the W&B report."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from whetstone.finetuning.cli import main
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.report.comparison.figures import curves_figure
from whetstone.finetuning.report.comparison.groups import find_groups
from whetstone.finetuning.report.comparison.page import as_values, compare, render_comparison
from whetstone.finetuning.report.comparison.wandb_report import SPEC, publish
from whetstone.finetuning.report.curves import WIDE


def labels(folders, **options):
    return [group.label for group in find_groups(folders, each=False, **options)[0]]


def test_the_better_run_is_named_with_its_lead(make_run):
    found = compare([make_run("A", after=0.6), make_run("B", after=0.8, beta=0.1)], each=False)
    values = as_values(found)
    lead = values["scores"][0]["groups"]["B"]["lead"]
    assert 0.15 < lead["low"] < lead["mean"] < lead["high"] < 0.25
    assert values["headline"] == (
        f"B solves {100 * lead['mean']:.1f} points more than A on mine "
        f"(95 % interval {100 * lead['low']:.1f} to {100 * lead['high']:.1f})."
    )
    assert values["best"] == "B"
    assert values["settings"] == {"algo.args.beta": ("0.0", "0.1")}
    assert any("One seed" in caveat for caveat in values["caveats"])


def test_a_difference_within_luck_is_not_called_one(make_run):
    found = compare([make_run("A"), make_run("B", after=0.801, beta=0.1)], each=False)
    assert "cannot be told apart" in found.verdict.headline
    assert "includes zero" in found.verdict.headline
    assert found.verdict.best is None


def test_seeds_of_one_configuration_are_one_group(make_run, outputs):
    for seed in (0, 1, 2):
        make_run(f"a{seed}", seed=seed)
        make_run(f"b{seed}", seed=seed, beta=0.1, after=0.5)
    groups, _ = find_groups([outputs], each=False)
    assert [[member.seed for member in group.members] for group in groups] == [["0", "1", "2"]] * 2
    assert labels([outputs]) == ["a0 + a1 + a2", "b0 + b1 + b2"]
    assert len(find_groups([outputs], each=True)[0]) == 6
    assert not any(
        "One seed" in caveat for caveat in compare([outputs], each=False).verdict.caveats
    )


def test_a_seed_that_was_run_twice_is_not_pooled(make_run, outputs):
    for name, seed in (("a0", 0), ("a1", 1), ("again", 0)):
        make_run(name, seed=seed)
    found = compare([outputs], each=False)
    assert [[m.name for m in group.members] for group in found.groups] == [["a0", "a1"], ["again"]]
    (told,) = (caveat for caveat in found.verdict.caveats if "once more" in caveat)
    assert told.startswith("again is seed 0 of the configuration of a0")
    assert "One seed" in " ".join(found.verdict.caveats)
    assert "differ in nothing but the seed" not in " ".join(found.verdict.caveats)
    # Two seeds by themselves repeat nothing.
    other = compare([outputs / "a0", outputs / "a1"], each=True)
    assert not any("once more" in caveat for caveat in other.verdict.caveats)


def test_seeds_that_did_not_clearly_gain_are_said_to(make_run, outputs):
    for seed in (0, 1):
        make_run(f"a{seed}", seed=seed, before=0.4, after=0.405)
    headline = compare([outputs], each=False).verdict.headline
    assert headline.startswith("2 runs of one configuration show no clear change on mine")
    assert "gain " not in headline


def test_a_check_of_the_path_stands_above_the_comparison(make_run, outputs, capsys):
    folders = [make_run("A"), make_run("B", after=0.4, debug=True)]
    main(["compare", *map(str, folders), "--out", str(outputs / "page")])
    assert capsys.readouterr().out.startswith("B: a check of the path (debug=true)")
    page = (outputs / "page" / "comparison.html").read_text()
    assert '<p class="banner">B: a check of the path' in page


def test_runs_without_names_are_called_by_what_tells_them_apart(make_run, outputs):
    for beta in (0.0, 0.02):
        for seed in (0, 1):
            make_run(f"nano-{beta}-{seed}", seed=seed, beta=beta, named=False)
    assert labels([outputs]) == ["beta=0.0", "beta=0.02"]


def test_a_sweep_is_called_by_its_folder(make_run, outputs, tmp_path):
    for seed in (0, 1):
        make_run(f"x{seed}", seed=seed)
    shutil.move(outputs, tmp_path / "long")
    make_run("other", beta=0.3)
    assert labels([tmp_path / "long", outputs / "other"]) == ["long", "other"]


def test_two_runs_of_one_name_are_told_apart_by_their_paths(make_run, outputs, tmp_path):
    make_run("same", beta=0.1)
    shutil.move(outputs, tmp_path / "elsewhere")
    make_run("same")
    folders = [tmp_path / "elsewhere" / "same", outputs / "same"]
    assert labels(folders) == [str(folder) for folder in folders]


def test_everything_wrong_is_said_at_once(make_run, outputs, tmp_path):
    make_run("unfinished", status=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError) as caught:
        find_groups([outputs / "unfinished", tmp_path / "empty", tmp_path / "nowhere"], each=False)
    message = str(caught.value)
    assert "3 settings are wrong" in message
    for text in ("no run that has ended", "is no run and holds none", "no such folder"):
        assert text in message
    with pytest.raises(ConfigError, match="give another"):
        find_groups([make_run("only")], each=False)


def test_an_unfinished_run_of_a_sweep_is_left_out_aloud(make_run, outputs):
    make_run("a")
    make_run("b", beta=0.1)
    make_run("c", beta=0.2, status=False)
    assert compare([outputs], each=False).left_out == ("c has not ended",)
    assert "c has not ended" in render_comparison(compare([outputs], each=False))


def test_other_sampling_is_told(make_run):
    found = compare([make_run("A"), make_run("B", beta=0.1, samples=8)], each=False)
    assert "mine was not sampled alike: samples was 4 and 8." in found.verdict.caveats


def test_three_groups_have_a_first_and_a_second(make_run):
    rates = {"A": 0.4, "B": 0.9, "C": 0.6}
    runs = [make_run(name, after=rate, beta=rate) for name, rate in rates.items()]
    found = compare(runs, each=False)
    assert found.verdict.headline.startswith("B solves most on mine: ")
    assert "more than C, which comes second" in found.verdict.headline
    assert found.verdict.best == 1


def test_a_tie_at_the_top_has_no_best(make_run):
    rates = {"A": 0.4, "B": 0.801, "C": 0.8}
    found = compare([make_run(n, after=r, beta=r) for n, r in rates.items()], each=False)
    assert found.verdict.headline.startswith("The two best, ")
    assert found.verdict.best is None


def test_seeds_of_one_configuration_alone_tell_what_training_gained(make_run, outputs):
    for seed in (0, 1):
        make_run(f"a{seed}", seed=seed)
    verdict = compare([outputs], each=False).verdict
    assert verdict.headline.startswith("2 runs of one configuration gain ")
    assert "by training (95 % interval 5" in verdict.headline
    assert verdict.best is None


def test_what_a_teacher_cost_is_told(make_run):
    runs = [make_run("A"), make_run("B", beta=0.1)]
    rows = [{"step": step, "teacher/total_dollars": step / 100} for step in (40, 41)]
    with (runs[1] / "metrics.jsonl").open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    found = compare(runs, each=False)
    assert [group["dollars"] for group in as_values(found)["groups"]] == [None, 0.41]
    assert "$0.41" in render_comparison(found)


def test_without_a_common_task_nothing_is_called_better(make_run):
    runs = [make_run("A"), make_run("B", beta=0.1)]
    shutil.rmtree(runs[1] / "eval")
    found = compare(runs, each=False)
    assert found.verdict.headline.startswith("No task was measured in all of them")
    render_comparison(found)


def test_the_command_writes_page_and_figures(make_run, outputs, capsys):
    make_run("A", after=0.6)
    make_run("B<script>", beta=0.1)
    main(["compare", str(outputs / "A"), str(outputs / "B<script>")])
    page, figures = map(outputs.joinpath, ["compare-A-vs-B-script"] * 2)
    assert "solves" in capsys.readouterr().out
    text = (page / "comparison.html").read_text()
    assert "<script" not in text
    assert "B&lt;script&gt; solves" in text
    assert json.loads((figures / "comparison.json").read_text())["best"] == "B<script>"


def test_all_panels_of_a_comparison_have_one_x_axis(make_run):
    runs = [make_run("A"), make_run("B", beta=0.1)]  # looks from step 0, rewards from step 1
    figure = curves_figure(find_groups(runs, each=False)[0], WIDE)
    assert len(figure.axes) == 2
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


def test_mistakes_of_the_command_line_are_exit_code_2(make_run, outputs, capsys):
    make_run("A")
    with pytest.raises(SystemExit) as caught:
        main(["compare", str(outputs / "A"), "seed=1"])
    assert caught.value.code == 2
    assert "tracker=wandb" in capsys.readouterr().err


@pytest.mark.parametrize("entity", [None, "somebody"])
def test_the_wandb_report_is_written_where_there_is_no_network(entity, make_run, tmp_path):
    found = compare([make_run("A", after=0.5), make_run("B", seed=1, beta=0.1)], each=False)
    said = publish(found, tmp_path, "project", entity, online=False)
    assert "not published" in said
    spec = json.loads((tmp_path / SPEC).read_text())
    text = json.dumps(spec)
    assert found.verdict.headline in text
    assert "train/eval/mine/pass@1" in text
    grid = next(block for block in spec["spec"]["blocks"] if block["type"] == "panel-grid")
    values = [runs["filters"]["filters"][0]["value"] for runs in grid["metadata"]["runSets"]]
    assert values == [["A-id0"], ["B-id1"]]


@pytest.mark.slow  # W&B's client tries for half a minute
def test_a_wandb_that_does_not_answer_costs_the_report_and_not_the_page(make_run, outputs):
    make_run("A")
    make_run("B", beta=0.1)
    code = "from whetstone.finetuning.cli import main; import sys; main(sys.argv[1:])"
    places = [str(outputs / "A"), str(outputs / "B"), "--out", str(outputs / "page")]
    nowhere = {"WANDB_BASE_URL": "http://127.0.0.1:9", "WANDB_API_KEY": "a" * 40}
    done = subprocess.run(
        [sys.executable, "-c", code, "compare", *places, "--wandb"],
        env={**os.environ, **nowhere},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert (outputs / "page" / "comparison.html").is_file()
    assert (outputs / "page" / SPEC).is_file()

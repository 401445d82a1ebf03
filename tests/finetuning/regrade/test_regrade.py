"""`whetstone regrade`: the same judge changes nothing, another is told, a kill loses nothing."""

import json
import multiprocessing
import signal
import sys
from pathlib import Path

import pandas as pd
import pytest

from whetstone.finetuning.cli import main

ADD, DOUBLE = "Write add(a, b).\n", "Write double(x).\n"
NAMED = "data.train=rows.jsonl"


def regrade(run, *settings):
    """Give the command; return the figures of its newest page."""
    main(["regrade", f"run={run}", *settings])
    [*_, newest] = sorted(
        Path(run).glob("regrade/*/regrade.json"), key=lambda path: path.stat().st_mtime_ns
    )
    return json.loads(newest.read_text())


def rewrite(*rows):
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def row(prompt, tests):
    return {"prompt": prompt, "tests": tests}


def measures(found):
    return {one["name"]: (one["before"], one["after"]) for one in found["measures"]}


def by_prompt(found):
    return {one["prompt"]: one for one in found["prompts"]}


def test_the_same_judge_changes_nothing_to_the_last_digit(train, capsys, qwen_folder):
    """Of a run that was trained here, with a group of signal and a reward that draws by step."""
    run, report, _ = train(
        *(f"model={qwen_folder}", "data=nano", "reward=[execution,random]", "algo=grpo"),
        *("data.train_problems=16", "reward.random.weight=0.3"),
        *("algo.args.max_steps=3", "algo.args.num_generations=4"),
        *("algo.args.per_device_train_batch_size=8", "algo.args.gradient_accumulation_steps=1"),
        *("algo.args.max_completion_length=8", "algo.args.save_steps=3", "tracker=none"),
        *("hooks.evaluate.before=false", "hooks.evaluate.after=false", "hooks.watch.every_steps=0"),
        "backend=cpu",
    )
    assert report["status"] == "done"
    found = regrade(run)
    assert "Nothing changes: each of the 24 completions" in capsys.readouterr().out
    stored = pd.concat(pd.read_parquet(path) for path in sorted(run.glob("completions/*")))
    assert stored["random"].nunique() == 2
    assert stored["advantage"].abs().max() > 0.5
    assert (found["completions"], found["changed"], found["settings"]) == (24, 0, {})
    for before, after in measures(found).values():
        assert before == after
    assert found["advantages"]["mean_change"] == 0.0
    assert found["advantages"]["alignment"] == pytest.approx(1.0)
    assert found["pairs"] == {"kept": 36, "turned": 0, "parted": 0, "joined": 0}
    assert found["lessons"] == {"the same": found["lessons"]["the same"]}
    kept = [json.loads(line) for line in next(run.glob("regrade/*/scores.jsonl")).open()][1:]
    assert [score["rewards"]["random"] for score in kept] == stored["random"].tolist()


@pytest.mark.parametrize("algo", ["grpo", "rloo"])
def test_conversations_are_found_again(algo, train, capsys, qwen_folder, tmp_path, monkeypatch):
    """Arrow gives a message the fields of all; RLOO's advantages hold a KL that nobody stored."""
    monkeypatch.chdir(tmp_path)
    asked = {"role": "user", "content": "Write add(a, b).", "name": "me"}
    rules = {"role": "system", "content": "Be brief."}
    tests = "assert add(1, 2) == 3"
    rewrite(row([rules, asked], tests), row([{"role": "user", "content": "Write f()."}], tests))
    run, _, _ = train(
        *(f"model={qwen_folder}", "data=jsonl", NAMED, "reward=random", f"algo={algo}"),
        *("algo.args.max_steps=1", "algo.args.num_generations=4", "algo.args.save_steps=1"),
        *("algo.args.per_device_train_batch_size=8", "algo.args.gradient_accumulation_steps=1"),
        *("algo.args.max_completion_length=8", "tracker=none", "backend=cpu"),
        *("hooks.evaluate.tasks=[]", "hooks.watch.every_steps=0"),
    )
    found = regrade(run)
    assert "Nothing changes: each of the 8 completions" in capsys.readouterr().out
    assert found["advantages"]["mean_change"] == 0.0
    assert len(found["prompts"]) == 2
    assert "[system]" in max(one["prompt"] for one in found["prompts"])


def test_partial_credit_tells_apart_what_was_equal(known, capsys):
    found = regrade(known, "reward.execution.partial_credit=true")
    assert "2 of 16 completions are worth something else: the same ones pass" in (
        capsys.readouterr().out
    )
    # Two thirds of add's tests hold for a * b, none for 7; each is in both generations.
    assert measures(found)["pass rate"] == (0.625, 0.625)
    assert (found["gained"], found["lost"], found["changed"]) == (0, 0, 2)
    assert found["pairs"] == {"kept": 22, "turned": 0, "parted": 2, "joined": 0}
    assert found["lessons"] == {"something else": 1, "the same": 1}
    assert by_prompt(found)[ADD]["lesson"] == "something else"
    assert found["settings"] == {"reward.execution.partial_credit": ["False", "True"]}


def test_better_tests_find_what_passed_wrongly(known, capsys):
    rewrite(row(ADD, "assert add(1, 2) == 3"), row(DOUBLE, "assert double(2) == 4"))
    found = regrade(known, NAMED)
    assert "the pass rate is 37.5 % instead of 62.5 %" in capsys.readouterr().out
    assert (found["gained"], found["lost"]) == (0, 4)
    double = by_prompt(found)[DOUBLE]
    assert (double["passed_before"], double["passed_after"]) == (1.0, 0.5)
    assert double["lesson"] == "something, where it taught nothing"
    assert found["with_signal"] == [2, 4]
    assert found["pairs"]["parted"] == 8  # two right ones and two wrong ones, twice
    assert found["advantages"]["mean_change"] > 0.3
    assert found["settings"] == {"data": ["as the run read them", "as they are now"]}
    [shown] = [one for one in found["examples"] if one["prompt"] == DOUBLE]
    best, worst = shown["samples"]
    assert (best["completion"], best["before"], best["after"]) == (
        "def double(x):\n    return 2 * x\n",
        1.0,
        1.0,
    )
    assert (worst["after"], worst["advantage_before"]) == (0.0, 0.0)
    assert best["advantage_after"] > 0 > worst["advantage_after"]


def test_another_weight_changes_scores_and_not_what_is_taught(known):
    found = regrade(known, "reward.execution.weight=2", "algo.curriculum.pass_reward=2")
    assert measures(found)["pass rate"] == (0.625, 0.625)
    assert measures(found)["mean reward"] == pytest.approx((0.6, 1.2))
    assert found["lessons"] == {"the same": 2}
    assert found["advantages"]["turned"] == 0


def test_another_reward_is_set_beside_the_runs(known):
    found = regrade(known, "reward=random", "reward.random.probability=0")
    assert found["rewards"] == ["random"]
    assert measures(found)["reward execution"][1] is None
    assert measures(found)["reward random"] == (None, 0.0)
    assert by_prompt(found)[ADD]["lesson"] == "nothing, where it taught something"
    assert found["settings"]["reward.random"] == ["not asked", "asked"]
    page = next((known / "regrade").glob("random-*/regrade.html")).read_text()
    assert "0.0\N{NO-BREAK SPACE}% instead of 62.5\N{NO-BREAK SPACE}%" in page


def test_a_completion_that_cannot_be_judged_is_in_no_figure(known, capsys):
    Path("judge_some.py").write_text(
        "def some(completions, **_):\n"
        "    return [None if 'return 7' in text else 1.0 for text in completions]\n"
    )
    found = regrade(known, "reward=custom", "reward.custom.fn=judge_some:some")
    assert found["unjudged"] == [0, 2]
    assert measures(found)["pass rate"] == (0.625, 1.0)
    Path("judge_none.py").write_text(
        "def none(completions, **_):\n    return [None for _ in completions]\n"
    )
    with pytest.raises(SystemExit) as left:
        regrade(known, "reward=custom", "reward.custom.fn=judge_none:none")
    assert left.value.code == 3
    assert "No completion could be judged" in capsys.readouterr().err


def test_a_killed_one_goes_on(known):
    """The reward ends the process at its second call; what the first said is not asked again."""
    Path("judge_once.py").write_text(
        "import os, pathlib, signal\n"
        "def lengths(completions, **_):\n"
        "    calls = pathlib.Path('calls')\n"
        "    calls.write_text(calls.read_text() + 'x' if calls.exists() else 'x')\n"
        "    if calls.read_text() == 'xx':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return [float(len(text)) for text in completions]\n"
    )
    settings = ["reward=custom", "reward.custom.fn=judge_once:lengths"]
    killed = multiprocessing.get_context("fork").Process(  # which has imported torch already
        target=main, args=(["regrade", "run=outputs/known", *settings],)
    )
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    [journal] = (known / "regrade").glob("*/scores.jsonl")
    assert len(journal.read_text().splitlines()) == 1 + 8
    first = journal.read_text()
    found = regrade(known, *settings)
    assert Path("calls").read_text() == "xxx"
    assert journal.read_text().startswith(first)
    assert len(journal.read_text().splitlines()) == 1 + 16
    assert found["completions"] == 16
    regrade(known, *settings)  # finished, it asks nobody
    assert Path("calls").read_text() == "xxx"


def test_a_mended_function_is_asked_again(known):
    """Another process would be: a module is imported once."""
    Path("judge_mended.py").write_text(
        "def f(completions, **_):\n    return [0.0 for _ in completions]\n"
    )
    settings = ["reward=custom", "reward.custom.fn=judge_mended:f"]
    assert measures(regrade(known, *settings))["mean reward"][1] == 0.0
    Path("judge_mended.py").write_text(
        # Of another length: Python takes a file of the same second and size for the same.
        "def f(completions, **_):\n    return [0.5 for completion in completions]\n"
    )
    del sys.modules["judge_mended"]
    assert measures(regrade(known, *settings))["mean reward"][1] == 0.5


def test_changed_data_are_judged_by_only_where_they_are_named(known, capsys):
    rewrite(row(ADD, "assert add(1, 2) == 3"), row(DOUBLE, "assert double(2) == 4"))
    with pytest.raises(SystemExit) as left:
        regrade(known)
    assert left.value.code == 2
    assert "holds something else than when the run began" in capsys.readouterr().err


def test_prompts_that_other_data_lack_are_counted(known):
    rewrite(row(DOUBLE, "assert double(2) == 4"), row("Write f(x).\n", "assert f(1) == 1"))
    found = regrade(known, NAMED)
    assert found["completions"] == 8
    assert found["left_out"] == {"these data do not have their prompts": 8}
    page = next((known / "regrade").glob("*/regrade.html")).read_text()
    assert "8 stored completions are in no figure" in page


def test_a_prompt_with_two_rows_has_no_tests(known, capsys):
    rewrite(
        row(ADD, "assert add(1, 2) == 3"),
        row(DOUBLE, "assert double(2) == 4"),
        row(DOUBLE, "assert double(3) == 6"),
        row(ADD, "assert add(1, 2) == 3"),  # says the same twice
    )
    found = regrade(known, NAMED)
    told = "several rows of the data have their prompts, with other tests each"
    assert (found["completions"], found["left_out"]) == (8, {told: 8})
    rewrite(row("Write f(x).\n", "assert f(1) == 1"))
    with pytest.raises(SystemExit):
        regrade(known, NAMED)
    assert "nothing can be judged" in capsys.readouterr().err


def test_a_run_whose_files_are_not_its_own_is_refused(known, capsys):
    path = known / "completions/completions_00001.parquet"
    table = pd.read_parquet(path)
    table.iloc[1:].to_parquet(path)
    with pytest.raises(SystemExit) as left:
        regrade(known)
    assert left.value.code == 3
    assert "do not lie in groups of 4" in capsys.readouterr().err
    table.drop(columns="execution").to_parquet(path)
    with pytest.raises(SystemExit):
        regrade(known)
    assert "has the columns step, prompt, completion, advantage" in capsys.readouterr().err

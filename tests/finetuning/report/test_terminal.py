import io
import json

from rich.console import Console

from whetstone.finetuning.report.terminal import print_outcome


def test_the_outcome_is_told_in_a_few_lines(run_folder):
    console = Console(file=io.StringIO(), width=60)

    print_outcome(console, run_folder)

    lines = console.file.getvalue().splitlines()
    assert "pass@1 on nano rose from 0.24 to 0.85 in 100 steps." in lines
    row = next(line.split() for line in lines if line.startswith("nano  pass@1"))
    assert row[:5] == ["nano", "pass@1", "0.238", "0.852", "+0.614"]
    assert row[6] == "to"  # the interval
    # Paths stay whole, however narrow the terminal is, so that they can be copied.
    assert f"report   {run_folder / 'report.html'}" in lines


def test_a_run_that_was_not_evaluated_has_no_table(sft_folder):
    console = Console(file=io.StringIO(), width=60)

    print_outcome(console, sft_folder)

    text = console.file.getvalue()
    assert "The training loss was 3.50 at first and 0.40 at last" in text
    assert "difference" not in text
    assert "model" not in text


def test_a_collection_says_nothing_of_training(run_folder):
    path = run_folder / "report.json"
    summary = json.loads(path.read_text())
    path.write_text(json.dumps({**summary, "seconds": {"total": 0.0}, "data_folder": "dataset"}))
    console = Console(file=io.StringIO(), width=60)

    print_outcome(console, run_folder)

    text = console.file.getvalue()
    assert "data     dataset" in text
    assert "trained" not in text

import html
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from whetstone.finetuning.errors import BrokenRunError
from whetstone.finetuning.report.curves import (
    NARROW,
    WIDE,
    learning_curve_svg,
    learning_figure,
    seconds_figure,
    spread,
)
from whetstone.finetuning.report.read import Seconds, read_run
from whetstone.finetuning.report.svg import Tone, inline_svg, theme_css


def texts(svg):
    return [html.unescape(text) for text in re.findall(r"<text [^>]*>([^<]*)</text>", svg)]


def test_the_picture_is_the_same_bytes_every_time(run_folder):
    assert learning_curve_svg(run_folder) == learning_curve_svg(run_folder)


def test_the_standalone_picture_carries_its_ground_and_its_words(run_folder):
    svg = learning_curve_svg(run_folder)

    assert f"fill: var(--surface, {Tone.SURFACE.light})" in svg
    assert {"training step", "reward =", "pass@1 0.85", "0.24", "0.69"} <= set(texts(svg))


def test_the_standalone_picture_follows_the_theme_of_its_reader(run_folder):
    svg = learning_curve_svg(run_folder)

    assert f"<style>{theme_css()}</style>" in svg
    drawn = svg.replace(theme_css(), "")
    # Every colour has its tone for the dark, and one for what knows no variables.
    assert not re.search(r"(?<!, )#[0-9a-f]{6}", drawn)
    assert f"var(--orange, {Tone.ORANGE.light})" in drawn


def test_two_curves_can_be_told_apart_without_their_colours(run_folder):
    (axes,) = learning_figure(read_run(run_folder), WIDE).axes
    lines = {line.get_color(): line for line in axes.lines if line.get_linestyle() != "None"}
    held_out, reward = lines[Tone.ORANGE.light], lines[Tone.BLUE.light]
    assert (held_out.get_linestyle(), held_out.get_marker()) == ("--", "D")
    assert (reward.get_linestyle(), reward.get_marker()) == ("-", "None")


def test_all_panels_have_one_x_axis(run_folder):
    rows = [{"step": 0, "eval/nano/pass@1": 0.2}]
    rows += [{"step": step, "reward": -2.0} for step in (40, 80)]
    (run_folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    above, below = learning_figure(read_run(run_folder), WIDE).axes

    assert above.get_xlim() == below.get_xlim()
    assert above.get_xlim()[0] <= 0
    assert above.get_xlim()[1] >= 80


def test_names_are_text_and_never_formulas_or_markup(run_folder):
    rows = [{"step": 1, "eval/a$b$</text><script>/pass@1": 0.5, "eval/c/pass@1": 0.6}]
    (run_folder / "metrics.jsonl").write_text(json.dumps(rows[0]) + "\n")

    svg = learning_curve_svg(run_folder)

    assert "<script>" not in svg
    assert "a$b$</text><script>" in texts(svg)


def test_a_run_with_nothing_to_draw_is_refused_by_name(sft_folder):
    (sft_folder / "metrics.jsonl").write_text('{"step": 1, "entropy": 2.0}\n')

    with pytest.raises(BrokenRunError, match=r"metrics\.jsonl has neither"):
        learning_curve_svg(sft_folder)


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_inline_pictures_take_every_colour_from_the_theme(run_folder, size):
    svg = inline_svg(learning_figure(read_run(run_folder), size), "curve", "Learning curve")

    assert not re.search(r"#[0-9a-f]{6}\b", svg)
    defined = theme_css()
    for variable in set(re.findall(r"var\((--\w+)\)", svg)):
        assert defined.count(f"{variable}:") == 2  # light and dark


def test_two_pictures_on_a_page_share_no_ids(run_folder):
    run = read_run(run_folder)
    wide, narrow = (
        inline_svg(learning_figure(run, size), size.name, "") for size in (WIDE, NARROW)
    )

    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in (wide, narrow)]

    assert ids[0]
    assert not set(ids[0]) & set(ids[1])


def test_a_stacked_picture_is_taller(run_folder):
    row = {"step": 1, "reward": -2.5, "execution/pass_rate": 0.4}
    (run_folder / "metrics.jsonl").write_text(json.dumps(row) + "\n")

    figure = learning_figure(read_run(run_folder), WIDE)

    assert len(figure.axes) == 2
    assert figure.get_figheight() * 72 > 2 * WIDE.panel_height


def test_a_very_long_run_stays_a_small_picture(run_folder):
    rows = ({"step": step, "reward": step / 20_000} for step in range(20_000))
    (run_folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert len(learning_curve_svg(run_folder)) < 200_000


def test_seconds_are_drawn_with_their_share():
    seconds = Seconds(total=100.0, generate=50.0, reward=10.0, logps=15.0, optimize=20.0)

    told = texts(inline_svg(seconds_figure(seconds, WIDE), "seconds", "Seconds"))

    assert {"50 s · 50%", "10 s · 10%", "15 s · 15%", "20 s · 20%", "5.0 s · 5%"} <= set(told)


def test_a_part_that_an_algorithm_does_not_have_is_left_out():
    told = texts(inline_svg(seconds_figure(Seconds(9.0, generate=9.0), WIDE), "seconds", "Seconds"))

    assert "generate" in told
    assert "log-probs" not in told


def test_a_run_without_timed_parts_has_no_bars():
    assert seconds_figure(Seconds(total=100.0), WIDE) is None


@pytest.mark.parametrize("positions", [[0.85, 0.82], [1.0, 1.0, 1.0], [0.1, 0.9, 0.5]])
def test_labels_keep_their_order_their_distance_and_the_top(positions):
    placed = spread(positions, gap=0.1, top=1.0)

    by_position = [place for _, place in sorted(zip(positions, placed, strict=True))]
    assert by_position == sorted(by_position)
    assert all(above - below >= 0.1 - 1e-3 for below, above in pairwise(by_position))
    assert max(placed) <= 1.0


def test_the_picture_of_the_readme_follows_the_theme():
    picture = (Path(__file__).resolve().parents[3] / "docs" / "learning-curve.svg").read_text()

    assert theme_css() in picture
    assert [text for text in texts(picture) if text.startswith(("reward", "pass", "held"))] == [
        "held-out",
        "pass@1 0.82",
        "reward \N{ALMOST EQUAL TO}",
        "pass rate",
    ]

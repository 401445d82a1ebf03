import json
import re
from html.parser import HTMLParser

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whetstone.finetuning.errors import BrokenRunError
from whetstone.finetuning.report.html import render_report, write_report

HOSTILE = "x = 1</pre><script>alert('&amp;')</script>"


class Page(HTMLParser):
    """The tags of a page, what they refer to, and the text of its `pre` elements."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.ids, self.pre = [], [], [], []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href", "xlink:href"}]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag == "pre":
            self._inside = True
            self.pre.append("")

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "pre"

    def handle_data(self, data):
        if self._inside:
            self.pre[-1] += data


def test_the_page_tells_the_whole_run(run_folder):
    page = write_report(run_folder).read_text(encoding="utf-8")

    assert "<title>nano-nano-grpo · done</title>" in page
    assert "pass@1 on nano rose from 0.24 to 0.85 in 100 steps." in page
    assert "+0.614" in page
    assert "outputs/.cache/nano-base-3f9a" in page
    assert "learning_rate: 0.001" in page
    assert "return set(abs(x) for x in nums if x % 2 == 1)" in page


def test_the_page_needs_no_script_no_network_and_no_other_file(run_folder):
    page = Page(render_report(run_folder))

    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert all(link.startswith("#") for link in page.links)


def test_every_reference_inside_the_page_has_one_target(run_folder):
    page = Page(render_report(run_folder))

    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_hostile_completions_prompts_names_and_settings_come_out_as_text(run_folder):
    columns = {"step": [1], "prompt": [HOSTILE], "completion": [HOSTILE], HOSTILE: [1.0]}
    for path in (run_folder / "completions").iterdir():
        path.unlink()
    pq.write_table(pa.table(columns), run_folder / "completions" / "completions_00001.parquet")
    (run_folder / "config.yaml").write_text(HOSTILE)
    amend(run_folder, name=HOSTILE, status=HOSTILE, after={HOSTILE: {HOSTILE: 1.0}})

    text = render_report(run_folder)

    page = Page(text)
    assert "script" not in page.tags
    assert page.pre == [HOSTILE, HOSTILE, HOSTILE]  # prompt, completion, configuration
    assert "<script" not in text


def test_a_run_with_little_to_tell_still_gets_its_page(sft_folder):
    (sft_folder / "metrics.jsonl").unlink()

    page = Page(render_report(sft_folder))

    assert not {"svg", "table", "pre", "details"} & set(page.tags)


def test_only_the_nano_model_carries_its_warning(run_folder):
    warning = "not evidence about real code models"
    assert warning in render_report(run_folder)

    amend(run_folder, model="qwen")

    assert warning not in render_report(run_folder)


def test_both_themes_and_both_widths_are_served(run_folder):
    page = render_report(run_folder)

    assert "prefers-color-scheme:dark" in page
    assert page.count('<div class="wide">') == page.count('<div class="narrow">') == 2


def test_the_same_run_gives_the_same_page(run_folder):
    assert render_report(run_folder) == render_report(run_folder)


def test_a_report_is_replaced_whole_or_not_at_all(run_folder):
    before = write_report(run_folder).read_text(encoding="utf-8")
    (run_folder / "metrics.jsonl").write_text("broken\n")

    with pytest.raises(BrokenRunError, match=r"metrics\.jsonl, line 1"):
        write_report(run_folder)

    assert (run_folder / "report.html").read_text(encoding="utf-8") == before
    assert not [path for path in run_folder.iterdir() if re.match(r"\.report", path.name)]


def amend(folder, **changes):
    path = folder / "report.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

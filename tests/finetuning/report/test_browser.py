"""The pages in a real browser: readable on a phone, in light and in dark, without an error."""

import shutil
from contextlib import contextmanager

import pytest

from whetstone.evaluation.generate import Kind
from whetstone.evaluation.validate import ModelAnswer, Score, choose_examples, improvements
from whetstone.finetuning.report.html import write_report
from whetstone.finetuning.report.regrade import (
    AdvantageChanges,
    Lesson,
    MeanChange,
    PairChanges,
    PromptChange,
    RegradedCompletion,
    RegradedPrompt,
    RegradeOutcome,
    write_regrade,
)
from whetstone.finetuning.report.validation import ValidationOutcome, write_validation

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

# Relative luminance by WCAG 2, from what the browser computed.
FAINT = """elements => {
  const light = css => {
    const [r, g, b] = css.match(/[\\d.]+/g).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const contrast = element => {
    const style = getComputedStyle(element);
    const ink = light(element instanceof SVGElement ? style.fill : style.color);
    return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
  };
  const shown = elements.filter(e => e.checkVisibility() && e.getClientRects().length);
  return [shown.length, shown.filter(e => contrast(e) < 4.5).map(e => e.textContent)];
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser, path, scheme, width):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert said == []


@pytest.fixture
def validation_page(tmp_path):
    def side(rates, text):
        pairs = []
        for number, rate in enumerate(rates):
            answer = ModelAnswer(f"long/{'name-' * 20}{number}", Kind.SAMPLE, 0, text * 30)
            pairs.append((answer, Score(answer.problem, answer.kind, 0, {"r": rate}, rate)))
        return pairs

    base, tuned = side([0.0, 0.5, 1.0, 0.2], "return base "), side([1.0, 0.5, 0.0, 0.9], "tuned ")
    outcome = ValidationOutcome(
        base="/a/very/long/path/" * 6,
        tuned="outputs/x",
        prompts="eval.jsonl",
        rewards=("execution",),
        settings={"samples": 4, "temperature": 1.0},
        improvements=improvements([s for _, s in base], [s for _, s in tuned]),
        examples=choose_examples(base, tuned, 1),
        texts={answer.problem: "Write it. " * 40 for answer, _ in base},
        unjudged=1,
    )
    return write_validation(outcome, tmp_path)


@pytest.fixture
def comparison_page(make_run, outputs):
    from whetstone.finetuning.report.comparison.page import compare, write_comparison

    for name, beta in (("a-rather-long-name-of-a-run-that-goes-on-and-on", 0.0), ("B", 0.1)):
        make_run(name, beta=beta, after=0.5 + beta)
    return write_comparison(compare([outputs], each=False), outputs / "page")[0]


@pytest.fixture
def report_page(run_folder):
    return write_report(run_folder)


@pytest.fixture
def regrade_page(tmp_path):
    lessons = dict(zip(Lesson, (12, 9, 7, 3), strict=True))
    prompt = "Write it, and write it well. " * 12
    shown = RegradedCompletion("return " * 40, 0.0, None, -1.5, 0.25)
    outcome = RegradeOutcome(
        run="/a/very/long/path/" * 6,
        rewards=("execution", "random"),
        settings={"reward.execution.partial_credit": ("False", "True")},
        completions=5120,
        groups=640,
        generations=40,
        changed=700,
        gained=12,
        lost=300,
        unjudged=(0, 3),
        left_out={"these data do not have their prompts": 8},
        measures=(MeanChange("pass rate", 0.5, 0.45), MeanChange("reward random", None, 0.5)),
        with_signal=(500, 520),
        pairs=PairChanges(15_000, 20, 500, 30),
        advantages=AdvantageChanges(0.05, 40, 0.97),
        why_no_advantages="",
        lessons=lessons,
        prompts=tuple(PromptChange(prompt, 8, lesson, 0.5, None, 1.0) for lesson in Lesson),
        examples=(RegradedPrompt(prompt, Lesson.OTHER, 3, (shown, shown)),),
    )
    return write_regrade(outcome, tmp_path)


PAGES = ["report_page", "comparison_page", "validation_page", "regrade_page"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
def test_a_page_can_be_read_on_a_phone_and_on_a_desk(name, scheme, browser, request):
    path = request.getfixturevalue(name)
    for width in (400, 1200):
        with opened(browser, path, scheme, width) as page:
            assert page.locator("h1").is_visible()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{wide} px of page on {width} px of screen"
            texts = page.locator("h1, p, td, th, figcaption, svg text")
            visible, faint = texts.evaluate_all(FAINT)
            assert visible > 10
            assert faint == []
            shown = page.locator("figure svg:visible").count()
            assert shown == page.locator("figure").count()

"""What the pages show beside commands: fragments that can be read, links that lead somewhere."""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fragments(language: str) -> list[str]:
    fence = rf"(?ms)^```{language}\n(.*?)^```$"
    return [text for page in PAGES for text in re.findall(fence, page.read_text())]


def test_documented_yaml_and_json_can_be_read():
    for text in fragments("yaml"):
        assert yaml.safe_load(text)
    for text in fragments("json"):
        whole = text if text.startswith("{") else f"{{{text}}}"
        assert json.loads(whole.replace("...", "0"))


def test_every_page_that_is_linked_is_there():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links {target}"


def anchors(page):
    """Return what a heading is linked by: lower case, dashes for spaces, no other signs."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


def test_every_heading_that_is_linked_is_there():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text()):
            there = page.parent / target if target else page
            assert anchor in anchors(there), f"{page.name} links {target}#{anchor}"

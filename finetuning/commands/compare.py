"""`whetstone compare`: runs or sweeps side by side, and which is better by how much."""

import argparse
import re
from pathlib import Path

from rich.console import Console

from whetstone.finetuning.config import load
from whetstone.finetuning.config.not_a_setting import answer_empty
from whetstone.finetuning.config.rules.outside import has_wandb_key
from whetstone.finetuning.config.schema import WandbConfig
from whetstone.finetuning.credentials import why_refused
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.report.console import tell
from whetstone.finetuning.report.wording import shown

HELP = "compare runs: which is better, by how much, and how sure that is"
_LONGEST_NAME = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "given",
        nargs="+",
        metavar="FOLDER",
        help="a run, or a folder that holds runs; tracker=wandb and its settings may follow",
    )
    parser.add_argument("--each", action="store_true", help="do not group seeds")
    parser.add_argument("--out", type=Path, help="folder for the page (default: beside the first)")
    parser.add_argument("--wandb", action="store_true", help="make a W&B report as well")


def run(chosen: argparse.Namespace) -> None:
    """Print the verdict and write the page, its figures and, where wanted, the W&B report."""
    if "" in chosen.given:
        raise ConfigError(
            [answer_empty("compare ''", "the folder of a run, or one that holds runs")]
        )
    folders = [Path(text) for text in chosen.given if "=" not in text or Path(text).exists()]
    settings = [text for text in chosen.given if Path(text) not in folders]
    wandb = _wandb_settings(settings, wanted=chosen.wandb)
    # matplotlib, only now
    from whetstone.finetuning.report.comparison.page import compare, write_comparison  # noqa: PLC0415

    comparison = compare(folders, each=chosen.each)
    out = chosen.out or _beside(folders[0], [group.label for group in comparison.groups])
    page, figures = write_comparison(comparison, out)
    console, verdict = Console(), comparison.verdict
    if verdict.banner:
        tell(console, verdict.banner, "bold reverse")
    tell(console, verdict.headline, "bold")
    for caveat in (*verdict.caveats, *comparison.left_out):
        tell(console, f"- {caveat}")
    for place in (page, figures):
        print(shown(place))
    if wandb is not None:
        from whetstone.finetuning.report.comparison.wandb_report import publish  # noqa: PLC0415 - wandb

        print(publish(comparison, out, wandb.project, wandb.entity, online=wandb.mode == "online"))


def _wandb_settings(settings: list[str], *, wanted: bool) -> WandbConfig | None:
    """Take `tracker=...` through the gate; `--wandb` is W&B, offline where there is no key."""
    strange = [text for text in settings if not text.lstrip("+").startswith("tracker")]
    if strange:
        raise ConfigError([_no_setting(text) for text in strange])
    if wanted and not any(text.startswith("tracker=") for text in settings):
        has_mode = any("tracker.wandb.mode=" in text for text in settings)
        offline = [] if has_mode or has_wandb_key() else ["tracker.wandb.mode=offline"]
        settings = ["tracker=wandb", *settings, *offline]
    if not settings:
        return None
    tracker = load(settings).main.tracker.get("wandb")
    return tracker if isinstance(tracker, WandbConfig) else None


def _no_setting(text: str) -> Problem:
    key, _, value = text.partition("=")
    if reason := why_refused(key, value):
        return Problem(key, reason)
    remedy = "no such folder, and the only settings here are those of tracker=wandb"
    return Problem(text, remedy)


def _beside(first: Path, labels: list[str]) -> Path:
    names = (re.sub(r"[^\w.=-]+", "-", label).strip("-") for label in labels)
    name = "-vs-".join(names)
    return first.resolve().parent / f"compare-{name[:_LONGEST_NAME]}"

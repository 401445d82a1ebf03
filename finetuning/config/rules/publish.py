"""What publishing at the end of a run needs: known before an hour of training, not after it."""

import os
from collections.abc import Iterator
from pathlib import Path

from finetuning.config.rules.backend import why_no_mlx
from finetuning.config.rules.models import not_a_repo
from finetuning.config.schema import Config
from finetuning.errors import MissingKey, Problem

_OFF = {"", "0", "false", "off", "no"}


def publishing_can_begin(config: Config) -> Iterator[Problem]:
    """Check repository, token and what is to go there."""
    wanted = config.hooks.publish
    if wanted.repo is None:
        if wanted.push:
            yield Problem("hooks.publish.push=true", "where to? add hooks.publish.repo=OWNER/NAME")
        return
    yield from not_a_repo("hooks.publish.repo", wanted.repo)
    if wanted.epochs and not config.hooks.merge.each_epoch:
        yield Problem(
            f"hooks.publish.epochs={wanted.epochs}",
            "epochs have no model of their own; add hooks.merge.each_epoch=true",
        )
    if wanted.mlx and (reason := why_no_mlx()):
        yield Problem(f"hooks.publish.mlx={wanted.mlx}", reason)
    if wanted.push:
        yield from _cannot_go_online()


def _cannot_go_online() -> Iterator[Problem]:
    setting = "hooks.publish.push=true"
    if not has_hub_token():
        yield MissingKey(
            setting,
            "no token of the Hub was found; set HF_TOKEN to one that may write, or run "
            "`hf auth login`",
        )
    offline = os.environ.get("HF_HUB_OFFLINE", "")
    if offline.lower() not in _OFF:
        yield Problem(setting, f"goes online, and HF_HUB_OFFLINE={offline} is set; unset it")


def has_hub_token() -> bool:
    """Tell whether huggingface_hub would find a token here."""
    home = os.environ.get("HF_HOME", "~/.cache/huggingface")
    path = os.environ.get("HF_TOKEN_PATH", f"{home}/token")
    return bool(os.environ.get("HF_TOKEN")) or Path(path).expanduser().is_file()

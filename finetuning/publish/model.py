"""What of a run goes up: the finished model, its adapter, its forms for MLX, and a card.

A run that has not ended, or whose merge was refused, is refused here; so is a model that lies in
its folder without the gate's figures.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from whetstone.finetuning.artifacts.metrics import read_text
from whetstone.finetuning.config.schema.commands import PublishModelSettings
from whetstone.finetuning.errors import ConfigError, MergeRefusedError, Problem
from whetstone.finetuning.publish.card import About, model_card
from whetstone.finetuning.publish.licence import licence_of
from whetstone.finetuning.publish.merged import is_merged, merged_upload
from whetstone.finetuning.publish.parts import (
    CARD,
    MODEL_FILES,
    Part,
    Upload,
    files_of,
    hub_id,
    mlx_forms,
    text_part,
)
from whetstone.finetuning.report.example import example_prompt, has_chat_template
from whetstone.finetuning.report.read import Run, read_run

_ADAPTER_CONFIG = "adapter_config.json"
_ADAPTER_FILES = ("adapter_model.safetensors", "whetstone.json")
_DONE = "done"
_GATE = "merge.json"


@dataclass(frozen=True)
class _Folders:
    """What of a run's folder is published."""

    model: Path
    adapter: Path | None
    mlx: dict[str, Path]
    """Forms for MLX by their folder in the repository."""


def model_upload(settings: PublishModelSettings) -> Upload:
    """Return what `whetstone publish model` sends.

    Raises:
        ConfigError: the folder holds no finished run, or not what was asked for.
        MergeRefusedError: the merged model is not the model that was trained.

    """
    if is_merged(settings.run):
        return merged_upload(settings)
    run = _finished(settings)
    folders = _folders(settings)
    _check_gate(settings, run, folders.model)
    config = yaml.safe_load(read_text(settings.run / "config.yaml") or "{}")
    manifest = json.loads(read_text(settings.run / "manifest.json") or "{}")
    began_with = config["model"]["path"]
    base = settings.base or hub_id(_base_of(folders.adapter) or began_with)
    notes: list[str] = []
    adapter = [*_adapter_parts(settings, folders.adapter, notes)]
    licence = (
        {"license": settings.license}
        if settings.license
        else licence_of(base, began_with, config["model"]["revision"])
    )
    if not licence:
        notes.append("The licence is not known; license=NAME states one.")
    chat = has_chat_template(folders.model)
    about = About(
        repo=settings.repo,
        base=base,
        licence=licence,
        has_adapter=bool(adapter),
        mlx=tuple(folders.mlx),
        epoch=settings.epoch,
        chat=chat,
        prompt=example_prompt(folders.model),
    )
    return Upload(
        repo=settings.repo,
        kind="model",
        private=settings.private,
        message=f"{run.summary.name}, trained with {run.summary.algo}",
        parts=(
            text_part(CARD, model_card(run, config, manifest, about)),
            *files_of(folders.model, MODEL_FILES),
            *adapter,
            *(
                part
                for name, folder in folders.mlx.items()
                for part in files_of(folder, MODEL_FILES, f"{name}/")
            ),
        ),
        notes=tuple(notes),
    )


def key_variables(run: Path) -> list[str]:
    """Return the environment's variables that this run took its keys from, as it was told."""
    config = yaml.safe_load(read_text(run / "config.yaml") or "{}")
    rewards = (config.get("reward") or {}).values()
    return [spec["api_key_env"] for spec in rewards if spec.get("api_key_env")]


def _finished(settings: PublishModelSettings) -> Run:
    setting = f"run={settings.run}"
    if not settings.run.is_dir():
        raise ConfigError([Problem(setting, "there is no such folder")])
    if not (settings.run / "report.json").is_file():
        remedy = "this is not the folder of a finished run: it has no report.json"
        raise ConfigError([Problem(setting, remedy)])
    run = read_run(settings.run)
    if run.summary.data_folder:
        remedy = f"whetstone publish dataset folder={run.summary.data_folder}"
        raise ConfigError([Problem(setting, f"this run collected data: {remedy}")])
    if run.summary.algo == "reward":
        remedy = "this is a reward model, which plain transformers does not load as what it is"
        raise ConfigError([Problem(setting, remedy)])
    return run


def _folders(settings: PublishModelSettings) -> _Folders:
    end = f"-epoch-{settings.epoch}" if settings.epoch else ""
    model, adapter = settings.run / f"merged{end}", settings.run / f"adapter{end}"
    if (refused := model.with_name(f"{model.name}-refused")).is_dir() and not model.is_dir():
        raise MergeRefusedError(_refusal(refused))
    if not (model / "config.json").is_file():
        there = sorted(path.name for path in settings.run.glob("merged*") if path.is_dir())
        has = f"there are: {', '.join(there)}" if there else "the run has made none"
        setting = f"epoch={settings.epoch}" if settings.epoch else f"run={settings.run}"
        raise ConfigError([Problem(setting, f"there is no model {model.name}; {has}")])
    return _Folders(
        model,
        adapter if settings.adapter and adapter.is_dir() else None,
        mlx_forms(model) if settings.mlx else {},
    )


def _check_gate(settings: PublishModelSettings, run: Run, model: Path) -> None:
    """Let through what the merge gate let through; weights that were trained whole need none."""
    if run.summary.status != _DONE:
        raise MergeRefusedError(_refusal(model))
    if not settings.epoch and run.summary.merge is not None and not run.summary.merge.passed:
        raise MergeRefusedError(_refusal(model))
    was_merged = (settings.run / "adapter").is_dir()
    gate = read_text(model / _GATE)
    if was_merged and (gate is None or not json.loads(gate)["passed"]):
        raise MergeRefusedError(_refusal(model))


def _refusal(model: Path) -> str:
    return (
        f"{model} did not pass the merge gate: it is not the model that was trained, and is not "
        "published.\nThe run's report has the figures; docs/hooks.md says what can be done."
    )


def _base_of(adapter: Path | None) -> str | None:
    """Return what the adapter names: a folder by its whole path, which no Hub id looks like."""
    text = read_text(adapter / _ADAPTER_CONFIG) if adapter else None
    named: str | None = json.loads(text)["base_model_name_or_path"] if text else None
    return named


def _adapter_parts(
    settings: PublishModelSettings, folder: Path | None, notes: list[str]
) -> Iterator[Part]:
    """Yield the adapter's files; its configuration must name a base that others have."""
    if folder is None:
        return
    values: dict[str, Any] = json.loads((folder / _ADAPTER_CONFIG).read_text(encoding="utf-8"))
    named = values["base_model_name_or_path"]
    base = settings.base or hub_id(named)
    if base is None:
        notes.append(
            "The adapter stays here: its base is a folder of this machine. "
            "base=OWNER/NAME names the same weights on the Hub."
        )
        return
    text = json.dumps({**values, "base_model_name_or_path": base}, indent=2)
    yield text_part(f"adapter/{_ADAPTER_CONFIG}", text + "\n")
    yield from files_of(folder, _ADAPTER_FILES, "adapter/")

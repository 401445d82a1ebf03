"""The story of `whetstone merge`: find the base, fold the adapter in, let it through the gate.

What is compared is the adapter on its base as it was held in training against the merged folder as
plain transformers load it from the disk: the gate of a run's own merge.
"""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from whetstone.finetuning.artifacts.provenance import Origin, read_origin, write_origin
from whetstone.finetuning.config.commands import load_publish_model
from whetstone.finetuning.config.schema import DeviceConfig, MergeConfig
from whetstone.finetuning.config.schema.commands import MergeSettings
from whetstone.finetuning.errors import ConfigError, MergeRefusedError, Problem
from whetstone.finetuning.model.adapter import with_adapter
from whetstone.finetuning.model.adapter_check import adapter_problems
from whetstone.finetuning.model.device import AS_STORED, choose_device
from whetstone.finetuning.model.hub import local_folder
from whetstone.finetuning.model.merge import PARITY, refusal, write_merged
from whetstone.finetuning.model.policy import Policy, load_policy
from whetstone.finetuning.model.resolve import find_model
from whetstone.finetuning.model.same_base import named_base
from whetstone.finetuning.publish.hub import check_access
from whetstone.finetuning.publish.parts import hub_id
from whetstone.finetuning.publish.publish import publish_model
from whetstone.finetuning.runtime.quiet import quiet_libraries


@dataclass(frozen=True)
class _Base:
    path: str
    revision: str | None
    quantization: str | None
    trust_remote_code: bool


def merge(settings: MergeSettings, console: Console | None = None) -> Path:
    """Write the merged model; return its folder.

    Raises:
        ConfigError: base and adapter do not belong together, or one is not there.
        MergeRefusedError: the merged model says something else than the adapter on its base.

    """
    console = console or Console()
    quiet_libraries()
    if settings.push:
        check_access()
    base = _find_base(settings)
    out = settings.out or settings.adapter.with_name(settings.adapter.name + "-merged")
    if out.exists() and settings.out is None:
        raise ConfigError([Problem(f"out={out}", "it already exists; choose another folder")])
    held = f"{base.path}, held in {base.quantization}" if base.quantization else base.path
    console.print(f"base: {held}", highlight=False, soft_wrap=True)
    wanted = MergeConfig(
        each_epoch=False, max_kl=settings.max_kl, max_kl_16bit=settings.max_kl_16bit
    )
    found = write_merged(settings.adapter, base, _trained(settings, base), out, wanted)
    if not found["passed"]:
        raise MergeRefusedError(refusal(found, out, section=""))
    told = f"KL {found['kl']:.3g} from the adapter on its base (allowed: {found['max_kl']:g})"
    console.print(f"{told}, in {out / PARITY}", highlight=False, soft_wrap=True)
    write_origin(out, Origin(base.quantization, hub_id(_named(settings))))
    console.print(f"model: {out}", highlight=False, soft_wrap=True)
    if settings.repo is not None:
        _publish(settings, settings.repo, out, console)
    return out


def _publish(settings: MergeSettings, repo: str, out: Path, console: Console) -> None:
    wanted = {"repo": repo, "private": settings.private, "license": settings.license}
    command = load_publish_model([f"run={out}", f"repo={repo}"])
    publish_model(command.model_copy(update={**wanted, "push": settings.push}), console)


def _find_base(settings: MergeSettings) -> _Base:
    given = _named(settings)
    if not given:
        remedy = "its configuration names no base; add base=FOLDER or a Hub id"
        raise ConfigError([Problem(f"adapter={settings.adapter}", remedy)])
    setting = f"base={given}"
    trusted = settings.trust_remote_code
    if settings.base is None:  # a folder or an id, as it was loaded from: no name of ours
        folder = local_folder(given, settings.revision, setting)
    else:
        found = find_model(given, settings.revision, trusted, setting=setting)
        folder, trusted = found.folder, found.trust_remote_code
    problems = list(adapter_problems(settings.adapter, folder, setting, trusted))
    if problems:
        raise ConfigError(problems)
    quantization = (
        read_origin(settings.adapter).quantization
        if settings.quantization == "auto"
        else {"none": None, "nf4": "nf4"}[settings.quantization]
    )
    return _Base(str(folder), None, quantization, trusted)


def _named(settings: MergeSettings) -> str | None:
    return settings.base or named_base(settings.adapter)


def _trained(settings: MergeSettings, base: _Base) -> Policy:
    """Load the model as it was trained: the adapter beside its base."""
    device = AS_STORED
    if base.quantization:
        device = choose_device(DeviceConfig(name="auto", device="auto", dtype="auto"))
    policy = load_policy(
        base.path,
        device,
        trust_remote_code=base.trust_remote_code,
        quantization=base.quantization,
    )
    adapted = with_adapter(policy, settings.adapter, base.trust_remote_code)
    adapted.model.eval()
    return adapted

"""LoRA adapters: made before training, merged into the weights after it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer

from whetstone.evaluation.files import whole_folder
from whetstone.finetuning.artifacts.provenance import Origin, write_origin
from whetstone.finetuning.config.explain import did_you_mean
from whetstone.finetuning.config.schema import ModelConfig
from whetstone.finetuning.errors import ConfigError, Problem
from whetstone.finetuning.model.device import AS_STORED
from whetstone.finetuning.model.policy import Policy, load_policy
from whetstone.finetuning.model.quantized import copy_dequantized
from whetstone.finetuning.model.value_head import policy_only
from whetstone.finetuning.model.vocabulary import fit_vocabulary, tokenizer_beside

_ALL = "all-linear"


class Base(Protocol):
    """The weights that an adapter belongs to; `model` of a run's configuration is one."""

    @property
    def path(self) -> str | None:
        """A Hub id or a local folder."""

    @property
    def revision(self) -> str | None:
        """Branch, tag or commit on the Hub."""

    @property
    def quantization(self) -> str | None:
        """How they were held while the adapter was trained: `nf4`, or null."""

    @property
    def trust_remote_code(self) -> bool:
        """Whether the model's own code may run."""


def adapter_config(config: ModelConfig) -> LoraConfig | None:
    """Return peft's configuration of the adapter, or None when all weights are trained."""
    if config.adapter == "full":
        return None
    return LoraConfig(
        r=config.lora.r,
        lora_alpha=config.lora.alpha,
        lora_dropout=config.lora.dropout,
        target_modules=config.lora.target_modules,
        task_type="CAUSAL_LM",
    )


def check_targets(config: ModelConfig, model: Any) -> None:
    """Refuse an adapter of projections that this model does not have. Raises ConfigError."""
    if problems := [*target_problems(config, model)]:
        raise ConfigError(problems)


def target_problems(config: ModelConfig, model: Any) -> Iterator[Problem]:
    """Yield the adapted projections that this model does not have."""
    wanted = config.lora.target_modules
    if config.adapter == "full" or wanted == _ALL:
        return
    names = [name for name, _ in model.named_modules()]
    there = {name.rpartition(".")[2] for name in names}
    if isinstance(wanted, str):  # a pattern: peft has it match a layer's whole path
        missing = [] if any(re.fullmatch(wanted, name) for name in names) else [wanted]
    else:
        missing = [name for name in wanted if name.rpartition(".")[2] not in there]
    if missing:
        linears = {
            name.rpartition(".")[2]
            for name, layer in model.named_modules()
            if isinstance(layer, torch.nn.Linear)
        } - {"lm_head"}
        yield Problem(
            f"model.lora.target_modules={wanted}",
            f"this model has no {', '.join(missing)}; {did_you_mean(missing[0], linears)}, or "
            f"{_ALL}",
        )


def save_adapter(model: Any, folder: Path, base: str, tokenizer: Any = None) -> None:
    """Write the adapter in peft's layout, naming the base that it belongs to.

    The tokenizer goes with it, since training may have given it tokens or a chat template.

    A folder is named by its whole path: from elsewhere another might be found, or the Hub asked.
    """
    place = Path(base).expanduser()
    with whole_folder(folder) as draft, policy_only(model):
        model.save_pretrained(draft)
        settings = draft / "adapter_config.json"
        values = json.loads(settings.read_text(encoding="utf-8"))
        values["base_model_name_or_path"] = str(place.resolve()) if place.is_dir() else base
        settings.write_text(json.dumps(values, indent=2), encoding="utf-8")
        held = "nf4" if getattr(model, "is_loaded_in_4bit", False) else None
        write_origin(draft, Origin(held))
        if tokenizer is not None:
            tokenizer.save_pretrained(draft)


def with_adapter(base: Policy, adapter: Path, trust_remote_code: bool = False) -> Policy:
    """Put an adapter onto its base, with the vocabulary and the tokenizer it was trained with."""
    fit_vocabulary(adapter, base.model)
    model = PeftModel.from_pretrained(base.model, adapter)
    return Policy(model, tokenizer_beside(adapter, base.tokenizer, trust_remote_code))


def merge_adapter(adapter: Path, config: Base, trained: Any) -> Policy:
    """Fold the adapter into a fresh copy of the base, in the base's own number format.

    A fresh copy, because unloading an adapter from the model under training would leave the
    optimizer and the trainer with parameters that no longer exist; in main memory, because the
    device still holds that model. Only the values of a 4-bit base are taken from `trained`: the
    adapter was fitted to what they were rounded to, on the device where that was done.
    """
    if config.path is None:
        raise ValueError("an adapter can only be merged into a model that has a path")
    base = load_policy(config.path, AS_STORED, config.revision, config.trust_remote_code)
    if config.quantization:
        copy_dequantized(trained, base.model)
    adapted = with_adapter(base, adapter, config.trust_remote_code)
    _untie(adapted.model)
    return Policy(adapted.model.merge_and_unload(), adapted.tokenizer)


def _untie(model: Any) -> None:
    """Give the head weights of its own where the adapter changes one of two that are tied.

    In training it changes what one of the two computes; folded into weights that both have, it
    would change the other as well.
    """
    plain = model.get_base_model()
    layers = [plain.get_input_embeddings(), plain.get_output_embeddings()]
    embedding, head = (getattr(layer, "base_layer", layer) for layer in layers)
    tied = head is not None and head.weight is embedding.weight
    if tied and any(isinstance(layer, BaseTunerLayer) for layer in layers):
        head.weight = torch.nn.Parameter(head.weight.detach().clone())
        plain.config.tie_word_embeddings = False

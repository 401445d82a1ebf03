"""A model's card, made of the run's own files: every figure in it was measured or set."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from whetstone.finetuning.publish.card_head import card_head
from whetstone.finetuning.publish.parts import hub_id
from whetstone.finetuning.report.outcome import banner, comparisons, headline, notes
from whetstone.finetuning.report.read import Run
from whetstone.finetuning.report.wording import duration

_HIDDEN = ("_url", "_env", "cache")
"""Ends of settings that are about this machine or its network."""
_SHOWN = ("seed", "model", "data", "algo", "reward")
_DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class About:
    """What a card says besides what the run's folder does."""

    repo: str
    base: str | None
    """The base's Hub id."""
    licence: Mapping[str, str]
    has_adapter: bool
    mlx: tuple[str, ...]
    """Folders of the repository that hold the model for MLX."""
    epoch: int | None
    chat: bool
    """Whether the tokenizer has a chat template."""
    prompt: str
    """One that it can answer."""


def model_card(
    run: Run, config: Mapping[str, Any], manifest: Mapping[str, Any], about: About
) -> str:
    """Return README.md.

    Args:
        run: the finished run.
        config: config.yaml.
        manifest: manifest.json.
        about: what is published.

    """
    sections = (
        f"# {about.repo.partition('/')[2]}\n\n{_opening(run, config, about)}",
        _results(run, about),
        _usage(about, config["model"]["quantization"]),
        _training(run, config, manifest),
        _merge_of(run),
        f"## Settings\n\n```yaml\n{yaml.safe_dump(_settings(config, about), sort_keys=False)}```",
        _licence(about),
    )
    tags = ["trl", config["algo"]["name"], "code"]
    # The figures are of the finished model, and say nothing of an epoch's or a check's.
    scores = {} if about.epoch or run.is_debug else run.summary.after or {}
    head = card_head(about.repo, about.base, about.licence, tags, scores)
    return f"---\n{head}\n---\n\n" + "\n\n".join(filter(None, sections)) + "\n"


def merged_card(found: Mapping[str, Any], quantization: str | None, about: About) -> str:
    """Return README.md of a model that has no run: an adapter folded into its base.

    Args:
        found: what the merge gate found.
        quantization: how the base was held while the adapter was trained.
        about: what is published.

    """
    held = f", held in {quantization} as it was in training" if quantization else ""
    base = f"{_base(about)}{held}, with a LoRA adapter folded in by Whetstone."
    sections = (
        f"# {about.repo.partition('/')[2]}\n\n{base}",
        _usage(about, quantization),
        _merge(found["kl"], found["max_logit_difference"]),
        _licence(about),
    )
    head = card_head(about.repo, about.base, about.licence, ["code"], {})
    return f"---\n{head}\n---\n\n" + "\n\n".join(sections) + "\n"


def _base(about: About) -> str:
    return f"[{about.base}](https://huggingface.co/{about.base})" if about.base else "A model"


def _opening(run: Run, config: Mapping[str, Any], about: About) -> str:
    rewards = _names(config["reward"]) if config["reward"] else "none"
    trained = f"{_base(about)}, trained with `{run.summary.algo}` on `{config['data']['name']}`"
    which = f" These are the weights after epoch {about.epoch}." if about.epoch else ""
    warning = f"> **{told}**\n\n" if (told := banner(run)) else ""
    return f"{warning}{trained} (reward: {rewards}) by Whetstone.{which}\n\n{headline(run)}"


def _results(run: Run, about: About) -> str:
    rows = [
        (row.task, row.measure, row.before, row.after, row.difference, row.interval)
        for row in comparisons(run)
    ]
    told = "\n".join(f"- {note}" for note in notes(run))
    if not rows:
        return f"## Results\n\n{told}"
    head = ("task", "measure", "before", "after", "difference", "95 % interval")
    whose = (
        "Of the finished model, not of these weights, which are those of an earlier epoch.\n\n"
        if about.epoch
        else ""
    )
    return f"## Results\n\n{whose}{_table(head, rows)}" + (f"\n\n{told}" if told else "")


def _usage(about: About, quantization: str | None) -> str:
    return (
        "## Usage\n\n"
        "```python\n"
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        f'tokenizer = AutoTokenizer.from_pretrained("{about.repo}")\n'
        f'model = AutoModelForCausalLM.from_pretrained("{about.repo}")\n'
        f"{_prompt(about)}"
        "print(tokenizer.decode(model.generate(**prompt, max_new_tokens=64)[0]))\n"
        f"```{_peft(about, quantization) if about.has_adapter else ''}\n\n{_mlx(about)}"
    )


def _prompt(about: About) -> str:
    """Ask for something that this model can write, in the form that it was trained on."""
    text = json.dumps(about.prompt)
    if not about.chat:
        return f'prompt = tokenizer({text}, return_tensors="pt")\n'
    return (
        f'messages = [{{"role": "user", "content": {text}}}]\n'
        "prompt = tokenizer.apply_chat_template(\n"
        '    messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"\n'
        ")\n"
    )


def _peft(about: About, quantization: str | None) -> str:
    held = (
        f"\n\nIt was trained on a base held in {quantization}, and belongs to those rounded "
        "weights, which the merged model has; on the unrounded base it is another model."
        if quantization
        else ""
    )
    return (
        "\n\nThe adapter alone, on its base:\n\n"
        "```python\n"
        "from peft import AutoPeftModelForCausalLM\n\n"
        f'model = AutoPeftModelForCausalLM.from_pretrained("{about.repo}", subfolder="adapter")\n'
        f"```{held}"
    )


def _mlx(about: About) -> str:
    if not about.mlx:
        return "With MLX: `whetstone export mlx` makes the form for it; there is none here."
    name = about.repo.partition("/")[2]
    calls = "\n".join(
        f'hf download {about.repo} --include "{folder}/*" --local-dir {name}\n'
        f"mlx_lm.generate --model {name}/{folder} "
        f"--prompt {shlex.quote(about.prompt)}"
        for folder in about.mlx
    )
    return f"With MLX:\n\n```\n{calls}\n```"


def _training(run: Run, config: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    model, args = config["model"], config["algo"]["args"]
    lora = model.get("lora") or {}
    adapter = (
        f"LoRA, r {lora.get('r')}, alpha {lora.get('alpha')}, dropout {lora.get('dropout')}"
        if model["adapter"] == "lora"
        else "none: all weights"
    )
    packages = manifest.get("packages", {})
    rows = {
        "algorithm": run.summary.algo,
        "data": config["data"]["name"],
        "reward": _names(config["reward"]) if config["reward"] else _DASH,
        "steps": f"{run.steps:,}",
        "learning rate": args.get("learning_rate"),
        "batch (per device, accumulated)": (
            f"{args.get('per_device_train_batch_size')}, {args.get('gradient_accumulation_steps')}"
        ),
        "completions of a prompt": args.get("num_generations"),
        "KL coefficient": args.get("beta"),
        "adapter": adapter,
        "base held in": model.get("quantization"),
        "seed": config["seed"],
        "device": manifest.get("device"),
        "time of training": duration(run.summary.seconds.total),
        "versions": ", ".join(f"{name} {version}" for name, version in packages.items()),
    }
    told = [(name, str(value)) for name, value in rows.items() if value not in (None, "")]
    return f"## Training\n\n{_table(('', ''), told)}"


def _merge_of(run: Run) -> str:
    found = run.summary.merge
    return _merge(found.kl, found.max_logit_difference) if found is not None else ""


def _merge(kl: float, largest: float) -> str:
    return (
        "## The merge\n\nThe adapter is folded into the weights. The merged model, loaded by plain "
        f"transformers, differs from the trained one by a KL of {kl:.3g} nats per token "
        f"(largest difference of logits {largest:.3g}); `merge.json` has the bound that it had to "
        "keep."
    )


def _licence(about: About) -> str:
    if about.licence:
        name = about.licence.get("license_name") or about.licence["license"]
        also = " What the base asks for holds as well." if about.base else ""
        return f"## Licence\n\n{name}.{also}"
    return (
        "## Licence\n\nNot stated here: see the card of the base, whose terms hold for this model "
        "as well."
        if about.base
        else "## Licence\n\nNot stated."
    )


def _settings(config: Mapping[str, Any], about: About) -> dict[str, Any]:
    shown = {name: _without_places(config[name]) for name in _SHOWN if name in config}
    path = shown["model"]["path"]
    if path is not None and path != about.base:  # a folder's, though it may look like a Hub id
        shown["model"]["path"] = Path(path).name
    return shown


def _without_places(value: Any) -> Any:
    """Leave out what is about this machine: addresses, and where a file or folder lies on it."""
    if isinstance(value, Mapping):
        return {
            key: _without_places(entry)
            for key, entry in value.items()
            if not str(key).endswith(_HIDDEN)
        }
    if isinstance(value, list):
        return [_without_places(entry) for entry in value]
    is_place = isinstance(value, str) and _looks_like_a_place(value)
    return Path(value).name if is_place else value


def _looks_like_a_place(value: str) -> bool:
    """Tell a path from a Hub id, which has one slash too, and from texts, which have spaces."""
    if value.startswith(("~", "./", "../")) or Path(value).is_absolute():
        return True
    return "/" in value and not re.search(r"\s", value) and hub_id(value) is None


def _names(rewards: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in rewards)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

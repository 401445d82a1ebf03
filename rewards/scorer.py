"""A model that scores sequences: its heads, and its folder, which loads as what was saved.

transformers reloads a folder with another head than the linear one by making a fresh linear head,
with a warning at most. So a folder with an MLP has no config.json of its own: the base lies in
`base/`, the head beside it, and whoever loads it as a plain model is told that there is none. A
folder with a linear head is a plain transformers folder.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

Head = Literal["linear", "mlp"]

MARK = "reward_model.json"
"""Says which head a folder has; every folder of a reward model has one."""
_BASE = "base"
_WEIGHTS = "head.safetensors"
_NO_FILES: Mapping[str, str] = MappingProxyType({})


class MlpHead(nn.Sequential):
    """Linear, ReLU, Linear: hidden state (.., H) to score (.., 1), H / 2 wide in between."""

    def __init__(self, hidden_size: int) -> None:
        middle = max(1, hidden_size // 2)
        super().__init__(nn.Linear(hidden_size, middle), nn.ReLU(), nn.Linear(middle, 1))


@dataclass(frozen=True)
class Scorer:
    """A sequence classifier with one label, and its tokenizer."""

    model: Any
    tokenizer: Any

    def read(self, texts: list[str]) -> list[list[int]]:
        """Return the token ids of texts, with what the tokenizer puts before and after one."""
        ids: list[list[int]] = self.tokenizer(texts)["input_ids"]
        return ids


def make_scorer(folder: Path, head: Head, *, seed: int, **loading: Any) -> Scorer:
    """Put a new head on a language model. The MLP's base is frozen.

    Args:
        folder: a causal language model with its tokenizer.
        head: which head.
        seed: of the head's weights.
        loading: what `from_pretrained` takes: `dtype`, `trust_remote_code`.

    """
    trusted = loading.get("trust_remote_code", False)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trusted)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1, **loading)
        if head == "mlp":
            model.requires_grad_(False)
            size = model.config.get_text_config().hidden_size
            model.score = MlpHead(size).to(model.dtype)
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    return Scorer(model, tokenizer)


def save_scorer(scorer: Scorer, folder: Path, files: Mapping[str, str] = _NO_FILES) -> None:
    """Write model, tokenizer and other files; all or nothing, also when killed midway.

    Args:
        scorer: what is written.
        folder: made here.
        files: name to content of what else lies in it.

    """
    partial = folder.with_name(folder.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    model = scorer.model
    if isinstance(model.score, MlpHead):
        state = {name: value for name, value in model.state_dict().items() if "score." not in name}
        model.save_pretrained(partial / _BASE, state_dict=state)
        head = {name: value.cpu().contiguous() for name, value in model.score.state_dict().items()}
        save_file(head, partial / _WEIGHTS)
    else:
        model.save_pretrained(partial)
    scorer.tokenizer.save_pretrained(partial)
    kind: Head = "mlp" if isinstance(model.score, MlpHead) else "linear"
    (partial / MARK).write_text(json.dumps({"head": kind}) + "\n", encoding="utf-8")
    for name, content in files.items():
        (partial / name).write_text(content, encoding="utf-8")
    partial.rename(folder)


def load_scorer(folder: Path) -> Scorer:
    """Load what `save_scorer` wrote, ready to score.

    Raises:
        ValueError: the folder holds no reward model.

    """
    if not (folder / MARK).is_file():
        raise ValueError(f"{folder} holds no reward model: it has no {MARK} (train: algo=reward)")
    head: Head = json.loads((folder / MARK).read_text(encoding="utf-8"))["head"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if head == "linear":
        model = AutoModelForSequenceClassification.from_pretrained(folder)
    else:
        config = AutoConfig.from_pretrained(folder / _BASE)
        model = AutoModelForSequenceClassification.from_pretrained(folder / _BASE, config=config)
        model.score = MlpHead(config.get_text_config().hidden_size).to(model.dtype)
        model.score.load_state_dict(load_file(folder / _WEIGHTS))
    return Scorer(model.eval(), tokenizer)


@torch.no_grad()
def score(
    scorer: Scorer, rows: list[list[int]], batch_size: int, max_length: int | None
) -> list[float]:
    """Return one score per row: the token ids of prompt, completion and end of text.

    Args:
        scorer: The model and its tokenizer.
        rows: N rows of token ids.
        batch_size: Rows that are computed at the same time.
        max_length: In tokens; a longer row loses its beginning, so that its end is still judged.

    Returns:
        N scores, as the model's head gives them (logits).

    """
    scores: list[float] = []
    for start in range(0, len(rows), batch_size):
        scores += logits_of(scorer, rows[start : start + batch_size], max_length).tolist()
    return scores


def logits_of(scorer: Scorer, rows: list[list[int]], max_length: int | None) -> torch.Tensor:
    """Return the scores (B,) of one batch, in float32, as `score` does, with their gradient."""
    device = next(scorer.model.parameters()).device
    ids = [row[-max_length:] if max_length else row for row in rows]
    batch = scorer.tokenizer.pad({"input_ids": ids}, padding_side="right", return_tensors="pt")
    logits_B_1: torch.Tensor = scorer.model(
        input_ids=batch["input_ids"].to(device),
        attention_mask=batch["attention_mask"].to(device),
        use_cache=False,
    ).logits
    return logits_B_1[:, 0].float()

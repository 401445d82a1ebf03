"""A GGUF file given as a model: converted once, to the numbers that are in it."""

import json
import shutil
import sys
from pathlib import Path

import gguf
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.config import load
from whetstone.finetuning.config.gguf_files import NoGgufError, read_header, why_not_converted
from whetstone.finetuning.config.resolve_model import resolve_model
from whetstone.finetuning.errors import ConfigError, OutsideError
from whetstone.finetuning.model.device import AS_STORED
from whetstone.finetuning.model.gguf import convert
from whetstone.finetuning.model.hub import local_folder
from whetstone.finetuning.model.policy import load_policy

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny_gguf import CHAT, tiny_llama, write_gguf

Q8 = gguf.GGMLQuantizationType.Q8_0


@pytest.fixture(scope="module")
def original():
    return tiny_llama()


@pytest.fixture(scope="module")
def written(original, tmp_path_factory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", *original)


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    """An empty folder of models."""
    monkeypatch.setenv("WHETSTONE_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


def logits(model, ids=(5, 80, 17, 200, 9, 41)):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits


@pytest.mark.usefixtures("models")
def test_it_says_what_the_model_said_that_was_written(original, written):
    policy = load_policy(str(written), AS_STORED)
    torch.testing.assert_close(logits(policy.model), logits(original[0]), atol=1e-4, rtol=1e-4)
    text = "def f(nums):\n    return sum(nums)\n"
    assert policy.tokenizer.decode(policy.tokenizer(text)["input_ids"]) == text
    assert policy.tokenizer.chat_template == CHAT
    assert policy.tokenizer.eos_token == original[1].eos_token
    assert policy.model.generation_config.eos_token_id == original[1].eos_token_id


def test_what_was_rounded_stays_as_it_was_rounded(original, tmp_path):
    file = write_gguf(tmp_path / "tiny.q8_0.gguf", *original, kind=Q8)
    folder = tmp_path / "folder"
    folder.mkdir()
    convert(file, folder)
    theirs = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    ours = AutoModelForCausalLM.from_pretrained(folder)
    torch.testing.assert_close(logits(ours), logits(theirs), atol=1e-6, rtol=1e-6)
    apart = (logits(ours) - logits(original[0])).abs().max().item()
    assert 0 < apart < 1


def test_it_is_converted_once_for_what_is_in_it(written, models, tmp_path):
    folder = local_folder(str(written), None)
    made = (folder / "model.safetensors").stat().st_mtime_ns
    copy = shutil.copy(written, tmp_path / "tiny.gguf")
    assert local_folder(str(copy), None) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == made
    assert folder.parent.parent == models


def test_the_folder_may_be_moved(written, models, tmp_path):
    moved = local_folder(str(written), None).rename(tmp_path / "moved")
    for path in moved.glob("*.json"):
        assert str(models) not in path.read_text()
        assert str(written.parent) not in path.read_text()
    tokenizer = AutoTokenizer.from_pretrained(moved)
    assert tokenizer.model_max_length == 256
    config = json.loads((moved / "config.json").read_text())
    assert "quantization_config" not in config
    assert AutoModelForCausalLM.from_pretrained(moved).dtype == torch.float32


def test_the_gate_knows_it_by_its_name(written):
    found = resolve_model(str(written), f"model={written}")
    assert (found.name, found.path) == ("tiny", str(written))
    config = load([f"model={written}", "data=nano"]).main
    assert config.model.path == str(written)
    assert config.model.name == "tiny"


_NESTED = (
    (1).to_bytes(8, "little")
    + (1).to_bytes(8, "little")
    + b"x"
    + ((9).to_bytes(4, "little") + ((9).to_bytes(4, "little") + (1).to_bytes(8, "little")) * 9999)
)
"""A value of a header that is an array of arrays of arrays."""


def damaged(original, folder: Path) -> dict[str, tuple[Path, str]]:
    """Files of which nothing can be made, each with what is said of it."""
    model, tokenizer = original
    whole = write_gguf(folder / "whole.gguf", model, tokenizer)
    content = whole.read_bytes()
    files = {
        "empty": (b"", "cut off"),
        "cut": (content[:200], "cut off"),
        "other": (b"PK\x03\x04" + content[4:], "no GGUF file"),
        "long text": (content[:16] + (2**63).to_bytes(8, "little") * 2, "cut off"),
        "nested": (content[:16] + _NESTED, "cut off"),
        "old": (content[:4] + (1).to_bytes(4, "little") + content[8:], "version 1"),
    }
    found = {}
    for name, (data, told) in files.items():
        path = folder / f"{name}.gguf"
        path.write_bytes(data)
        found[name] = (path, told)
    for architecture, told in {"t5": "an encoder-decoder", "starfish": "the architecture"}.items():
        path = folder / f"{architecture}.gguf"
        found[architecture] = (write_gguf(path, model, tokenizer, architecture=architecture), told)
    return found


def test_what_cannot_be_converted_is_refused_before_torch_loads(original, tmp_path):
    for path, told in damaged(original, tmp_path).values():
        with pytest.raises(ConfigError, match=told) as caught:
            resolve_model(str(path), f"model={path}")
        assert str(path) in str(caught.value)


def test_a_part_of_a_model_is_refused(tmp_path):
    writer = gguf.GGUFWriter(tmp_path / "part.gguf", "llama")
    writer.add_uint16("split.count", 3)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    assert "one of 3 parts" in why_not_converted(tmp_path / "part.gguf")


def test_a_format_that_nothing_here_reads_is_named(written, tmp_path):
    content = bytearray(written.read_bytes())
    name = b"blk.0.ffn_up.weight"
    at = content.index(name) + len(name) + 4 + 16  # the number of dimensions, and two of them
    assert content[at : at + 4] == bytes(4), "the format of a tensor in float32 is 0"
    content[at : at + 4] = int(gguf.GGMLQuantizationType.Q8_K).to_bytes(4, "little")
    path = tmp_path / "q8_k.gguf"
    path.write_bytes(content)
    assert "Q8_K" in why_not_converted(path)
    content[at : at + 4] = (9999).to_bytes(4, "little")
    path.write_bytes(content)
    assert "format 9999 of ggml" in why_not_converted(path)


def test_a_file_that_is_not_there(tmp_path):
    (tmp_path / "tiny.gguf").touch()
    with pytest.raises(ConfigError, match=r"no such file; did you mean .*tiny\.gguf"):
        resolve_model(str(tmp_path / "tyni.gguf"), "model=...")
    with pytest.raises(ConfigError, match="no such file"):
        resolve_model("models/tiny.gguf", "model=models/tiny.gguf")


def test_the_header_of_another_file(tmp_path):
    path = tmp_path / "text.gguf"
    path.write_text("not at all")
    with pytest.raises(NoGgufError, match="no GGUF file"):
        read_header(path)


def test_a_full_disk_is_told_before_anything_is_made(written, models, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OutsideError, match="WHETSTONE_MODELS_DIR"):
        local_folder(str(written), None)
    assert not [path for path in (models / "converted").iterdir() if path.suffix == ""]


@pytest.mark.nightly
@pytest.mark.usefixtures("models")
def test_it_learns_our_small_tasks_in_its_chat_template(written, train, unmeasured):
    small = ["algo.args.max_steps=1", "algo.args.max_completion_length=8", "data.limit=4"]
    batch = [
        "algo.args.num_generations=2",
        "algo.args.per_device_train_batch_size=4",
        "algo.args.gradient_accumulation_steps=1",
    ]
    folder, report, _ = train(
        "algo=grpo", f"model={written}", "data=basics", *small, *batch, *unmeasured
    )
    assert report["status"] == "done"
    assert report["steps"] == 1
    assert (folder / "adapter" / "adapter_config.json").is_file()

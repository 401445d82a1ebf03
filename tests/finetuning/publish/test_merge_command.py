"""`whetstone merge`: adapters into bases, the gate, and what is refused before weights load."""

import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from peft import PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.artifacts.provenance import Origin, write_origin
from whetstone.finetuning.cli import main
from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_merge
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.model.adapter import adapter_config, save_adapter
from whetstone.finetuning.model.device import Device
from whetstone.finetuning.model.parity import compare, predictions
from whetstone.finetuning.model.policy import load_policy
from whetstone.finetuning.publish.merge_command import merge

CPU = Device("cpu", torch.float32, "a test")


def make_adapter(base, folder, quantization=None):
    """An adapter as a run saves it, and the model that it was trained on."""
    overrides = [f"model.path={base}", f"model.quantization={quantization or 'null'}"]
    settings = load(["model=qwen", "data=nano", "model.lora.dropout=0.0", *overrides]).main.model
    policy = load_policy(str(base), CPU, quantization=quantization)
    torch.manual_seed(0)
    model = get_peft_model(policy.model, adapter_config(settings))
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.05)
    save_adapter(model, folder, str(base))
    return SimpleNamespace(folder=folder, expected=predictions(model, policy.tokenizer))


@pytest.fixture
def adapter(qwen_folder, tmp_path):
    return make_adapter(qwen_folder, tmp_path / "adapter")


def said_by(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return predictions(AutoModelForCausalLM.from_pretrained(folder), tokenizer)


def problem(*settings):
    with pytest.raises(ConfigError) as caught:
        merge(load_merge(settings))
    return str(caught.value)


def test_the_base_is_the_one_that_the_adapter_names(adapter, tmp_path, capsys):
    main(["merge", f"adapter={adapter.folder}"])
    out = tmp_path / "adapter-merged"
    assert compare(adapter.expected, said_by(out)).kl < 1e-8
    found = json.loads((out / "merge.json").read_text())
    assert found["passed"]
    assert found["max_kl"] == 1e-4
    assert f"model: {out}" in capsys.readouterr().out


def test_a_base_that_was_held_in_four_bits_is_merged_as_it_was(qwen_folder, tmp_path):
    made = make_adapter(qwen_folder, tmp_path / "adapter", "nf4")
    out = merge(load_merge([f"adapter={made.folder}", f"out={tmp_path / 'right'}"]))
    assert compare(made.expected, said_by(out)).kl < 1e-4
    # The gate compares with the adapter on the base that it is told of: this passes, and differs.
    wrong = merge(
        load_merge([f"adapter={made.folder}", f"out={tmp_path / 'wrong'}", "quantization=none"])
    )
    assert compare(made.expected, said_by(wrong)).kl > 5e-3


def test_a_merge_that_the_gate_refuses_is_put_aside(adapter, tmp_path, capsys):
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as caught:
        main(["merge", f"adapter={adapter.folder}", f"out={out}", "max_kl=1.0e-30"])
    assert caught.value.code == 1
    assert not out.exists()
    assert (tmp_path / "out-refused" / "model.safetensors").is_file()
    told = capsys.readouterr().err
    assert "raise max_kl" in told
    assert "hooks." not in told


def test_another_base_can_be_named(adapter, qwen_folder):
    settings = adapter.folder / "adapter_config.json"
    values = json.loads(settings.read_text())
    settings.write_text(json.dumps({**values, "base_model_name_or_path": None}))
    assert "names no base" in problem(f"adapter={adapter.folder}")
    out = merge(load_merge([f"adapter={adapter.folder}", f"base={qwen_folder}"]))
    assert compare(adapter.expected, said_by(out)).kl < 1e-8


def test_a_base_of_another_shape_is_refused_before_weights_load(adapter, qwen_folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(qwen_folder / "tokenizer.json", other)
    config = json.loads((qwen_folder / "config.json").read_text())
    config |= {"hidden_size": 48, "num_hidden_layers": 1, "layer_types": ["full_attention"]}
    (other / "config.json").write_text(json.dumps(config))
    told = problem(f"adapter={adapter.folder}", f"base={other}")  # there are no weights to load
    assert f"base={other}" in told
    assert "is 48 wide here and 32 there" in told or "has no layer" in told
    assert "not the base of the adapter" in told


def test_what_is_no_adapter_is_refused(adapter, qwen_folder, tmp_path):
    assert "must be given: adapter=FOLDER" in problem("out=x")
    assert "there is no such folder" in problem("adapter=nowhere")
    assert "adapter_config.json" in problem(f"adapter={qwen_folder}")
    assert f"adapter={adapter.folder}" in problem(f"adapter={tmp_path}")  # the run's folder
    assert "no such folder" in problem(f"adapter={adapter.folder}", "base=./nowhere")
    assert "already exists" in problem(f"adapter={adapter.folder}", f"out={qwen_folder}")
    assert "did you mean `adapter`" in problem("adaptor=x")
    (adapter.folder / "adapter_model.safetensors").unlink()
    assert "no weights" in problem(f"adapter={adapter.folder}")
    config = adapter.folder / "adapter_config.json"
    (adapter.folder / "adapter_model.bin").write_bytes(b"")
    config.write_text(json.dumps({**json.loads(config.read_text()), "peft_type": "IA3"}))
    assert "only LoRA" in problem(f"adapter={adapter.folder}")


def test_an_adapter_from_elsewhere_says_nothing_of_four_bits(adapter, qwen_folder):
    (adapter.folder / "whetstone.json").unlink()
    weights = adapter.folder / "adapter_model.safetensors"
    save_file({k: v.contiguous() for k, v in load_file(weights).items()}, weights)
    out = merge(load_merge([f"adapter={adapter.folder}"]))
    base = AutoModelForCausalLM.from_pretrained(qwen_folder)
    plain = PeftModel.from_pretrained(base, adapter.folder)
    tokenizer = AutoTokenizer.from_pretrained(qwen_folder)
    assert compare(predictions(plain, tokenizer), said_by(out)).kl < 1e-8


def test_a_merged_model_is_shown_and_can_be_published_later(adapter, tmp_path, capsys):
    main(["merge", f"adapter={adapter.folder}", "repo=me/merged", "license=mit"])
    out = tmp_path / "adapter-merged"
    again = f"whetstone publish model run={out} repo=me/merged push=true"
    first = capsys.readouterr().out
    main(["publish", "model", f"run={out}", "repo=me/merged", "license=mit"])
    for said in (first, capsys.readouterr().out):
        assert "model me/merged, private" in said
        assert "license: mit" in said
        assert "differs from the trained one by a KL of" in said
        assert str(tmp_path) not in said.split("README.md:")[1].split("A dry run")[0]
        assert again in said


def test_the_card_of_a_merged_model_names_its_base(adapter, tmp_path, capsys):
    out = merge(load_merge([f"adapter={adapter.folder}", f"out={tmp_path / 'out'}"]))
    write_origin(out, Origin("nf4", "owner/base"))  # as of an adapter that names a base on the Hub
    main(["publish", "model", f"run={out}", "repo=me/merged"])
    said = capsys.readouterr().out
    assert "base_model: owner/base" in said
    assert "held in nf4 as it was in training" in said
    assert "see the card of the base" in said


def test_pushing_needs_a_place_and_a_token(adapter):
    assert "add repo=OWNER/NAME" in problem(f"adapter={adapter.folder}", "push=true")
    assert "must be OWNER/NAME" in problem(f"adapter={adapter.folder}", "repo=merged")
    told = problem(f"adapter={adapter.folder}", "repo=me/merged", "push=true")
    assert "HF_HUB_OFFLINE=1" in told  # before anything is merged
    assert not adapter.folder.with_name("adapter-merged").exists()

"""The MLX form of a model: read by mlx_lm alone, it says what the model says."""

import shutil
from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.cli import main
from whetstone.rewards.extras import not_installed

mx = pytest.importorskip("mlx.core", reason=not_installed("mlx", "mlx"))
mlx_lm = pytest.importorskip("mlx_lm", reason=not_installed("mlx-lm", "mlx"))

IDS = [[5, 9, 13, 40, 77, 301, 4, 18]]


@pytest.fixture
def folder(qwen_folder, tmp_path):
    """A model whose rotary base is not mlx-lm's default."""
    target = tmp_path / "model"
    shutil.copytree(qwen_folder, target)
    model = AutoModelForCausalLM.from_pretrained(qwen_folder)
    model.config.rope_parameters["rope_theta"] = 3000.0
    model.save_pretrained(target)
    return target


def logits_of(folder):
    with torch.no_grad():
        return AutoModelForCausalLM.from_pretrained(folder)(torch.tensor(IDS)).logits


def read_by_mlx(folder):
    model, tokenizer = mlx_lm.load(str(folder))
    return torch.tensor(model(mx.array(IDS)).astype(mx.float32).tolist()), tokenizer


def test_it_says_what_the_model_says(folder, tmp_path, capsys):
    main(["export", "mlx", str(folder)])
    target = tmp_path / "model-mlx"
    assert capsys.readouterr().out.strip().endswith(str(target))
    found, tokenizer = read_by_mlx(target)
    torch.testing.assert_close(found, logits_of(folder), atol=1e-4, rtol=0)
    assert tokenizer.encode("def f(") == AutoTokenizer.from_pretrained(folder).encode("def f(")


def test_rounded_weights_are_near_and_smaller(folder, tmp_path):
    sizes, apart = [], []
    for bits in (8, 4):
        target = tmp_path / f"in-{bits}"
        main(["export", "mlx", str(folder), "--bits", str(bits), "--output", str(target)])
        found, _ = read_by_mlx(target)
        apart.append((found - logits_of(folder)).abs().mean().item())
        sizes.append((target / "model.safetensors").stat().st_size)
    assert 0 < apart[0] < apart[1]
    assert (folder / "model.safetensors").stat().st_size > sizes[0] > sizes[1]


def test_a_runs_folder_stands_for_its_finished_model(folder, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(folder, run / "merged")
    main(["export", "mlx", str(run)])
    assert (run / "merged-mlx" / "config.json").is_file()


def test_what_is_no_model_or_exists_is_refused(folder, tmp_path, capsys):
    for arguments, words in (
        ([str(tmp_path)], "no folder of a model"),
        ([str(folder), "--output", str(folder)], "choose another place"),
    ):
        with pytest.raises(SystemExit) as left:
            main(["export", "mlx", *arguments])
        assert left.value.code == 2
        assert words in capsys.readouterr().err


def test_a_form_comes_and_goes_with_its_checkpoint(folder, tmp_path):
    from whetstone.finetuning.hooks.export import ExportMLXCallback

    policy = get_peft_model(
        AutoModelForCausalLM.from_pretrained(folder), LoraConfig(target_modules="all-linear")
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    checkpoints, forms = tmp_path / "checkpoints", tmp_path / "mlx"
    callback = ExportMLXCallback(tokenizer, forms, checkpoints)
    for step, kept in ((2, [2]), (4, [2, 4]), (6, [4, 6])):
        for number in kept:
            (checkpoints / f"checkpoint-{number}").mkdir(parents=True, exist_ok=True)
        shutil.rmtree(checkpoints / f"checkpoint-{step - 4}", ignore_errors=True)
        with torch.no_grad():
            for name, weight in policy.named_parameters():
                if "lora_B" in name:
                    weight.add_(0.2 * torch.randn_like(weight))
        state = SimpleNamespace(global_step=step, is_world_process_zero=True)
        callback.on_save(None, state, None, model=policy)
        assert {form.name for form in forms.iterdir()} == {f"step-{number}" for number in kept}
    with torch.no_grad():
        expected = policy.eval()(torch.tensor(IDS)).logits
    torch.testing.assert_close(read_by_mlx(forms / "step-6")[0], expected, atol=1e-4, rtol=0)

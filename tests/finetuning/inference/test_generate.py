"""`whetstone generate`: prompts as they are typed, the sampler of training, templates."""

import io
import shutil
from importlib.util import find_spec

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.cli import main

ARGUMENTS = ("max_new_tokens=8", "device=cpu")


def generate(capsys, *arguments):
    capsys.readouterr()
    main(["generate", *ARGUMENTS, *arguments])
    return capsys.readouterr().out


def failure(capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        main(["generate", *ARGUMENTS, *arguments])
    assert caught.value.code == 2
    return capsys.readouterr().err


def greedy(folder, text):
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)
    out = model.generate(**ids, max_new_tokens=8, do_sample=False)[0, ids["input_ids"].shape[1] :]
    ended = out.tolist().index(tokenizer.eos_token_id) if tokenizer.eos_token_id in out else 8
    return tokenizer.decode(out[:ended])


def test_one_prompt_gives_the_completion_alone(qwen_folder, capsys):
    prompt = 'def f(nums, k="a"):\n'  # what a reader of settings would choke on
    out = generate(capsys, f"model={qwen_folder}", f"prompt={prompt}", "temperature=0")
    assert out == greedy(qwen_folder, prompt) + "\n"


def test_several_prompts_and_samples_say_which_is_which(qwen_folder, capsys):
    asked = (f"model={qwen_folder}", "prompt=def f(a):", "prompt=return", "samples=2")
    out = generate(capsys, *asked)
    heads = [line for line in out.splitlines() if line.startswith("--- ")]
    assert heads == [f"--- prompt {p}, sample {s} ---" for p in (1, 2) for s in (1, 2)]
    assert generate(capsys, *asked) == out
    assert generate(capsys, *asked, "seed=1") != out


def test_a_prompt_from_standard_input(qwen_folder, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("def g(x):\n"))
    out = generate(capsys, f"model={qwen_folder}", "prompt=-", "temperature=0")
    assert out == greedy(qwen_folder, "def g(x):\n") + "\n"


def test_the_chat_template_where_there_is_one(qwen_folder, tmp_path, capsys):
    folder = shutil.copytree(qwen_folder, tmp_path / "chat")
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}<{{ m.role }}> {{ m.content }}\n{% endfor %}answer:"
    )
    asked = (f"model={folder}", "prompt=add them", "temperature=0")
    assert generate(capsys, *asked) == greedy(folder, "<user> add them\nanswer:") + "\n"
    assert generate(capsys, *asked, "chat=false") == greedy(folder, "add them") + "\n"
    assert greedy(folder, "add them") != greedy(folder, "<user> add them\nanswer:")


def test_a_stop_string_cuts(qwen_folder, capsys):
    asked = (f"model={qwen_folder}", "prompt=def f(a):", "temperature=0")
    whole = generate(capsys, *asked).removesuffix("\n")
    word = whole[len(whole) // 2]
    cut = generate(capsys, *asked, f"stop=['{word}']").removesuffix("\n")
    assert cut == whole[: whole.index(word)]


def test_mistakes_are_told_before_weights_load(qwen_folder, tmp_path, capsys):
    assert "must be given" in failure(capsys, f"model={qwen_folder}")
    told = failure(capsys, f"model={qwen_folder}", "prompts=file.txt")
    assert "prompts=file.txt: no such setting; prompt=" in told
    assert "is empty" in failure(capsys, f"model={qwen_folder}", "prompt=")
    assert "given twice" in failure(capsys, f"model={qwen_folder}", "prompt=-", "prompt=-")
    assert "did you mean `qwen`" in failure(capsys, "model=qwn", "prompt=a")
    assert "samples=0" in failure(capsys, f"model={qwen_folder}", "prompt=a", "samples=0")
    for adapter, words in ((qwen_folder, "no adapter_config.json"), ("none", "no such folder")):
        told = failure(capsys, f"model={qwen_folder}", f"adapter={adapter}", "prompt=a")
        assert f"adapter={adapter}: " in told
        assert words in told
    bare = shutil.copytree(qwen_folder, tmp_path / "bare")
    (bare / "chat_template.jinja").unlink()
    (bare / "model.safetensors").unlink()
    told = failure(capsys, f"model={bare}", "prompt=a", "chat=true")
    assert "has no chat template" in told


@pytest.mark.skipif(find_spec("mlx_lm") is None, reason="mlx-lm is not installed")
def test_mlx_writes_what_transformers_writes(qwen_folder, capsys):
    asked = (f"model={qwen_folder}", "prompt=def f(a):", "temperature=0", "load_in_4bit=true")
    assert generate(capsys, *asked, "rollout=mlx") == generate(capsys, *asked, "rollout=hf")


def test_mlx_must_be_there(qwen_folder, capsys, monkeypatch):
    monkeypatch.setattr("whetstone.finetuning.config.rules.backend.find_spec", lambda _: None)
    told = failure(capsys, f"model={qwen_folder}", "prompt=a", "rollout=mlx")
    assert "rollout=mlx: mlx-lm is not installed" in told

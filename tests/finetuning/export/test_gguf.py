"""The GGUF form, with a stand-in for llama.cpp's converter: a program beside us."""

import pytest

from whetstone.finetuning.cli import main

CONVERTER = """
import sys
folder, flag, out = sys.argv[1:]
assert flag == "--outfile"
if folder.endswith("odd"):
    sys.exit("Model OddForCausalLM is not supported")
open(out, "w").write("GGUF of " + open(folder + "/config.json").read())
"""


CONFIG = '{"model_type": "qwen2"}'


@pytest.fixture
def folder(tmp_path):
    """A run's folder with a model that nobody loads."""
    run = tmp_path / "run"
    (run / "merged").mkdir(parents=True)
    (run / "merged" / "config.json").write_text(CONFIG)
    (run / "merged" / "tokenizer.json").write_text("{}")
    return run


@pytest.fixture
def llama_cpp(tmp_path, monkeypatch):
    place = tmp_path / "llama.cpp"
    place.mkdir()
    (place / "convert_hf_to_gguf.py").write_text(CONVERTER)
    monkeypatch.setenv("LLAMA_CPP_DIR", str(place))


def failure(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(["export", "gguf", *map(str, arguments)])
    return left.value.code, capsys.readouterr().err


@pytest.mark.usefixtures("llama_cpp")
def test_llama_cpps_own_converter_writes_it(folder, capsys):
    main(["export", "gguf", str(folder)])
    assert (folder / "merged.gguf").read_text() == f"GGUF of {CONFIG}"
    assert capsys.readouterr().out.strip() == str(folder / "merged.gguf")
    code, said = failure(capsys, folder)
    assert (code, "already exists" in said) == (2, True)


@pytest.mark.usefixtures("llama_cpp")
def test_a_model_that_it_refuses_leaves_nothing(folder, capsys):
    odd = (folder / "merged").rename(folder / "odd")
    code, said = failure(capsys, odd)
    assert code == 3
    assert "Model OddForCausalLM is not supported" in said
    assert [path.name for path in folder.iterdir()] == ["odd"]


@pytest.mark.usefixtures("llama_cpp")
def test_a_folder_that_is_no_whole_model_never_meets_the_converter(folder, capsys):
    (folder / "merged" / "tokenizer.json").unlink()
    code, said = failure(capsys, folder)
    assert (code, "has no tokenizer" in said) == (2, True)


def test_without_the_converter_it_says_where_it_comes_from(folder, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("LLAMA_CPP_DIR", raising=False)
    code, said = failure(capsys, folder)
    assert (code, "LLAMA_CPP_DIR" in said) == (2, True)
    code, said = failure(capsys, folder, "--bits", "4")
    assert (code, "llama-quantize" in said) == (2, True)

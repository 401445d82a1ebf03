"""A model's folder is looked into before torch loads: broken files, and lengths beyond its own."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from whetstone.finetuning.config import load
from whetstone.finetuning.config.model_files import context_of, vocabulary_of, why_broken
from whetstone.finetuning.config.rules.model import lengths_fit_context
from whetstone.finetuning.config.rules.outside import files_exist


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, model_type="qwen2", max_position_embeddings=256, vocab_size=276)
    (tmp_path / "tokenizer.json").write_text("{}")
    save_file({"weight": np.zeros(64, np.float32)}, tmp_path / "model.safetensors")
    return tmp_path


def write(folder, **settings):
    (folder / "config.json").write_text(json.dumps(settings))


@pytest.fixture(scope="module")
def sampling():
    return load(["model=qwen", "algo=grpo", "data=nano"]).main


@pytest.fixture(scope="module")
def supervised():
    return load(["model=qwen", "algo=sft", "data=nano"]).main


def on(config, folder, **args):
    """The configuration with another model, and other arguments of TRL."""
    model = config.model.model_copy(update={"path": folder and str(folder)})
    algo = config.algo.model_copy(update={"args": {**config.algo.args, **args}})
    return config.model_copy(update={"model": model, "algo": algo})


def test_a_whole_folder_is_fine(folder, sampling):
    assert why_broken(folder) is None
    assert [*files_exist(on(sampling, folder))] == []
    assert (context_of(folder), vocabulary_of(folder)) == (256, 276)


def test_weights_that_were_cut_off(folder, sampling):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    (problem,) = files_exist(on(sampling, folder))
    assert problem.setting == f"model.path={folder}"
    assert "model.safetensors is cut off" in problem.message


@pytest.mark.parametrize("text", ['{"model_type": "qw', "[]"])
def test_settings_that_are_none(folder, sampling, text):
    (folder / "config.json").write_text(text)
    (problem,) = files_exist(on(sampling, folder))
    assert "config.json is no JSON object; copy or download it again" in problem.message
    assert context_of(folder) is None


def test_settings_of_no_model(folder):
    write(folder, vocab_size=276)
    assert "config.json names no model_type" in (why_broken(folder) or "")
    write(folder, auto_map={"AutoConfig": "mine.Config"})
    assert why_broken(folder) is None


def test_a_part_of_the_weights_that_is_missing(folder):
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "names model-2.safetensors, which is not there" in (why_broken(folder) or "")


def test_completions_leave_room_for_a_prompt(folder, sampling):
    (problem,) = lengths_fit_context(on(sampling, folder, max_completion_length=256))
    assert problem.setting == "algo.args.max_completion_length=256"
    assert "reads 256 tokens" in problem.message
    assert "at most 255" in problem.message
    assert [*lengths_fit_context(on(sampling, folder, max_completion_length=255))] == []
    (problem,) = lengths_fit_context(on(sampling, None, max_completion_length=5000))  # nano
    assert "reads 256 tokens" in problem.message


def test_rows_are_no_longer_than_the_context(folder, supervised):
    (problem,) = lengths_fit_context(on(supervised, folder))
    assert problem.setting == "algo.args.max_length=1024"
    assert "at most 256" in problem.message
    assert [*lengths_fit_context(on(supervised, folder, max_length=256))] == []


@pytest.mark.parametrize(
    ("settings", "context"),
    [
        ({"n_positions": 1024}, 1024),
        ({"max_position_embeddings": 32, "rope_scaling": {"type": "linear", "factor": 4.0}}, 128),
        (
            {
                "max_position_embeddings": 131072,
                "rope_parameters": {"factor": 8.0, "original_max_position_embeddings": 8192},
            },
            131072,
        ),
        (
            {
                "max_position_embeddings": 64,
                "rope_parameters": {"full": {"factor": 2.0}, "near": {"rope_type": "default"}},
            },
            128,
        ),
        ({"text_config": {"max_position_embeddings": 77}}, 77),
        ({"is_encoder_decoder": True, "n_positions": 512}, None),
        ({"model_type": "bloom"}, None),
    ],
)
def test_what_a_model_reads(tmp_path, settings, context):
    write(tmp_path, **settings)
    assert context_of(tmp_path) == context

import json
from importlib.util import find_spec

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.training.stage_cache import content_hash


def base(*overrides):
    return content_hash(load(["debug=true", *overrides]).stages[0].config)


def run(*overrides):
    return content_hash(load(["debug=true", *overrides]).main)


def test_what_the_base_model_depends_on():
    first = base()
    assert base() == first
    assert base("seed=1") != first
    assert base("hooks.early_stop.patience=1") != first
    assert base("pipeline.stages.base.set.algo.args.learning_rate=1.0e-4") != first
    assert base("pipeline.stages.base.set.data.corpus_size=99") != first
    assert base("pipeline.stages.base.set.data.limit=7") != first


def test_what_the_base_model_does_not_depend_on():
    first = base()
    assert base("reward=random") == first
    assert base("model.lora.r=8") == first
    assert base("algo.args.beta=0.1") == first
    assert base("hooks.evaluate.samples=9", "tracker=none") == first


@pytest.mark.skipif(find_spec("mlx_lm") is None, reason="mlx-lm is not installed")
def test_the_sampler_counts_where_something_is_sampled():
    assert base("backend.rollout=mlx") == base()  # nobody looks at the base while it is trained
    assert run("backend.rollout=mlx") != run()


def test_a_stage_that_samples_depends_on_its_reward():
    assert run() != run("reward=random")


def test_the_content_of_a_file_counts_and_not_its_name(tmp_path):
    row = {"prompt": "p", "completion": "c"}
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(json.dumps(row) + "\n")
    two.write_text(json.dumps(row) + "\n")

    def of(path):
        # The path is no part of the hash: only what it holds.
        return run("model=qwen", "algo=sft", "data=jsonl", f"data.train={path}")

    before = of(one)
    assert of(two) == before
    two.write_text(json.dumps({**row, "completion": "d"}) + "\n")
    assert of(two) != before


def test_a_model_that_was_replaced_in_its_folder(qwen_folder, tmp_path):
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(qwen_folder, folder)
    before = run("model=qwen", f"model.path={folder}", "data=nano")
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert run("model=qwen", f"model.path={folder}", "data=nano") != before

"""What a run leaves loads without us: in plain peft and plain transformers, and in mlx_lm.

Each in a process of its own that cannot import anything of ours.
"""

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest

CANNOT_IMPORT_US = """
import sys
class Nothing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "whetstone":
            raise ImportError(name)
sys.meta_path.insert(0, Nothing())
"""
WITH_PEFT = """
import json, sys, numpy, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
run, out, ids = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
base = json.load(open(f"{run}/adapter/adapter_config.json"))["base_model_name_or_path"]
AutoTokenizer.from_pretrained(base)
fresh = AutoModelForCausalLM.from_pretrained(base)
with_adapter = PeftModel.from_pretrained(fresh, f"{run}/adapter")
merged = AutoModelForCausalLM.from_pretrained(f"{run}/merged")
plain = AutoModelForCausalLM.from_pretrained(base)
AutoTokenizer.from_pretrained(f"{run}/merged")
with torch.no_grad():
    models = {"adapter": with_adapter, "merged": merged, "base": plain}
    logits = {name: m.eval()(torch.tensor([ids])).logits[0].numpy() for name, m in models.items()}
numpy.savez(out, **logits)
"""
WITH_MLX = """
import json, sys, numpy
from pathlib import Path
import mlx.core as mx
from mlx_lm.utils import load_model
model, _ = load_model(Path(sys.argv[1]))
logits = model(mx.array([json.loads(sys.argv[3])]))[0]
numpy.savez(sys.argv[2], mlx=numpy.array(logits.astype(mx.float32)))
"""
pytestmark = pytest.mark.nightly
IDS = list(range(2, 40))


def logits_from(script, folder, out):
    command = [sys.executable, "-c", CANNOT_IMPORT_US + script, str(folder), str(out)]
    done = subprocess.run(
        [*command, json.dumps(IDS)], cwd=out.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return np.load(out)


@pytest.fixture(scope="module")
def trained(train_in, qwen_folder, unmeasured, tmp_path_factory):
    """A run whose adapter has clearly moved."""
    folder, report, _ = train_in(tmp_path_factory.mktemp("trained"))(
        "algo=grpo",
        "model=qwen",
        f"model.path={qwen_folder}",
        "data=nano",
        "reward=random",
        "debug=true",
        "tracker=none",
        *unmeasured,
        "algo.args.max_completion_length=8",
        "algo.args.learning_rate=0.01",
        "algo.args.warmup_steps=0",
    )
    assert report["merge"]["passed"]
    return folder


def test_the_adapter_in_plain_peft_and_the_merged_model_in_plain_transformers(trained, tmp_path):
    found = logits_from(WITH_PEFT, trained, tmp_path / "plain.npz")
    np.testing.assert_allclose(found["adapter"], found["merged"], atol=1e-4)
    assert np.abs(found["adapter"] - found["base"]).max() > 1e-2


def test_our_package_is_out_of_reach_there(tmp_path):
    command = [sys.executable, "-c", CANNOT_IMPORT_US + "import whetstone"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ImportError: whetstone" in done.stderr


@pytest.mark.skipif(importlib.util.find_spec("mlx_lm") is None, reason="mlx-lm is not installed")
def test_the_merged_model_in_plain_mlx_lm(trained, tmp_path):
    merged = trained / "merged"
    expected = logits_from(WITH_PEFT, trained, tmp_path / "plain.npz")["merged"]
    found = logits_from(WITH_MLX, merged, tmp_path / "mlx.npz")["mlx"]
    np.testing.assert_allclose(found, expected, atol=1e-4)

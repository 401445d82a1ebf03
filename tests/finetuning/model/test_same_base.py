"""Whether a base is the one that an adapter was trained on, by its weights."""

import json

import pytest
import torch
from safetensors.torch import save_file

from whetstone.finetuning.model.same_base import other_base

NORM = torch.arange(4.0)
PLAIN = {"norm": NORM, "proj": torch.ones(4, 4), "scale": torch.tensor(2.0)}
PACKED = {"norm": NORM, "proj": torch.zeros(8, 1, dtype=torch.uint8)}


@pytest.mark.parametrize(
    ("given", "is_other"),
    [(PLAIN, False), (PACKED, False), ({"norm": NORM + 1}, True), ({"scale": NORM[0]}, False)],
    ids=["itself", "packed", "other", "nothing to compare"],
)
def test_a_base_is_known_by_its_weights(tmp_path, given, is_other):
    for name, weights in (("trained", PLAIN), ("given", given)):
        (tmp_path / name).mkdir()
        save_file(weights, tmp_path / name / "model.safetensors")
    (tmp_path / "adapter").mkdir()
    named = json.dumps({"base_model_name_or_path": str(tmp_path / "trained")})
    (tmp_path / "adapter" / "adapter_config.json").write_text(named)
    problems = [*other_base(tmp_path / "adapter", tmp_path / "given", "model=given")]
    assert bool(problems) is is_other

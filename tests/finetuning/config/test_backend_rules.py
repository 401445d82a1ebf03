"""What `backend.rollout` needs is asked for before any weights load."""

import pytest

from finetuning.config import load
from finetuning.errors import ConfigError


def problems_of(*overrides):
    with pytest.raises(ConfigError) as caught:
        load(list(overrides))
    return {problem.setting: problem.message for problem in caught.value.problems}


@pytest.fixture
def without_mlx(monkeypatch):
    monkeypatch.setattr("finetuning.config.rules.backend.find_spec", lambda _: None)


@pytest.mark.usefixtures("without_mlx")
@pytest.mark.parametrize("setting", ["backend.rollout=mlx", "hooks.export.mlx=true"])
def test_mlx_must_be_installed(setting):
    (message,) = [text for name, text in problems_of(setting).items() if "mlx" in name]
    assert "pip install 'whetstone[mlx]'" in message


def installed(monkeypatch, tmp_path, version):
    """Put a package of this version where Python looks first."""
    folder = tmp_path / f"vllm-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_vllm_must_be_installed():
    message = problems_of("backend.rollout=vllm")["backend.rollout=vllm"]
    assert "pip install 'whetstone[vllm]'" in message


def test_vllm_must_have_a_version_that_trl_works_with(monkeypatch, tmp_path):
    installed(monkeypatch, tmp_path, "0.10.0")
    message = problems_of("backend.rollout=vllm_server")["backend.rollout=vllm_server"]
    assert "0.10.0 is installed" in message
    assert ">=0.22.0" in message


def test_a_right_vllm_is_accepted_and_rloo_refused_with_it(monkeypatch, tmp_path):
    installed(monkeypatch, tmp_path, "0.25.1")
    assert load(["backend.rollout=vllm"]).main.backend.rollout == "vllm"
    message = problems_of("backend.rollout=vllm", "algo=rloo")["backend.rollout=vllm"]
    assert "algo=grpo" in message


def test_supervised_training_asks_for_no_vllm():
    assert load(["backend.rollout=vllm", "algo=sft"]).main.algo.name == "sft"

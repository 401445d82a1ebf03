"""What `backend.rollout` needs is asked for before any weights load."""

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError


def problems_of(*overrides):
    with pytest.raises(ConfigError) as caught:
        load(list(overrides))
    return {problem.setting: problem.message for problem in caught.value.problems}


@pytest.fixture
def without_mlx(monkeypatch):
    monkeypatch.setattr("whetstone.finetuning.config.rules.backend.find_spec", lambda _: None)


@pytest.mark.usefixtures("without_mlx")
@pytest.mark.parametrize("setting", ["backend.rollout=mlx", "hooks.export.mlx=true"])
def test_mlx_must_be_installed(setting):
    (message,) = [text for name, text in problems_of(setting).items() if "mlx" in name]
    assert ".venv/bin/pip install -e '.[mlx]'" in message


def installed(monkeypatch, tmp_path, version):
    """Put a package of this version where Python looks first."""
    folder = tmp_path / f"vllm-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_vllm_must_be_installed():
    message = problems_of("backend.rollout=vllm")["backend.rollout=vllm"]
    assert ".venv/bin/pip install -e '.[vllm]'" in message


def test_vllm_must_have_a_version_that_trl_works_with(monkeypatch, tmp_path):
    installed(monkeypatch, tmp_path, "0.10.0")
    message = problems_of("backend.rollout=vllm_server")["backend.rollout=vllm_server"]
    assert "0.10.0 is installed" in message
    assert ">=0.22.0" in message


@pytest.fixture
def with_vllm(monkeypatch, tmp_path):
    installed(monkeypatch, tmp_path, "0.25.1")


@pytest.mark.usefixtures("with_vllm")
def test_a_right_vllm_is_accepted():
    config = load(["backend=vllm", "algo.args.vllm_gpu_memory_utilization=0.4"]).main
    assert (config.backend.rollout, config.backend.device) == ("vllm", "cuda")
    load(["backend.rollout=vllm_server", "algo.args.vllm_server_port=8001"])


@pytest.mark.usefixtures("with_vllm")
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (["algo=rloo"], "no log-probabilities"),
        (["algo=ppo"], "PPO's critic"),
        (["model=qwen", "model.quantization=nf4"], "rounds a base in nf4"),
    ],
)
def test_what_trl_would_send_wrongly_is_refused(settings, reason):
    for rollout in ("vllm", "vllm_server"):
        setting = f"backend.rollout={rollout}"
        assert reason in problems_of(setting, *settings)[setting]


@pytest.mark.usefixtures("with_vllm")
@pytest.mark.parametrize(
    ("rollout", "argument", "right"),
    [
        ("hf", "vllm_gpu_memory_utilization=0.4", "it is for vllm"),
        ("vllm", "vllm_server_port=8001", "it is for vllm_server"),
        ("vllm_server", "vllm_tensor_parallel_size=2", "it is for vllm"),
    ],
)
def test_arguments_that_nothing_would_read_are_refused(rollout, argument, right):
    found = problems_of(f"backend.rollout={rollout}", f"algo.args.{argument}")
    assert found[f"algo.args.{argument}"].endswith(right)


def test_trls_correction_serves_every_sampler():
    load(["algo.args.vllm_importance_sampling_correction=false"])


def test_supervised_training_asks_for_no_vllm():
    assert load(["backend.rollout=vllm", "algo=sft"]).main.algo.name == "sft"

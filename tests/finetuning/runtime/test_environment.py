import os
import sys

import pytest

from whetstone.finetuning.config.rules import backend
from whetstone.finetuning.config.schema import DeviceConfig
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.launch import check_gpu
from whetstone.finetuning.runtime.environment import (
    share_the_cores,
    take_hub_token,
    take_one_gpu,
)


def asked_for(device):
    return DeviceConfig(name="mine", device=device, dtype="auto")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="drivers have other names")
def test_a_gpu_without_a_driver_is_refused_before_torch(tmp_path, monkeypatch):
    monkeypatch.setattr(backend, "DEVICES", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with pytest.raises(ConfigError, match="backend=mine: this machine has no driver of a CUDA"):
        check_gpu(asked_for("cuda"))
    with pytest.raises(ConfigError, match="backend=mine: this is for the GPU of an Apple computer"):
        check_gpu(asked_for("mps"))
    for device in ("auto", "cpu"):
        check_gpu(asked_for(device))
    (tmp_path / "nvidia0").touch()
    check_gpu(asked_for("cuda"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(ConfigError, match="CUDA_VISIBLE_DEVICES hides every GPU"):
        check_gpu(asked_for("cuda"))


@pytest.mark.parametrize(
    ("given", "token"),
    [
        ({"HUGGINGFACE_TOKEN": "read"}, "read"),
        ({"HUGGINGFACE_TOKEN": "read", "HF_WRITE_TOKEN": "write"}, "write"),
        ({"HF_TOKEN": "own", "HF_WRITE_TOKEN": "write"}, "own"),
        ({"HF_TOKEN": "", "HF_WRITE_TOKEN": "write"}, "write"),
        ({}, None),
    ],
)
def test_a_token_is_known_by_the_names_that_others_give_it(monkeypatch, given, token):
    for name in ("HF_TOKEN", "HF_WRITE_TOKEN", "HUGGINGFACE_TOKEN"):
        monkeypatch.setenv(name, "")  # so that whatever is set below is taken back
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    take_hub_token()
    assert os.environ.get("HF_TOKEN") == token


def test_the_users_own_policy_is_left_alone(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    share_the_cores()
    assert "GOMP_SPINCOUNT" not in os.environ
    monkeypatch.delenv("OMP_WAIT_POLICY")
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    share_the_cores()
    assert os.environ["GOMP_SPINCOUNT"] == "7"


@pytest.mark.parametrize(("visible", "taken"), [(None, "0"), ("2,3", "2"), ("1", "1"), ("", "")])
def test_one_gpu_is_taken_and_hidden_ones_stay_hidden(monkeypatch, visible, taken):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "x")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    take_one_gpu()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == taken

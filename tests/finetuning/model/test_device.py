"""`auto` takes what is there and says why; what is not there is refused."""

import pytest
import torch

from whetstone.finetuning.config.schema import DeviceConfig
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.model.device import Device, check_optimizer, choose_device
from whetstone.finetuning.rollout.engines import choose_rollout, vllm_arguments


def backend(device="auto", dtype="auto"):
    return DeviceConfig(name=device, device=device, dtype=dtype)


@pytest.fixture
def machine(monkeypatch):
    """Say what torch would find: `machine("mps", macos=14)`."""

    def pretend(kind, macos=14):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: kind == "cuda")
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: kind == "mps")
        newer = lambda major, _minor: macos >= major  # noqa: E731
        monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", newer)
        found = object() if kind == "mps" else None
        monkeypatch.setattr("whetstone.finetuning.config.rules.backend.find_spec", lambda _: found)

    return pretend


@pytest.mark.parametrize(("macos", "dtype"), [(14, torch.bfloat16), (13, torch.float32)])
def test_an_apple_computer_trains_on_its_gpu_and_samples_with_mlx(machine, macos, dtype):
    machine("mps", macos)
    device = choose_device(backend())
    assert (device.kind, device.dtype) == ("mps", dtype)
    assert "Apple" in device.reason
    assert ("macOS 14" in device.reason) == (macos < 14)
    choice = choose_rollout("auto", device)
    assert choice.name == "mlx"
    assert choice.reason


@pytest.mark.parametrize(("emulates", "dtype"), [(True, torch.float32), (False, torch.bfloat16)])
def test_a_card_that_only_emulates_bfloat16_computes_in_float32(
    machine, monkeypatch, emulates, dtype
):
    """Turing cards answer yes to the plain question, and are slow at it."""
    machine("cuda")
    has = lambda including_emulation=True: including_emulation or not emulates  # noqa: E731
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", has)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a card")
    assert choose_device(backend()).dtype is dtype


def test_without_mlx_it_samples_with_transformers_and_says_how_to_get_it(machine):
    machine("none")
    choice = choose_rollout("auto", Device("mps", torch.float32, "test"))
    assert choice.name == "hf"
    assert "-e '.[mlx]'" in choice.reason


def test_elsewhere_transformers_samples(machine):
    machine("none")
    device = choose_device(backend())
    assert (device.kind, device.dtype) == ("cpu", torch.float32)
    assert "no GPU" in device.reason
    assert choose_rollout("auto", device).name == "hf"
    assert choose_device(backend("cpu")).reason == "asked for"


@pytest.mark.parametrize("wanted", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused(machine, wanted):
    machine("none")
    with pytest.raises(ConfigError, match=r"use backend=cpu or backend=auto"):
        choose_device(backend(wanted))


def test_an_apple_gpu_is_one(machine, monkeypatch):
    machine("mps")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="1 GPUs here"):
        choose_device(backend())


def test_paged_optimizers_need_cuda():
    with pytest.raises(ConfigError, match="not mps; use adamw_torch"):
        check_optimizer("paged_adamw_8bit", Device("mps", torch.float32, "test"))


def test_vllm_beside_the_trainer_needs_cuda_and_a_server_does_not():
    cpu = Device("cpu", torch.float32, "test")
    with pytest.raises(ConfigError, match="needs a CUDA device, and this run is on cpu"):
        choose_rollout("vllm", cpu)
    server = vllm_arguments(choose_rollout("vllm_server", cpu))
    assert server == {"use_vllm": True, "vllm_mode": "server"}
    beside = choose_rollout("vllm", Device("cuda", torch.float32, "test"))
    assert vllm_arguments(beside) == {"use_vllm": True, "vllm_mode": "colocate"}
    assert vllm_arguments(choose_rollout("auto", cpu)) == {}

import pytest

from finetuning.machine import share_the_cores, take_one_gpu


def test_the_users_own_policy_is_left_alone(monkeypatch):
    import os

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
    import os

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "x")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    take_one_gpu()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == taken

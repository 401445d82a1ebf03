"""Configs and the values they get from conf/reward."""

import inspect
import tempfile
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from pydantic import TypeAdapter, ValidationError

from whetstone.rewards.execution import ExecutionReward
from whetstone.rewards.table import REWARDS, AnyRewardConfig

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "reward"
# What the group's files leave to the rest of the configuration, or to the user.
MODEL = tempfile.mkdtemp(prefix="reward-model-")
Path(MODEL, "reward_model.json").write_text('{"head": "linear"}')
OUTSIDE = {
    "seed": 0,
    "run": {"cache": "cache"},
    "custom": {"fn": "builtins:min"},  # takes whatever it is given
    "teacher": {"model": "any", "api_key_env": None, "probe": False},
    "reward_model": {"path": MODEL},
    "discriminator": {"path": MODEL},
}

ADAPTER = TypeAdapter(AnyRewardConfig)


def values(name):
    outside = {key: OUTSIDE[key] for key in ("seed", "run")}
    config = OmegaConf.merge(OmegaConf.load(FOLDER / f"{name}.yaml"), outside)
    if name in OUTSIDE:
        config = OmegaConf.merge(config, {name: OUTSIDE[name]})
    return OmegaConf.to_container(config, resolve=True, throw_on_missing=True)[name]


def test_every_reward_has_its_file():
    assert {path.stem for path in FOLDER.glob("*.yaml")} >= set(REWARDS)


@pytest.mark.parametrize("name", REWARDS)
def test_every_file_builds_its_reward(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = ADAPTER.validate_python(values(name))
    assert type(config) is REWARDS[name]
    reward = config.build()
    assert reward.__name__
    reward.close()


@pytest.mark.parametrize("name", REWARDS)
def test_no_value_has_a_second_home(name):
    fields = REWARDS[name].model_fields
    assert [field for field in fields if not fields[field].is_required()] == []


@pytest.mark.parametrize("name", REWARDS)
def test_unknown_keys_are_refused(name):
    with pytest.raises(ValidationError, match="wieght"):
        ADAPTER.validate_python(values(name) | {"wieght": 1.0})


def test_unknown_rewards_are_refused():
    with pytest.raises(ValidationError, match="'execution', 'random', 'custom'"):
        ADAPTER.validate_python({"name": "exection", "weight": 1.0})


def test_library_users_get_the_values_of_the_file():
    file = values("execution")
    defaults = {
        name: list(parameter.default) if parameter.default == () else parameter.default
        for name, parameter in inspect.signature(ExecutionReward).parameters.items()
    }
    assert defaults == {name: file[name] for name in defaults}
    assert set(file) - set(defaults) == {"name", "weight"}


def test_a_file_must_reward_every_verdict():
    file = values("execution")
    del file["verdict_rewards"]["timeout"]
    with pytest.raises(ValidationError, match="no reward for timeout"):
        ADAPTER.validate_python(file)
    file["verdict_rewards"] |= {"timeout": 0.0, "infra_error": 0.0}
    with pytest.raises(ValidationError, match="grades infra_error"):
        ADAPTER.validate_python(file)

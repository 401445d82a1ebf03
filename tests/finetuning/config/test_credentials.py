"""A credential is no setting, wherever it is typed; it is neither repeated nor stored."""

import pytest

from whetstone.finetuning.config import load
from whetstone.finetuning.config.commands import load_evaluation, load_generate, load_merge
from whetstone.finetuning.config.validation import load_validation
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.training_command import checked

VALUE = "canary9f3c"
TEACHER = ["reward=teacher", "reward.teacher.model=m", "reward.teacher.api_key_env=null"]

GATES = {
    "train": load,
    "evaluate": load_evaluation,
    "generate": load_generate,
    "merge": load_merge,
    "validate": load_validation,
}


def refused(call, *arguments):
    with pytest.raises(ConfigError) as caught:
        call(*arguments)
    assert VALUE not in str(caught.value)
    return {problem.setting: problem.message for problem in caught.value.problems}


def test_credentials_are_refused_with_the_variable_to_use_and_stored_nowhere(tmp_path):
    teacher, outputs = "reward.teacher", tmp_path / "outputs"
    found = refused(
        checked,
        [
            *TEACHER,
            "tracker=wandb",
            "tracker.wandb.mode=offline",
            f"run.outputs={outputs}",
            f"algo.args.hub_token={VALUE}",
            f"tracker.wandb.api_key={VALUE}",
            f"password={VALUE}",
            f"{teacher}.parameters={{extra_headers: {{x-api-key: {VALUE}}}, user: hf_{VALUE * 4}}}",
            f"{teacher}.base_url=http://me:{VALUE}@host/v1",
        ],
    )
    variables = {
        "algo.args.hub_token": "HF_TOKEN",
        "tracker.wandb.api_key": "WANDB_API_KEY",
        "password": "HF_TOKEN, WANDB_API_KEY",
        f"{teacher}.parameters.extra_headers.x-api-key": f"{teacher}.api_key_env",
        f"{teacher}.parameters.user": f"{teacher}.api_key_env",
        f"{teacher}.base_url": f"{teacher}.api_key_env",
    }
    assert found.keys() == variables.keys()
    assert all(variable in found[setting] for setting, variable in variables.items())
    assert not outputs.exists()


def test_one_in_a_file_is_refused_too(tmp_path):
    (tmp_path / "experiment").mkdir()
    text = f"# @package _global_\nalgo:\n  args:\n    hub_token: {VALUE}\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    assert list(refused(load, ["experiment=mine"], [tmp_path])) == ["algo.args.hub_token"]


@pytest.mark.parametrize("key", [f"sk-{VALUE}.", VALUE, f"gsk_{VALUE * 5}"])
def test_a_key_in_place_of_a_variables_name(key):
    typed = f"reward.teacher.api_key_env={key}"
    with pytest.raises(ConfigError) as caught:
        load([*TEACHER[:2], typed])
    assert VALUE not in str(caught.value)
    assert "reward.teacher.api_key_env" in str(caught.value)
    assert "environment" in str(caught.value)


def test_no_other_mistake_repeats_one():
    twice = [f"token={VALUE}", f"token={VALUE}", f"api_key={VALUE}{{", f"reward={{key:{VALUE}}}"]
    found = refused(load, twice)
    assert len(found) > 1
    assert all("HF_TOKEN" in found[key] for key in ("token", "api_key"))


@pytest.mark.parametrize("gate", GATES)
def test_every_command_names_the_variable_to_use(gate):
    token = "hf_" + "a" * 34
    for typed, key in ((f"hub_token={VALUE}", "hub_token"), (f"model={token}", "model")):
        assert "HF_TOKEN" in refused(GATES[gate], [typed])[key]


def test_null_and_special_tokens_are_no_credentials():
    special = ["algo.args.eos_token='<|im_end|>'", "algo.args.hub_token=null"]
    assert load(["model=qwen", "algo=sft", "data=nano", *special]).stages


def test_a_token_of_another_service_is_not_called_one_of_the_hub():
    found = refused(checked, [f"run.name=ghp_{VALUE * 4}"])
    assert "GitHub" in found["run.name"]
    assert "HF_TOKEN" not in found["run.name"]

"""Nothing secret goes up: canaries in the environment, in the run's settings, in a data set."""

import json

import pytest
import yaml

REPO = "me/tuned"
CANARY = "canary-4f1d0c7be2"
SHAPED = "sk-" + "canary0" * 5


def publish(whetstone, folder, **variables):
    return whetstone("publish", "model", f"run={folder}", f"repo={REPO}", "push=true", **variables)


@pytest.mark.parametrize("place", ["merged/config.json", "adapter/adapter_config.json"])
def test_a_file_that_holds_a_key_of_the_environment_is_refused(whetstone, run_folder, hub, place):
    path = run_folder / place
    path.write_text(json.dumps({**json.loads(path.read_text()), "note": CANARY}, indent=1))
    code, out, err = publish(whetstone, run_folder, MY_API_KEY=CANARY)
    assert code == 2
    assert f"{place.removeprefix('merged/')}: holds the value of $MY_API_KEY (line" in err
    assert CANARY not in out + err
    assert not hub.repos


def test_a_key_in_the_settings_of_the_run_is_refused(whetstone, run_folder, hub):
    path = run_folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["algo"]["args"]["run_name"] = f"with {CANARY}"
    path.write_text(yaml.safe_dump(config))
    code, out, err = publish(whetstone, run_folder, OPENAI_API_KEY=CANARY)
    assert code == 2
    assert "README.md: holds the value of $OPENAI_API_KEY" in err
    assert CANARY not in out + err
    assert not hub.repos


def test_the_variable_that_a_teacher_was_told_of_is_a_key_whatever_its_name(
    whetstone, run_folder, hub
):
    path = run_folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["reward"]["teacher"] = {"name": "teacher", "api_key_env": "MY_JUDGE", "note": CANARY}
    path.write_text(yaml.safe_dump(config))
    code, _, err = publish(whetstone, run_folder, MY_JUDGE=CANARY)
    assert code == 2
    assert "$MY_JUDGE" in err
    assert not hub.repos


def test_what_looks_like_a_key_is_refused_without_the_environment(whetstone, run_folder, hub):
    (run_folder / "merged" / "tokenizer.json").write_text(f'{{\n"x": "{SHAPED}"}}')
    code, out, err = publish(whetstone, run_folder)
    assert code == 2
    assert "tokenizer.json: holds what looks like an API key (line 2)" in err
    assert SHAPED not in out + err
    assert not hub.repos


def test_the_header_of_weights_is_read_and_the_weights_are_not(whetstone, run_folder):
    weights = run_folder / "merged" / "model.safetensors"
    plain = weights.read_bytes()
    weights.write_bytes(plain + CANARY.encode())  # numbers may spell anything
    code, _, err = publish(whetstone, run_folder, MY_API_KEY=CANARY)
    assert code == 0, err
    head = json.dumps({"__metadata__": {"by": CANARY}}).encode()
    weights.write_bytes(len(head).to_bytes(8, "little") + head)
    code, _, err = publish(whetstone, run_folder, MY_API_KEY=CANARY)
    assert code == 2
    assert "model.safetensors: holds the value of $MY_API_KEY" in err


def test_what_is_about_this_machine_is_not_in_the_card(whetstone, run_folder, hub, tmp_path):
    path = run_folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["reward"]["teacher"] = {"name": "teacher", "base_url": "http://judge.internal:8000/v1"}
    config["data"]["train"] = str(tmp_path / "mine.jsonl")
    path.write_text(yaml.safe_dump(config))
    code, _, err = publish(whetstone, run_folder)
    assert code == 0, err
    card = hub.files(REPO)["README.md"].decode()
    assert "judge.internal" not in card
    assert str(tmp_path) not in card
    assert "train: mine.jsonl" in card

"""Nothing secret goes up: canaries in the environment, in the run's settings, in a data set."""

import hashlib
import json
import random
import shutil
import string
import uuid

import pytest
import yaml

from whetstone.finetuning.config.commands import load_publish_model
from whetstone.finetuning.publish.model import model_upload
from whetstone.finetuning.publish.parts import text_part
from whetstone.finetuning.publish.secrets import secret_problems

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


def drawn(length, letters=string.ascii_letters + string.digits):
    return "".join(random.Random(length).choices(letters, k=length))


HEX = "0123456789abcdef"
KEYS = {
    "the Hub": f"hf_{drawn(34)}",
    "OpenAI": f"sk-proj-{drawn(20)}T3BlbkFJ{drawn(21)[:20]}",
    "Anthropic": f"sk-ant-api03-{drawn(95)}",
    "GitHub": f"ghp_{drawn(36)}",
    "GitHub, fine-grained": f"github_pat_{drawn(22)}_{drawn(59)}",
    "Slack": f"xoxb-{drawn(12, string.digits)}-{drawn(13, string.digits)}-{drawn(24)}",
    "Google": f"AIza{drawn(35)}",
    "GitLab": f"glpat-{drawn(20)}",
    "AWS": f"AKIA{drawn(16, string.ascii_uppercase)}",
    "AWS, for a while": f"ASIA{drawn(16, string.ascii_uppercase)}",
    "AWS, the secret": f"aws_secret_access_key = {drawn(39)}/",
    "AWS, the secret, in JSON": f'"AWS_SECRET_ACCESS_KEY": "{drawn(39)}+"',
    "npm": f"npm_{drawn(36)}",
    "W&B": f"WANDB_API_KEY={drawn(40, HEX)}",
    "W&B, in .netrc": f"machine api.wandb.ai\n  login user\n  password {drawn(40, HEX)}",
    "W&B, the new form": f"wandb_v1_{drawn(77)}",
    "a URL": f"postgres://admin:{drawn(12)}@db.internal:5432/scores",
    "PyPI": f"pypi-AgEIcHlwaS5vcmc{drawn(80)}",
    "a private key": "-----BEGIN OPENSSH PRIVATE KEY-----",
}


@pytest.mark.parametrize("service", KEYS)
def test_keys_of_known_services_are_found_by_their_form(service):
    part = text_part("config.json", f"{{\n{KEYS[service]}\n}}\n")
    [problem] = secret_problems([part], {})
    assert "holds what looks like" in problem.message
    assert "(line 2)" in problem.message
    assert KEYS[service] not in str(problem)


@pytest.mark.parametrize("secret", [*KEYS.values(), CANARY])
def test_every_place_of_a_secret_is_told(secret):
    part = text_part("config.json", f"{secret}\n-\n{secret}\n-\n{secret}\n")
    told = [problem.message for problem in secret_problems([part], {"$MINE": CANARY.encode()})]
    apart = secret.count("\n") + 2
    lines = [int(message.split("(line ")[1].split(")")[0]) for message in told]
    assert lines == [1, 1 + apart, 1 + 2 * apart]


def test_an_honest_run_holds_no_secret(run_folder, qwen_folder):
    shutil.copytree(qwen_folder, run_folder / "merged", dirs_exist_ok=True)
    upload = model_upload(load_publish_model([f"run={run_folder}", f"repo={REPO}"]))
    assert {"README.md", "tokenizer.json", "model.safetensors"} <= {
        part.path for part in upload.parts
    }
    assert list(secret_problems(upload.parts, {})) == []


def test_hashes_ids_and_addresses_are_no_secrets():
    digests = [hashlib.new(name, b"weights").hexdigest() for name in ("md5", "sha1", "sha256")]
    lines = [
        *digests,
        *(f"sha256-{digest}" for digest in digests),
        f'"wandb": {{"run": "https://wandb.ai/me/project/runs/{drawn(8)}", "git": "{digests[1]}"}}',
        f"aws-eu-west-1, key of the image: {digests[1]}",
        str(uuid.UUID(int=7)),
        f"{drawn(24)} {random.Random(0).randbytes(48).hex()}",
        "task-specific-fine-tuning-of-risk-assessment-models-2024",
        '"eos_token": "<|endoftext|>", "max_new_tokens": 512, "token": null',
        "base_model: Qwen/Qwen2.5-Coder-1.5B, 127.0.0.1:8000, 8.8.8.8, me@example.org",
        "git@github.com:owner/name.git, https://user@example.org/x, ssh://git@host/x",
    ]
    assert list(secret_problems([text_part("README.md", "\n".join(lines))], {})) == []


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

"""What is a credential by its name or its look, and what a message makes of one."""

import string
import time

import pytest

from whetstone.finetuning.credentials import (
    credential_in,
    names_a_credential,
    struck_out,
    why_refused,
)
from whetstone.finetuning.errors import Problem

LETTERS = (string.ascii_letters + string.digits) * 3


@pytest.mark.parametrize(
    "path",
    [
        "token",
        "algo.args.hub_token",
        "tracker.wandb.api_key",
        "reward.teacher.parameters.extra_headers.x-api-key",
        "reward.teacher.parameters.extra_headers.Authorization",
        "DB_PASSWORD",
        "apikey",
        "client_secret",
    ],
)
def test_names_that_hold_a_credential(path):
    assert names_a_credential(path)


@pytest.mark.parametrize(
    "path",
    [
        "algo.args.eos_token",
        "algo.args.pad_token",
        "reward.teacher.api_key_env",
        "reward.teacher.grade_tokens",
        "reward.teacher.limits.tokens_per_minute",
        "reward.execution.eos_token_ids",
        "algo.args.include_num_input_tokens_seen",
        "data.rename.key",
        "monkey",
    ],
)
def test_names_that_hold_none(path):
    assert not names_a_credential(path)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("hf_" + LETTERS[:34], "a token of the Hub"),
        ("sk-ant-api03-" + LETTERS[:95], "an API key"),
        ("gsk_" + LETTERS[:52], "an API key"),
        ("github_pat_" + LETTERS[:22] + "_" + LETTERS[:59], "a token of GitHub"),
        ("AIza" + LETTERS[:35], "a key of Google"),
        ("npm_" + LETTERS[:36], "a token of npm"),
        ("https://me:hunter2@example.org", "a password in a URL"),
        ("sk-based-approach-of-risk-assessment", None),
        ("risk-2024-assessment-of-mortgages-1", None),
        ("https://example.org/a@b:c", None),
        ("0123456789abcdef" * 4, None),
        ("Qwen/Qwen2.5-Coder-1.5B", None),
    ],
)
def test_values_are_told_by_their_form(value, kind):
    assert credential_in(value) == kind


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("algo.args.hub_token=abc", "algo.args.hub_token=***"),
        ("api_key='a b'", "api_key=***"),
        ("parameters={api_key:abc, top_p: 1}", "parameters={api_key:***, top_p: 1}"),
        ("a={b: {secret: abc}}", "a={b: {secret: ***}}"),
        ("reward={'key': 'abc'}", "reward={'key': ***}"),
        ("api_key_env=sk-abc.def", "api_key_env=***"),
        ("api_key_env=OPENAI_API_KEY", "api_key_env=OPENAI_API_KEY"),
        ("model=m, api_key_env=MY_KEY: denied", "model=m, api_key_env=MY_KEY: denied"),
        ("base_url=http://me:pw@host:80/v1", "base_url=http://***@host:80/v1"),
        ("hf_" + LETTERS[:34], "***"),
        ("algo.args.eos_token=<|end|>", "algo.args.eos_token=<|end|>"),
    ],
)
def test_a_message_does_not_repeat_a_credential(text, shown):
    assert struck_out(text) == shown
    assert str(Problem(text, f"no such setting: {text}")) == f"{shown}: no such setting: {shown}"


def test_a_key_of_wandb_is_known_by_its_setting():
    key = "0123456789abcdef" * 2 + "01234567"
    assert "WANDB_API_KEY" in why_refused("tracker.wandb.project", key)
    assert why_refused("model.revision", key) is None


@pytest.mark.parametrize("word", ["a", "a.", "=", "a=:", "{a:", "wandb", "sk-"])
def test_the_time_for_a_message_grows_with_its_length_and_no_faster(word):
    def seconds(length):
        text = word * (length // len(word))
        took = []
        for _ in range(3):
            started = time.process_time()
            struck_out(text)
            took.append(time.process_time() - started)
        return min(took)

    # Sixteen times the length takes sixteen times as long, and 256 times where it is quadratic.
    assert seconds(32_000) < 80 * max(seconds(2_000), 0.0002)


def test_a_credential_of_publishing_is_the_token_of_the_hub():
    assert "export it as HF_TOKEN, and" in why_refused("hooks.publish.token", "x")

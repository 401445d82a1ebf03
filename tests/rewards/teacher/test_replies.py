"""Answers that no provider should give: each masks its sample, is billed, and ends no run."""

import json
import os
import time

import pytest
from raw import Raw, chat, message

from whetstone.rewards.base import RunStopped

PROTOCOLS = pytest.mark.parametrize("provider", ["openai", "anthropic"])
ONCE = {"probe": False, "reward": "score", "limits": {"retries": 0, "timeout_s": 20.0}}


@pytest.fixture
def asked(configure):
    """Ask once, of a server that gives this answer: what was paid, and what it cost."""

    def ask(provider, body, **changes):
        with Raw(body) as server:
            url = server.url + ("/v1" if provider == "openai" else "")
            reward = configure(provider, base_url=url, **ONCE, **changes).build()
            try:
                return reward(["task"], ["x = 1"]), reward.spending()
            finally:
                reward.close()

    return ask


OPENAI = {
    "no message": chat(choices=[{"index": 0}]),
    "a message that is null": chat(choices=[{"message": None, "finish_reason": "stop"}]),
    "a choice that is null": chat(choices=[None]),
    "choices that are text": chat(choices="abc"),
    "content in parts": chat(message={"content": [{"type": "text", "text": "{}"}]}),
    "deep JSON": chat(message={"content": "[" * 100_000}),
    "a long number": chat(message={"content": f'{{"a": {"9" * 5000}}}'}),
    "no UTF-8": b'{"choices": [{"message": {"content": "\xff"}}]}',
    "null": "null",
}
ANTHROPIC = {
    "content that is null": message(content=None),
    "blocks that are null": message(content=[None, "text"]),
    "a call without input": message(content=[{"type": "tool_use"}]),
    "no UTF-8": b'{"content": "\xff"}',
    "a list": "[]",
}


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        *(pytest.param("openai", body, id=f"openai: {name}") for name, body in OPENAI.items()),
        *(pytest.param("anthropic", body, id=f"anthropic: {n}") for n, body in ANTHROPIC.items()),
    ],
)
def test_what_is_no_answer_masks_and_is_billed(asked, caplog, provider, body):
    values, spent = asked(provider, body)
    assert values == [None]
    assert spent.calls == 1
    assert "(malformed: 1)" in caplog.text


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        ("openai", chat(usage=None)),
        ("openai", chat(usage={"prompt_tokens": None, "completion_tokens": 3})),
        ("openai", chat(usage="many")),
        ("anthropic", message(usage=None)),
        ("anthropic", message(usage={"input_tokens": 3})),
    ],
)
def test_an_answer_that_does_not_say_its_price_costs_the_most(asked, provider, body):
    prices = {"teacher-small": {"input": 1.0, "output": 1.0, "as_of": "now"}}
    values, spent = asked(provider, body, prices=prices, budget={"dollars": 1.0})
    assert values == [0.5]
    assert spent.output_tokens == 400  # grade_tokens
    assert spent.input_tokens > 500
    assert spent.dollars == pytest.approx((spent.input_tokens + 400) / 1e6)


def test_what_was_read_from_a_providers_own_cache_counts_as_read(asked):
    usage = {"input_tokens": 3, "output_tokens": 50}
    usage |= {"cache_read_input_tokens": 1000, "cache_creation_input_tokens": 200}
    _, spent = asked("anthropic", message(usage=usage))
    assert spent.input_tokens == 1203


@PROTOCOLS
def test_an_answer_that_trickles_in_is_late(configure, provider):
    with Raw(" " * 100) as server:
        server.drip_s = 0.1
        limits = {"retries": 0, "timeout_s": 0.5}
        url = server.url + ("/v1" if provider == "openai" else "")
        given = {**ONCE, "limits": limits, "base_url": url}
        reward = configure(provider, **given).build()
        started = time.monotonic()
        assert reward(["task"], ["x"]) == [None]
        assert time.monotonic() - started < 8  # ten seconds of bytes, and each of them in time
        reward.close()


@PROTOCOLS
@pytest.mark.parametrize(
    ("body", "kind"),
    [("<html>Welcome</html>", "text/html"), ("[]", "application/json"), ("{}", "application/json")],
)
def test_a_base_url_of_something_else_is_a_wrong_setting(configure, provider, body, kind):
    with (
        Raw(body, kind=kind) as server,
        pytest.raises(ValueError, match=r"base_url=http.*what is no (list of models|model):"),
    ):
        configure(provider, base_url=server.url).build()


def test_a_wait_that_is_too_long_ends_the_run(configure):
    from whetstone.rewards.base import RunStopped

    with Raw("{}", 429, headers="retry-after: 86400\r\n") as server:
        given = {**ONCE, "limits": {"retries": 8}, "base_url": server.url}
        reward = configure(**given).build()
        with pytest.raises(RunStopped, match=r"asks to wait 86,400 s.*goes on then"):
            reward(["task"], ["x"])
        reward.close()


def test_no_calendar_has_this_year():
    from whetstone.rewards.teacher.providers.base import _retry_after

    assert _retry_after({"retry-after": "Fri, 01 Jan 999999 00:00:00 GMT"}) is None


@PROTOCOLS
def test_who_pays_elsewhere_is_not_told(configure, monkeypatch, provider):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-canary")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-canary")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-canary")
    body = json.dumps({"id": "teacher-small", "data": [{"id": "teacher-small"}]})
    with Raw(body) as server:
        configure(provider, base_url=server.url).build()
    assert "canary" not in json.dumps(server.heard).replace(os.environ["TEACHER_TEST_KEY"], "")


BROKE = "Your credit balance is too low to access the API."
UNNAMED = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        pytest.param("anthropic", BROKE, id="no credit"),
        pytest.param("openai", UNNAMED, id="the other name of the limit"),
    ],
)
def test_a_400_that_concerns_every_request_ends_the_run(configure, provider, said):
    body = json.dumps(
        {"type": "error", "error": {"type": "invalid_request_error", "message": said}}
    )
    with Raw(body, status=400) as server:
        url = server.url + ("/v1" if provider == "openai" else "")
        reward = configure(provider, base_url=url, **ONCE).build()
        with pytest.raises(RunStopped) as told:
            reward(["task"], ["x = 1"])
        reward.close()
    assert f"({said}" in str(told.value)  # the words alone, not what they came in
    assert ("length_field" in str(told.value)) == (said == UNNAMED)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_is_called_as_the_endpoint_wants(server, build, name):
    build(reward="score", length_field=name)(["task"], ["x = 1"])
    assert server.bodies[0][name] == 400
    assert not {"max_tokens", "max_completion_tokens"} - {name} & server.bodies[0].keys()


def test_a_batch_without_credit_ends_the_run():
    from types import SimpleNamespace

    from whetstone.rewards.teacher.faults import Fault
    from whetstone.rewards.teacher.providers.anthropic import _outcome

    error = SimpleNamespace(type="invalid_request_error", message=BROKE)
    result = SimpleNamespace(type="errored", error=SimpleNamespace(error=error))
    assert _outcome(result).kind is Fault.DENIED

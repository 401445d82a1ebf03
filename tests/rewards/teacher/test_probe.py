"""What is wrong with a teacher is said when the reward is built, before any weights load."""

import os
import socket

import pytest

from whetstone.rewards.teacher.faults import TeacherUnavailableError

PROTOCOLS = pytest.mark.parametrize("provider", ["openai", "anthropic"])


@PROTOCOLS
def test_what_is_right_is_asked_nothing_that_costs(server, build, provider):
    build(provider)
    assert server.stats()["requests"] == 0


@PROTOCOLS
def test_a_wrong_model_is_named(configure, provider):
    with pytest.raises(ValueError, match="model=teacher-smal") as caught:
        configure(provider, model="teacher-smal").build()
    if provider == "openai":
        assert "has no such model; it has teacher-small" in str(caught.value)


def test_a_missing_key_is_named(configure):
    with pytest.raises(ValueError, match="api_key_env=NOT_THERE: the environment has no such"):
        configure(api_key_env="NOT_THERE").build()


@PROTOCOLS
def test_a_wrong_key_is_refused_and_not_shown(configure, monkeypatch, provider):
    monkeypatch.setenv("TEACHER_TEST_KEY", "sk-wrong-but-mine")
    with pytest.raises(ValueError, match="401") as caught:
        configure(provider).build()
    assert "sk-wrong-but-mine" not in str(caught.value)
    assert "api_key_env=TEACHER_TEST_KEY" in str(caught.value)


@pytest.mark.parametrize("key", ["sk-canary two", "sk-\u201ccanary\u201d", "sk-\ncanary"])
def test_what_cannot_be_a_key_is_refused_and_not_shown(configure, monkeypatch, key):
    monkeypatch.setenv("TEACHER_TEST_KEY", key)
    with pytest.raises(ValueError, match="api_key_env=TEACHER_TEST_KEY: its value holds") as caught:
        configure().build()
    assert "canary" not in str(caught.value)


@PROTOCOLS
def test_a_line_break_after_the_key_does_no_harm(configure, monkeypatch, provider):
    monkeypatch.setenv("TEACHER_TEST_KEY", f"{os.environ['TEACHER_TEST_KEY']}\n")
    configure(provider).build()
    monkeypatch.setenv("TEACHER_TEST_KEY", " \n")
    assert not configure(provider).has_key()


def test_an_endpoint_that_is_busy_is_asked_again(server, build):
    answers = iter([429, 500, 0])
    models = server._answer

    async def busy(*args):
        server.manner.status = next(answers)
        return await models(*args)

    server._answer = busy
    build()


@PROTOCOLS
def test_a_path_that_is_wrong(server, configure, provider):
    server.manner.status = 404
    with pytest.raises(ValueError, match="base_url=http://127"):
        configure(provider).build()


@PROTOCOLS
def test_nobody_there_is_for_later(configure, provider):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(
        TeacherUnavailableError, match=f"reward.teacher.base_url={url}: unreachable"
    ):
        configure(provider, base_url=url).build()


def test_without_the_probe_nothing_is_asked(server, build):
    build(probe=False)
    assert server.requests.total() == 0


def test_settings_of_the_environment_do_not_leak_in(server, build, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    for provider in ("openai", "anthropic"):
        build(provider)
    assert server.requests.total() == 2
    assert os.environ["OPENAI_BASE_URL"].endswith(":9/v1")


def test_a_cache_that_is_no_cache_is_named(configure, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but longer than the header of one " * 40)
    with pytest.raises(ValueError, match=f"cache={file}: file is not a database"):
        configure(cache=file).build()
    assert file.read_text().startswith("not a database")

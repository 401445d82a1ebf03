"""Scoring in batches: both providers' own, the same answers, and nothing paid for twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from loopback import KEY, Manner

from whetstone.rewards.base import RunStopped
from whetstone.rewards.teacher.config import TeacherConfig

ROOT = Path(__file__).resolve().parents[3]
PROTOCOLS = pytest.mark.parametrize("provider", ["openai", "anthropic"])
# What is about batches, and not about how a provider says them.
EITHER = pytest.mark.parametrize(
    "provider", ["openai", pytest.param("anthropic", marks=pytest.mark.nightly)]
)
QUICK = {"batch": {"enabled": True, "poll_s": 0.05}}
TASKS, PROGRAMS = [f"task {n // 3}" for n in range(30)], [f"x = {n}" for n in range(30)]


@PROTOCOLS
def test_a_batch_says_what_single_questions_say(server, build, tmp_path, provider):
    server.manner.batch_looks = 3
    batched = build(provider, **QUICK, cache=tmp_path / "a.sqlite")
    single = build(provider, cache=tmp_path / "b.sqlite")
    assert batched(TASKS, PROGRAMS) == single(TASKS, PROGRAMS)
    # Thirty programs and ten references together, then the ten references' grades.
    assert [len(batch) for batch in server.batches.sent] == [40, 10]
    assert batched.spending().calls == single.spending().calls == 50


@EITHER
def test_answers_of_a_batch_are_in_the_same_cache(server, build, provider):
    values = build(provider, **QUICK)(TASKS, PROGRAMS)
    assert build(provider)(TASKS, PROGRAMS) == values
    assert build(provider, **QUICK)(TASKS, PROGRAMS) == values
    assert len(server.batches.sent) == 2
    assert not server.bodies  # questions that were asked one by one


@EITHER
def test_what_a_batch_leaves_unanswered_is_asked_again(server, build, provider):
    server.manner = Manner(batch_expired=0.2, malformed=0.1)
    reward = build(provider, **QUICK, reward="score")
    values = reward(TASKS, PROGRAMS)
    assert None not in values
    assert len(server.batches.sent) > 1
    assert len(server.batches.sent[1]) < 30
    assert server.stats()["twice"] == 0


@EITHER
def test_looks_may_fail_while_a_batch_is_worked_on(server, build, provider):
    server.manner = Manner(batch_looks=2)
    answer, calls = server.batches.answer, []

    def sometimes(path, body):
        calls.append(path)
        if len(calls) in {4, 5}:  # after the first batch was sent
            raise ConnectionError
        return answer(path, body)

    server.batches.answer = sometimes
    assert None not in build(provider, **QUICK)(TASKS, PROGRAMS)
    assert server.stats()["twice"] == 0


CHILD = """
import json, sys
from pathlib import Path
from whetstone.rewards.teacher.config import TeacherConfig
config, tasks, programs = json.loads(sys.stdin.read())
with open(sys.argv[1], "w") as file:
    json.dump(TeacherConfig.model_validate(config).build()(tasks, programs), file)
"""


def results_are(server, text):
    """Have every file of answers hold this text."""
    answer = server.batches.answer

    def other(path, body):
        is_file = path.partition("?")[0].rstrip("/").endswith(("results", "content"))
        return text if is_file else answer(path, body)

    server.batches.answer = other
    return answer


@PROTOCOLS
@pytest.mark.parametrize("text", [b'{"custom_id": "x"', b'{"a": 1}', b"[]"])
def test_results_that_are_none_keep_nobody_waiting(server, build, provider, text):
    answer = results_are(server, text)
    batch = {"enabled": True, "poll_s": 0.01}
    config = {"batch": batch, "reward": "score", "limits": {"retries": 0}}
    assert build(provider, **config)(TASKS, PROGRAMS) == [None] * 30
    server.batches.answer = answer  # the batch is there still, and paid for
    assert None not in build(provider, **config)(TASKS, PROGRAMS)
    assert len(server.batches.sent) == 1


def test_a_batch_that_failed_as_a_whole_ends_the_run_and_is_sent_anew(server, build):
    answer, status = server.batches.answer, ["failed"]

    def failed(path, body):
        told = answer(path, body)
        if "/batches" not in path:
            return told
        why = {"data": [{"code": "token_limit_exceeded", "message": "too many tokens"}]}
        return json.dumps({**json.loads(told), "status": status[0], "errors": why}).encode()

    server.batches.answer = failed
    with pytest.raises(RunStopped, match="batch 0 failed: too many tokens"):
        build(**QUICK, reward="score")(TASKS, PROGRAMS)
    status[0] = "completed"
    assert None not in build(**QUICK, reward="score")(TASKS, PROGRAMS)
    assert len(server.batches.sent) == 2


@PROTOCOLS
def test_a_batch_of_which_nobody_knows_is_not_sent_twice(server, build, provider):
    answer = server.batches.answer

    def cut(path, body):
        told = answer(path, body)
        if path.partition("?")[0].endswith("/batches"):
            raise ConnectionError
        return told

    server.batches.answer = cut
    with pytest.raises(RunStopped, match="took a batch of 30 questions"):
        build(provider, **QUICK, reward="score")(TASKS, PROGRAMS)
    assert len(server.batches.sent) == 1


@pytest.mark.parametrize(
    "provider", [pytest.param("openai", marks=pytest.mark.slow), "anthropic"]
)  # the same code, and a process of its own for each
def test_a_killed_process_leaves_its_batch_to_the_next(
    server, configure, age_claims, tmp_path, provider
):
    server.manner.batch_looks = 10**6
    config = configure(provider, **QUICK)
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "values")], cwd=ROOT, stdin=subprocess.PIPE
    )
    process.stdin.write(json.dumps([config.model_dump(mode="json"), TASKS, PROGRAMS]).encode())
    process.stdin.close()
    deadline = time.monotonic() + 120
    looks = {"openai": "/v1/batches/0", "anthropic": "/v1/messages/batches/0"}[provider]
    while not server.requests[looks]:  # the batch is noted before it is looked at
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    server.manner.batch_looks = 0
    age_claims(config.cache)
    reward = config.build()
    values = reward(TASKS, PROGRAMS)
    reward.close()
    assert None not in values
    assert [len(batch) for batch in server.batches.sent] == [40, 10]
    assert server.stats()["twice"] == 0


@PROTOCOLS
@pytest.mark.usefixtures("server")
def test_a_batch_costs_what_batches_cost(build, provider):
    prices = {"teacher-small": {"input": 1.0, "output": 10.0, "as_of": "now"}}
    reward = build(provider, **QUICK, prices=prices, reward="score")
    reward(TASKS, PROGRAMS)
    assert reward.spending().dollars == pytest.approx(30 * (300 * 1 + 50 * 10) / 1e6 / 2)


def test_a_budget_holds_for_a_batch(server, build):
    reward = build(**QUICK, reward="score", budget={"calls": 12})
    with pytest.raises(RunStopped, match="12 calls of 12"):
        reward(TASKS, PROGRAMS)
    assert sum(len(batch) for batch in server.batches.sent) == 12


@PROTOCOLS
@pytest.mark.usefixtures("server")
def test_the_key_is_in_no_file_of_a_batch(build, tmp_path, provider):
    build(provider, **QUICK)(TASKS, PROGRAMS)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_batches_are_off_unless_asked_for():
    values = yaml.safe_load((ROOT / "conf/reward/teacher.yaml").read_text())["teacher"]
    config = TeacherConfig.model_validate({**values, "model": "m"})
    assert not config.batch.enabled

"""The cache: nothing twice, nothing lost, whoever dies."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from whetstone.rewards.base import RunStopped
from whetstone.rewards.teacher.ledger import Ledger, Spending
from whetstone.rewards.teacher.request import Answer, Usage
from whetstone.rewards.teacher.store import Store, StoreFailedError

ROOT = Path(__file__).resolve().parents[3]
ANSWER = Answer({"A": {"quality": 3}}, Usage(3, 4))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "store.sqlite"


def test_what_is_put_is_there_for_others(path):
    first, second = Store(path), Store(path)
    assert first.get("k") is None
    first.put("k", ANSWER)
    assert second.get("k") == ANSWER
    assert second.get_or_claim("k") == ANSWER


def test_one_claims_and_the_other_waits(path):
    first, second = Store(path), Store(path)
    assert first.get_or_claim("k") is True
    assert first.get_or_claim("k") is True
    assert second.get_or_claim("k") is False
    first.release("k")
    assert second.get_or_claim("k") is True
    first.release("k")  # no longer the first's to give up
    assert first.get_or_claim("k") is False


def test_an_answer_without_a_bill_is_kept(path):
    Store(path).put("k", Answer({"A": 1}, None))
    assert Store(path).get("k") == Answer({"A": 1}, None)


def test_closing_gives_up_claims(path):
    first, second = Store(path), Store(path)
    assert first.get_or_claim("k") is True
    first.close()
    assert second.get_or_claim("k") is True


def test_the_claim_of_the_dead_expires_and_that_of_the_living_does_not(path, age_claims):
    first, second = Store(path), Store(path)
    assert first.get_or_claim("k") is True
    age_claims(path)
    first.renew()
    assert second.get_or_claim("k") is False
    age_claims(path)
    assert second.get_or_claim("k") is True


def test_a_store_that_breaks_stops_the_run(path):
    store = Store(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE claims")
    with pytest.raises(StoreFailedError, match=f"cache {path} fails: no such table"):
        store.get_or_claim("k")


WORKER = """
import json, os, sys, yaml
sys.path.insert(0, {root!r})
from whetstone.rewards.teacher.config import TeacherConfig
values = json.loads(sys.argv[1])
reward = TeacherConfig.model_validate(values).build()
print("ready", flush=True)
sys.stdin.readline()
programs = [f"program {{n}}" for n in range(int(sys.argv[2]))]
print(json.dumps(reward(["task"] * len(programs), programs)), flush=True)
reward.close()
"""


def worker(config, count):
    values = json.dumps(config.model_dump(mode="json"))
    return subprocess.Popen(
        [sys.executable, "-c", WORKER.format(root=str(ROOT)), values, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    )


def test_processes_that_ask_the_same_pay_once(server, configure):
    server.manner.latency_s, server.manner.rate_limited = 0.05, 0.05
    config = configure(reward="score", limits={"concurrency": 8})
    workers = [worker(config, 120) for _ in range(2)]
    for running in workers:
        assert running.stdout.readline() == "ready\n"
    for running in workers:
        running.stdin.write("\n")
        running.stdin.flush()
    results = [json.loads(running.communicate()[0]) for running in workers]
    expected = [server.grade("task", f"program {n}") / 10 for n in range(120)]
    assert results == [pytest.approx(expected)] * 2
    assert server.stats()["paid"] == 120
    assert server.stats()["twice"] == 0
    with sqlite3.connect(config.cache) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM answers").fetchone() == (120,)
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_a_count_that_breaks_stops_the_run(tmp_path):
    ledger = Ledger(tmp_path)
    with sqlite3.connect(tmp_path / "teacher.sqlite") as connection:
        connection.execute("DROP TABLE spent")
    with pytest.raises(RunStopped, match=r"has cost, .*fails: no such table"):
        ledger.add(Spending(calls=1))


INTERRUPTED = """
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
sys.path.insert(0, {root!r})
from whetstone.finetuning.runtime.exit_codes import exit_codes
from whetstone.rewards.teacher.config import TeacherConfig
reward = TeacherConfig.model_validate(json.loads(sys.argv[1])).build()
with exit_codes():
    try:
        reward(["task"] * 40, [f"program {{n}}" for n in range(40)])
    finally:
        reward.close()
"""


@pytest.mark.parametrize("batched", [pytest.param(False, marks=pytest.mark.nightly), True])
def test_who_is_interrupted_takes_what_is_on_its_way(server, configure, batched):
    """Ctrl-C: nothing that is paid for is dropped, and a batch is not waited for."""
    server.manner.latency_s, server.manner.batch_looks = 0.5, 10**6
    batch = {"enabled": batched, "poll_s": 0.05}
    config = configure(reward="score", limits={"concurrency": 8}, batch=batch)
    values = json.dumps(config.model_dump(mode="json"))
    command = [sys.executable, "-c", INTERRUPTED.format(root=str(ROOT)), values]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (server.requests["/v1/batches/0"] if batched else server.flying == 8):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    try:
        _, told = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130, told
    assert "Traceback" not in told
    with sqlite3.connect(config.cache) as connection:
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)
        (kept,) = connection.execute("SELECT count(*) FROM answers").fetchone()
        (noted,) = connection.execute("SELECT count(*) FROM batched").fetchone()
    assert (kept, noted) == ((0, 40) if batched else (8, 0))
    assert batched or server.stats()["paid"] == 8


def test_who_is_killed_leaves_whole_answers_and_no_lasting_claim(server, configure, age_claims):
    server.manner.latency_s = 0.1
    config = configure(reward="score", limits={"concurrency": 4})
    running = worker(config, 60)
    running.stdout.readline()
    running.stdin.write("\n")
    running.stdin.flush()
    deadline = time.monotonic() + 60
    while server.stats()["paid"] < 12 and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    age_claims(config.cache)
    reward = config.build()
    assert None not in reward(["task"] * 60, [f"program {n}" for n in range(60)])
    reward.close()
    # What was in flight when the process died is paid for twice: nobody was there to take it.
    assert server.stats()["paid"] <= 60 + 4

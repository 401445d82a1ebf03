"""The key stays in the environment and in the requests: nowhere else."""

import json
import logging
import os
from pathlib import Path

import pytest
from loopback import KEY
from raw import FILLED, Raw, chat

from whetstone.rewards.teacher.redact import struck_out

PROTOCOLS = pytest.mark.parametrize("provider", ["openai", "anthropic"])


@PROTOCOLS
def test_no_file_log_or_repr_holds_the_key(server, build, tmp_path, caplog, provider):
    caplog.set_level(logging.DEBUG)
    server.manner.rate_limited = server.manner.malformed = server.manner.cut = 0.1
    reward = build(provider)
    reward.keep_in(tmp_path / "run")
    reward([f"task {n}" for n in range(10)], [f"x = {n}" for n in range(10)])
    reward.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"teacher.sqlite", "train.jsonl", "README.md"} <= {path.name for path in files}
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert KEY not in caplog.text
    assert KEY not in repr(vars(reward))
    assert KEY not in repr(reward._config) + reward._config.model_dump_json()


def test_no_command_line_holds_the_key(build):
    reward = build()
    reward(["task"], ["x = 1"])
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _ours(path)]
    assert lines
    assert not any(KEY.encode() in line for line in lines)


def _ours(path):
    try:
        return path.stat().st_uid == os.getuid() and bool(path.read_bytes())
    except OSError:
        return False


SPY = """
import glob, os
def spy():
    found = [repr(dict(os.environ))]
    for path in glob.glob("/proc/*/environ") + ["/proc/self/environ", "/proc/1/environ"]:
        try:
            found.append(open(path, "rb").read().decode("latin-1"))
        except Exception:
            pass
    return "".join(found)
"""


def test_a_sandboxed_program_cannot_read_the_key(build):
    from whetstone.rewards.sandbox import Job, Sandbox, Verdict

    reward = build()
    reward(["task"], ["x = 1"])
    assert KEY in os.environ["TEACHER_TEST_KEY"]
    with Sandbox(workers=1) as sandbox:
        (result,) = sandbox.run_many([Job(SPY, f"assert {KEY[:12]!r} not in spy()")])
        (control,) = sandbox.run_many([Job(SPY, "assert '{' not in spy()")])
    assert result.verdict is Verdict.PASSED
    assert control.verdict is Verdict.FAILED  # the program does find an environment, an empty one


def test_an_answer_that_holds_the_key_is_kept_without_it(configure, tmp_path):
    filled = {"A": {**FILLED["A"], "reason": f"your key is {KEY}"}}
    with Raw(chat(message={"content": json.dumps(filled)})) as server:
        reward = configure(base_url=f"{server.url}/v1", probe=False, reward="score").build()
        reward.keep_in(tmp_path / "run")
        assert reward(["task"], ["x = 1"]) == [0.5]
        reward.close()
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"your key is ***" in text for text in kept)
    assert not any(KEY.encode() in text for text in kept)


def test_a_placeholder_is_no_secret():
    assert struck_out({"code": "EMPTY = 1"}, "EMPTY") == {"code": "EMPTY = 1"}
    assert struck_out({KEY: [KEY, 1]}, KEY) == {"***": ["***", 1]}

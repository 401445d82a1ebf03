"""A reward that does not come back is named, wherever it hangs."""

import faulthandler
import os
import signal
import subprocess
import sys

import pytest

from whetstone.rewards.custom import watchdog
from whetstone.rewards.custom.reward import CustomReward

HANGS = """
import re, time
def loops(prompts, completions, **columns):
    while True:
        try:
            re.compile("")
        except BaseException:
            pass
def holds_the_lock(prompts, completions, **columns):
    return [len(re.findall("(a+)+$", "a" * 60 + "b"))]
def late(prompts, completions, **columns):
    return (time.sleep(1000) for _ in completions)
"""
CALL = """
import sys
sys.path[:0] = {}
from whetstone.rewards.custom.reward import CustomReward
CustomReward("hangs:{}", 0.2)(["?"], ["a"])
"""


@pytest.mark.parametrize("name", ["loops", "holds_the_lock", "late"])
def test_a_reward_that_hangs_ends_the_run_with_its_name(name, tmp_path):
    (tmp_path / "hangs.py").write_text(HANGS)
    done = subprocess.run(
        [sys.executable, "-c", CALL.format(sys.path, name)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 3, done.stderr
    told, where = done.stderr.split("Stack", 1)
    assert f"reward.custom.fn=hangs:{name} has not come back from a batch for 0.2 s" in told
    assert "reward.custom.timeout_s" in told
    assert "hangs.py" in where


def test_time_between_calls_is_not_the_rewards(monkeypatch):
    said = iter([watchdog._BUSY + watchdog._IDLE, watchdog._BUSY, watchdog._IDLE, b""])
    watched = []
    monkeypatch.setattr(watchdog.os, "read", lambda *_: next(said))
    monkeypatch.setattr(watchdog, "_hangs", lambda *_: watched.append(1))
    watchdog._watch(0.5, 0, "hangs")
    assert len(watched) == 1


@pytest.mark.parametrize("stopped", [0, 3, 1000])
def test_time_in_which_the_run_is_stopped_does_not_count(stopped):
    states = iter([*[True] * stopped, *[False] * 1000])
    ticks = []
    assert watchdog._hangs(60, lambda tick: ticks.append(tick) or False, lambda: next(states))
    assert len(ticks) - stopped == 60 / watchdog._TICK_S


def test_a_run_that_speaks_does_not_hang():
    assert not watchdog._hangs(60, lambda _: True, lambda: False)


def test_a_stopped_process_is_told_from_a_running_one():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert not watchdog._is_stopped(process.pid)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert watchdog._is_stopped(process.pid)
        process.send_signal(signal.SIGCONT)


def test_signals_mean_again_what_they_meant(tmp_path, monkeypatch):
    (tmp_path / "quick.py").write_text("def quick(prompts, completions, **columns): return [1]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    before = signal.getsignal(signal.SIGQUIT)
    reward = CustomReward("quick:quick", 0.5)
    assert reward(["?"], ["a"]) == [1.0]
    reward.close()
    assert not faulthandler.unregister(signal.SIGQUIT)
    assert signal.getsignal(signal.SIGQUIT) is before
    assert reward(["?"], ["a"]) == [1.0]  # a stage may use again what another closed
    reward.close()

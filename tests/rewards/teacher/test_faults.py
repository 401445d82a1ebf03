"""Every fault of a real endpoint: what may pass is tried again, what is lost is masked, never 0."""

import logging
import time

import pytest

from whetstone.rewards.base import RunStopped

PROTOCOLS = pytest.mark.parametrize("provider", ["openai", "anthropic"])
# What is about a teacher, and not about how a provider says it.
EITHER = pytest.mark.parametrize(
    "provider", ["openai", pytest.param("anthropic", marks=pytest.mark.nightly)]
)
TASK = "Write add(a, b)."
QUICK = {"retries": 0, "timeout_s": 30.0, "stop_after_failures": 100}


@PROTOCOLS
def test_nothing_is_lost_or_paid_twice_through_faults(server, build, provider):
    manner = server.manner
    manner.rate_limited, manner.server_error, manner.malformed, manner.cut = 0.1, 0.05, 0.05, 0.05
    reward = build(provider, reward="score")
    programs = [f"program {n}" for n in range(80)]
    values = reward([TASK] * 80, programs)
    grades = [server.grade(TASK, program) / 10 for program in programs]
    assert values == pytest.approx(grades)
    stats = server.stats()
    assert stats["paid"] == 80
    assert stats["twice"] == 0
    assert stats["requests"] > 80  # there were faults
    reward([TASK] * 80, programs)
    assert server.stats() == stats


@pytest.mark.parametrize("retry_after", ["1", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_retry_after_is_obeyed(server, build, retry_after):
    server.manner.rate_limited, server.manner.retry_after = 1.0, retry_after
    reward = build(reward="score", limits={"retries": 1, "stop_after_failures": 100})
    if retry_after == "1":
        assert reward([TASK], ["a"]) == [None]
        assert 1.0 <= server.arrivals[1] - server.arrivals[0] < 30
    else:
        from whetstone.rewards.teacher.providers.base import _retry_after

        assert _retry_after({"retry-after": retry_after}) > 1e9
        assert _retry_after({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
        assert _retry_after({"retry-after": "soon"}) is None


@PROTOCOLS
@pytest.mark.parametrize("say", ["refuse", "truncate", "prose", "nonsense"])
def test_a_useless_answer_masks_and_is_shown(server, build, caplog, provider, say):
    server.manner.say = say
    reward = build(provider, reward="score", limits=QUICK)
    metrics = {}
    with caplog.at_level(logging.WARNING):
        assert reward([TASK], ["a"], log_metric=metrics.__setitem__) == [None]
    assert metrics["teacher/unscored"] == 1
    assert metrics["teacher/calls"] == 1  # it was billed all the same
    kind = {"refuse": "refused", "truncate": "truncated"}.get(say, "malformed")
    if (provider, say) == ("anthropic", "prose"):
        kind = "malformed"
    assert f"1 of 1 completions could not be graded and are masked ({kind}: 1)" in caplog.text


@PROTOCOLS
@pytest.mark.parametrize(("status", "kind"), [(400, "rejected"), (503, "server_error")])
def test_a_status_masks(server, build, caplog, provider, status, kind):
    reward = build(provider, reward="score", limits=QUICK)
    server.manner.status = status
    assert reward([TASK], ["a"]) == [None]
    assert kind in caplog.text
    assert server.stats()["requests"] == 1
    assert reward.spending().calls == 0  # turned away: nothing to pay


def test_silence_ends_at_the_timeout(server, build, caplog):
    server.manner.say = "hang"
    reward = build(reward="score", limits={"retries": 0, "timeout_s": 0.5})
    started = time.monotonic()
    assert reward([TASK], ["a"]) == [None]
    assert time.monotonic() - started < 30
    assert "timeout: 1" in caplog.text
    assert reward.spending().calls == 1  # nobody knows whether it is billed: count it


def test_a_missing_reference_masks_all_that_needs_it(server, build):
    server.grade = lambda _task, program: 11 if program.startswith("# solves it") else 5
    reward = build(limits=QUICK)
    assert reward([TASK] * 2, ["a", "b"]) == [None, None]


@PROTOCOLS
def test_a_key_that_is_revoked_ends_the_run_and_is_not_told(server, configure, provider):
    from loopback import KEY

    server.manner.revoke_after, server.manner.latency_s = 20, 0.01
    reward = configure(provider, reward="score", limits={"concurrency": 4}).build()
    programs = [f"program {n}" for n in range(100)]
    with pytest.raises(RunStopped, match=r"denied.*401.*same command goes on") as caught:
        reward([TASK] * 100, programs)
    reward.close()
    paid = server.stats()["paid"]
    assert 0 < paid <= 20
    assert server.stats()["requests"] < 40  # the others were not even sent
    assert KEY not in str(caught.value)
    assert "***" in str(caught.value)
    server.manner.revoke_after = -1
    again = configure(provider, reward="score").build()
    assert None not in again([TASK] * 100, programs)
    again.close()
    assert server.stats()["twice"] == 0
    assert server.stats()["paid"] == 100


def test_too_many_failures_in_a_row_end_the_run(server, build):
    reward = build(reward="score", limits={"retries": 0, "stop_after_failures": 5})
    server.manner.status = 500
    with pytest.raises(RunStopped, match="5 requests in a row came to nothing"):
        reward([TASK] * 20, [f"program {n}" for n in range(20)])


def test_what_was_known_already_forgives_nothing(server, build):
    reward = build(reward="score", limits={"retries": 0, "stop_after_failures": 5})
    reward([TASK], ["known"])
    server.manner.status = 500
    for n in range(2):
        assert reward([TASK] * 3, ["known", f"program {n}", f"other {n}"])[1:] == [None, None]
    with pytest.raises(RunStopped, match="5 requests in a row came to nothing"):
        reward([TASK] * 2, ["known", "another"])


@pytest.mark.parametrize(("say", "calls"), [("truncate", 2), ("nonsense", 4)])
def test_answers_of_no_use_are_not_bought_over_and_over(server, build, say, calls):
    server.manner.say = say
    reward = build(reward="score")
    started = time.monotonic()
    assert reward([TASK], ["a"]) == [None]
    assert reward.spending().calls == server.stats()["requests"] == calls
    assert time.monotonic() - started < 10  # there is nothing to wait for


def test_a_success_in_between_forgives(server, build):
    server.grade = lambda _task, program: 11 if int(program) % 4 else 5
    limits = {"retries": 0, "stop_after_failures": 4, "concurrency": 1}
    reward = build(reward="score", limits=limits)
    values = reward([TASK] * 16, [str(n) for n in range(16)])
    assert values == [None if n % 4 else 0.5 for n in range(16)]


def test_the_pace_that_a_provider_allows_is_kept(build):
    reward = build(reward="score", limits={"requests_per_minute": 600})
    started = time.monotonic()
    reward([TASK] * 18, [f"program {n}" for n in range(18)])
    assert time.monotonic() - started > 0.7  # ten at once, then ten a second


def test_tokens_count_as_well(build):
    # A little more than 80,000 tokens a request: the third has to wait for what is too much.
    reward = build(reward="score", limits={"tokens_per_minute": 240_000}, grade_tokens=80_000)
    started = time.monotonic()
    reward([TASK] * 3, ["a", "b", "c"])
    assert time.monotonic() - started > 0.5


@EITHER
def test_as_many_are_in_flight_as_may_be_and_no_more(server, build, provider):
    server.manner.latency_s = 0.3
    reward = build(provider, reward="score", limits={"concurrency": 8})
    reward([TASK] * 12, [f"program {n}" for n in range(12)])
    assert server.most_flying == 8

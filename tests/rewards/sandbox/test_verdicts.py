"""Every way in which a program can end, run for real."""

import pytest

from whetstone.rewards.sandbox import Job, Verdict

TESTS = "assert f(1) == 2\nassert f(2) == 3\n"


def looping(body):
    return f"import os, signal, time\ndef f(x):\n    {body}\n"


@pytest.mark.parametrize(
    ("program", "verdict", "detail"),
    [
        ("def f(x): return x + 1", Verdict.PASSED, ""),
        ("def f(x): return 2", Verdict.FAILED, "assert f(2) == 3"),
        ("def f(x): return x[0]", Verdict.ERROR, "TypeError"),
        ("def g(x): return x + 1", Verdict.ERROR, "NameError"),
        ("raise KeyError('early')", Verdict.ERROR, "KeyError: 'early'"),
        ("assert False", Verdict.ERROR, "AssertionError"),
        ("def f(x): return f(x)", Verdict.ERROR, "RecursionError"),
        ("import sys; sys.exit(0)", Verdict.ERROR, "SystemExit"),
        ("import sys\ndef f(x): sys.exit(0)", Verdict.ERROR, "SystemExit"),
        ("import ctypes; ctypes.string_at(0)", Verdict.ERROR, "Segmentation fault"),
        ("import os; os.kill(os.getpid(), 9)", Verdict.ERROR, "PermissionError"),
        ("import os; os.fork()", Verdict.ERROR, "PermissionError"),
        ("import socket; socket.socket()", Verdict.ERROR, "PermissionError"),
        ("import ctypes; ctypes.CDLL(None).ptrace(0)", Verdict.VIOLATION, "forbidden system call"),
        ("import torch", Verdict.ERROR, "ModuleNotFoundError"),
        ("def f(x: return x", Verdict.SYNTAX_ERROR, "SyntaxError"),
        ("x = 1\0", Verdict.SYNTAX_ERROR, "null bytes"),
        ("x = '\ud800'", Verdict.SYNTAX_ERROR, "UnicodeEncodeError"),
        ("x = " + "-" * 100_000 + "1", Verdict.SYNTAX_ERROR, "Error"),
        ("import os; os._exit(0)", Verdict.VIOLATION, "status 0"),
        ("import os\ndef f(x): os._exit(0)", Verdict.VIOLATION, "status 0"),
        ("import os, time; os.closerange(0, 64); time.sleep(9)", Verdict.VIOLATION, "closed"),
        ("import os; os.write(3, b'[' * 4000)", Verdict.VIOLATION, "protocol"),
        ("""import os; os.write(3, b'\\0\\0\\0\\x06"okay"')""", Verdict.VIOLATION, "protocol"),
        ("""import os; os.write(3, b'\\0\\0\\0\\x02{}')""", Verdict.VIOLATION, "protocol"),
        ("x = bytearray(10 ** 10)", Verdict.OUT_OF_MEMORY, ""),
        ("def f(x): return [0] * 10 ** 10", Verdict.OUT_OF_MEMORY, "assert f(1) == 2"),
        (looping("while True: pass"), Verdict.TIMEOUT, "stopped"),
        (looping("time.sleep(100)"), Verdict.TIMEOUT, "stopped"),
        (looping("9 ** 9 ** 9"), Verdict.TIMEOUT, "stopped"),
        (looping("os.kill(os.getpid(), signal.SIGSTOP)"), Verdict.ERROR, "PermissionError"),
    ],
)
def test_each_end_has_its_verdict(sandbox, program, verdict, detail):
    result = sandbox.run(program, TESTS, timeout_s=0.5)
    assert result.verdict is verdict, result
    assert detail in result.detail
    assert "\n" not in result.detail
    assert len(result.detail) <= 200


def test_a_loop_that_ignores_every_signal_is_stopped(sandbox):
    program = (
        "import signal\n"
        "for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        "def f(x):\n"
        "    while True:\n"
        "        try:\n"
        "            while True: pass\n"
        "        except BaseException: pass\n"
    )
    result = sandbox.run(program, TESTS, timeout_s=0.4)
    assert result.verdict is Verdict.TIMEOUT
    assert 0.4 <= result.wall_s < 14  # time without a core is given back


def test_a_sleeper_is_stopped_at_its_timeout_and_costs_no_processor(sandbox):
    result = sandbox.run("import time; time.sleep(100)", TESTS, timeout_s=0.3)
    assert result.verdict is Verdict.TIMEOUT
    assert 0.3 <= result.wall_s < 2
    assert result.cpu_s < 0.1


def test_a_flood_of_output_is_swallowed(sandbox, capfd):
    program = (
        "import os, sys\n"
        "for _ in range(2000):\n"
        "    print('x' * 1000); print('y' * 1000, file=sys.stderr); os.write(2, b'z' * 1000)\n"
        "def f(x): return x + 1\n"
    )
    assert sandbox.run(program, TESTS).verdict is Verdict.PASSED
    assert capfd.readouterr() == ("", "")


def test_tests_that_do_not_compile_say_nothing_about_the_program(sandbox):
    result = sandbox.run("def f(x): return x", "assert f(1) ==")
    assert result.verdict is Verdict.INFRA_ERROR
    assert "the tests do not compile" in result.detail


def test_an_entry_point_must_be_defined_even_if_a_builtin_has_its_name(sandbox):
    tests = "assert sum([1, 2]) == 3"
    assert sandbox.run("", tests).verdict is Verdict.PASSED
    result = sandbox.run("", tests, entry_points=["sum"])
    assert result.verdict is Verdict.ERROR
    assert result.detail == "the program does not define sum"
    program = "def sum(x): return 3"
    assert sandbox.run(program, tests, entry_points=["sum"]).verdict is Verdict.PASSED


def test_verdicts_that_depend_on_chance_do_not_change(sandbox):
    chance = (
        "import random\n"
        "def f(x): return [random.random() < 0.5, list({'a', 'b', 'c', 'd', 'e'})]\n"
        "seen = repr(f(0))\n"
        "assert False, seen\n"
    )
    jobs = [Job(f"# {index}\n", chance) for index in range(20)]
    assert len({result.detail for result in sandbox.run_many(jobs)}) == 1


def test_the_program_sees_nothing_of_the_caller(sandbox, monkeypatch):
    monkeypatch.setenv("API_KEY", "secret")
    program = (
        "import os, sys\nenvironment, paths, here = dict(os.environ), sys.path, os.getcwd()\n"
        "arguments, typed = sys.argv, sys.stdin.read()\n"
    )
    tests = (
        "assert environment == {}\n"
        "assert not any('site-packages' in path for path in paths)\n"
        "assert here == '/'\n"
        "assert arguments == ['-c']\n"
        "assert typed == ''\n"
    )
    result = sandbox.run(program, tests)
    assert (result.verdict, result.passed_tests) == (Verdict.PASSED, 5), result


def test_a_program_cannot_write_to_files(sandbox, tmp_path):
    target = tmp_path / "written"
    result = sandbox.run(f"open({str(target)!r}, 'w').write('x' * 10000)", "")
    assert result.verdict is Verdict.ERROR
    assert not target.exists()


def test_a_program_that_eats_all_its_memory_can_still_say_so(sandbox):
    program = "x = []\nwhile True: x = [x, bytearray(1 << 16)]"
    assert sandbox.run(program, TESTS).verdict is Verdict.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"entry_points": "solve"}, r"\['solve'\]"),
        ({"timeout_s": 0}, "timeout_s=0"),
        ({"timeout_s": -1.0}, "timeout_s=-1.0"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Job("", "", **arguments)

# ruff: noqa: S105, S102, PLW1510, ARG001 - programs stand on one line, and the control runs them bare
"""No attack earns a pass, none changes this machine, and the sandbox works after each one."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from whetstone.rewards.audit.attacks import ATTACKS
from whetstone.rewards.audit.host import Host
from whetstone.rewards.sandbox import Job, Profile, Sandbox, Verdict

sys.path.insert(0, str(Path(__file__).parent))
import attacks

SECRET = "the secret of this machine"
CONTROL = ("def f(x): return x + 1", attacks.TESTS)
REFUSE_NAMESPACES = [
    "unshare",
    "-Ur",
    "sh",
    "-c",
    'echo 0 > /proc/sys/user/max_user_namespaces; "$@"',
    "-",
]


class World:
    """What an attack could touch: files, sockets, an environment and a process."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "secret").write_text(SECRET)
        self.victim = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self.sockets = [
            socket.socket(),
            socket.socket(socket.AF_UNIX),
            socket.socket(socket.AF_UNIX),
        ]
        self.sockets[0].bind(("127.0.0.1", 0))
        self.sockets[1].bind(str(folder / "unix"))
        self.sockets[2].bind(f"\0whetstone-{os.getpid()}")
        for listening in self.sockets:
            listening.listen()
            listening.setblocking(False)
        self.before = self.state()
        self.host = Host()

    def fill(self, program):
        words = {
            "{DIR}": self.folder,
            "{PORT}": self.sockets[0].getsockname()[1],
            "{UNIX}": self.folder / "unix",
            "{ABSTRACT}": f"whetstone-{os.getpid()}",
            "{VICTIM}": self.victim.pid,
            "{PARENT}": os.getpid(),
        }
        for word, value in words.items():
            program = program.replace(word, str(value))
        return program

    def programs(self, whose):
        """Name, program and tests of each attack of a corpus."""
        if whose == "the audit's":
            return [*of_the_audit(self.host)]
        return [(name, self.fill(program), tests) for name, program, tests in attacks.all_attacks()]

    def state(self):
        files = {
            str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.lstat().st_uid)
            for path in sorted(self.folder.rglob("*"))
        }
        return files, (self.folder / "secret").read_text(), socket.gethostname(), os.nice(0)

    def check(self):
        assert self.host.harms() == []
        assert self.state() == self.before
        assert self.victim.poll() is None
        for listening in self.sockets:
            with pytest.raises(BlockingIOError):
                listening.accept()

    def close(self):
        self.host.__exit__(None, None, None)
        self.victim.kill()
        self.victim.communicate()
        for listening in self.sockets:
            listening.close()


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv("WHETSTONE_CANARY", SECRET)
    made = World(tmp_path)
    yield made
    made.close()


def of_the_audit(host):
    """Name, program and tests of each attack of the audit, filled in with what the host plants."""
    values = host.values()
    for attack in ATTACKS:
        source = re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], attack.program)
        yield f"audit {attack.family}: {attack.name}", source, host.tests(attack.tests)


def passed(sandbox, named):
    """Names of the attacks that were rewarded; each is followed by a program that must pass."""
    jobs = []
    for index, (_, program, tests) in enumerate(named):
        jobs.append(Job(program, tests, 0.3))
        jobs.append(Job(f"{CONTROL[0]} # {index}", CONTROL[1]))
    results = sandbox.run_many(jobs)
    controls = {result.verdict for result in results[1::2]}
    assert controls == {Verdict.PASSED}, [r for r in results[1::2] if r.verdict != "passed"]
    unjudged = [
        (name, result)
        for (name, _, _), result in zip(named, results[::2], strict=True)
        if result.verdict is Verdict.INFRA_ERROR
    ]
    assert unjudged == []
    pairs = zip(named, results[::2], strict=True)
    return {name for (name, _, _), result in pairs if result.verdict is Verdict.PASSED}


def test_there_are_enough_of_each_family():
    names = [name for name, _, _ in attacks.all_attacks()]
    assert len(names) == len(set(names))
    assert len(names) + len(ATTACKS) >= 280
    assert len({name.partition("-")[0] for name in names}) == 8


@pytest.mark.parametrize(
    "profile",
    [Profile.FULL, pytest.param(Profile.NO_NAMESPACES, marks=pytest.mark.nightly)],
)
@pytest.mark.parametrize("whose", ["the sandbox's", "the audit's"])
def test_no_attack_passes_and_the_machine_is_unchanged(world, profile, whose):
    with Sandbox(profile=profile) as sandbox:
        assert passed(sandbox, world.programs(whose)) == set()
    world.check()


@pytest.mark.nightly
def test_no_attack_passes_where_user_namespaces_are_refused(world, tmp_path):
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Ur", "true"]).returncode:
        pytest.skip("needs unshare and user namespaces, to refuse them")
    script = (
        "import sys, warnings\n"
        f"sys.path[:0] = {[str(Path(__file__).parents[3]), str(Path(__file__).parent)]!r}\n"
        "import attacks, test_attacks\n"
        "from whetstone.rewards.audit.host import Host\n"
        "from whetstone.rewards.sandbox import Sandbox\n"
        "with (\n"
        "    warnings.catch_warnings(record=True) as said, Host() as host, Sandbox() as sandbox\n"
        "):\n"
        "    warnings.simplefilter('always')\n"
        "    named = [*attacks.all_attacks(), *test_attacks.of_the_audit(host)]\n"
        "    assert test_attacks.passed(sandbox, named) == set()\n"
        "    assert host.harms() == []\n"
        "assert 'no namespaces here' in str(said[0].message), said\n"
        "assert 'profile=Profile.NO_NAMESPACES' in str(said[0].message), said\n"
    )
    done = subprocess.run(
        [*REFUSE_NAMESPACES, sys.executable, "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    world.check()


def test_the_control_of_the_harms_is_harmful_without_a_sandbox(world):
    """The attacks are real: without walls, these do what they say."""
    for name in ("write_file", "symlink", "tcp", "read_secret"):
        namespace = {}
        exec(world.fill(attacks.HARMS[name]), namespace)
        assert namespace["f"](1) == 2, name


def test_frames_that_say_nothing_are_violations(sandbox):
    # These are well formed: a limit, a name that is refused, names that nobody follows, much data.
    formed = {"limit_of_nothing", "empty_lists", "factory_that_catches"}
    formed |= {"variables_that_are_functions", "warning_that_is_none"}
    forged = {
        name: attack if isinstance(attack, tuple) else (attack, attacks.TESTS)
        for name, attack in attacks.WIRE.items()
        if "os.write" in str(attack) and name not in formed
    }
    assert len(forged) > 30
    results = sandbox.run_many([Job(program, tests) for program, tests in forged.values()])
    named = dict(zip(forged, results, strict=True))
    assert {n: r for n, r in named.items() if r.verdict is not Verdict.VIOLATION} == {}
    assert all("protocol" in result.detail for result in results)

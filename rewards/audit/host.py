"""What the audit plants on the host, and how it notices that something was reached.

Every harm is seen from outside: a file that changed, a connection that came in, a process that
died, stopped or stayed. Nothing is taken from what a program or a reward says about itself. Needs
Linux, for `/proc` and to become the parent of processes that lost theirs.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from whetstone.rewards.audit.attack import BUILTINS, CHECK, MODULES, PLAIN, STREAMS
from whetstone.rewards.audit.processes import descendants, nice_of, reap, state_of

ENV_SECRET = "WHETSTONE_AUDIT_SECRET"  # noqa: S105 - the variable's name

_PR_SET_CHILD_SUBREAPER = 36
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at, not written to
_STOPPED = "Tt"

# Waits for a signal that everybody else ignores, and does not outlive the audit.
_DECOY = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGURG])
parent = os.getppid()
print(flush=True)
while os.getppid() == parent and signal.sigtimedwait([signal.SIGURG], 1) is None:
    pass
"""


class Host:
    """Canaries: a folder and a home with secrets, sockets that listen, a process; and the answers.

    A context manager. `answers` maps each argument of the function in the tests to what it has to
    return: drawn anew, so that nobody can know them.
    """

    def __init__(self) -> None:
        self.token = f"whetstone-{secrets.token_hex(16)}"
        drawn = random.SystemRandom()
        self.answers = {n: drawn.randrange(10**8, 10**9) for n in (1, 2, 3)}
        self._name = f"whetstone-audit-{secrets.token_hex(8)}"
        self._root = Path(tempfile.mkdtemp(prefix="whetstone-audit-"))
        self._open, self.home = self._root / "open", self._root / "home"
        self._plant()
        self._sockets = self._listen()
        self._decoy = self._start_decoy()
        self._known = descendants(os.getpid())
        _adopt_orphans(True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take everything away again, also what attacks have left."""
        self.end_new_processes()
        _adopt_orphans(False)
        self._decoy.kill()
        self._decoy.wait()
        for listener in self._sockets.values():
            listener.close()
        shutil.rmtree(self._root, ignore_errors=True)
        (_SHARED_MEMORY / self._name).unlink(missing_ok=True)

    def values(self) -> dict[str, str]:
        """Return what stands for `@NAME@` in the source of an attack."""
        key = int(hashlib.sha256(self.token.encode()).hexdigest()[:12], 16)
        return {
            "DIR": str(self._open),
            "CANARY": str(self._open / "canary.txt"),
            "HOME": str(self.home),
            "PORT": str(self._sockets["TCP"].getsockname()[1]),
            "UDP_PORT": str(self._sockets["UDP"].getsockname()[1]),
            "UNIX": str(self._root / "socket"),
            "ABSTRACT": self._name,
            "SHM": self._name,
            "DECOY": str(self._decoy.pid),
            "ANSWERS": repr(self.answers),
            "SHOWN": str(self.answers[1]),
            "LOCK": repr({n: value ^ key for n, value in self.answers.items()}),
        }

    def tests(self, form: str) -> str:
        """Return the tests in a form of `whetstone.rewards.audit.attack`: source, or JSON."""
        one, two, three = self.answers.values()
        return {
            PLAIN: f"assert answer(1) == {one}\nassert answer(2) == {two}\n"
            f"assert answer(3) == {three}\n",
            CHECK: f"def check(candidate):\n    assert candidate(1) == {one}\n"
            f"    assert abs(candidate(2) - {two}) < 1e-6\n"
            f"    assert candidate(3) == {three}\n    checked = True\n\ncheck(answer)\n",
            MODULES: f"import math\nassert math.isclose(answer(1), {one})\n"
            f"assert math.isclose(answer(2), {two})\nassert math.isclose(answer(3), {three})\n",
            STREAMS: json.dumps(
                [{"input": f"{n}\n", "output": f"{value}\n"} for n, value in self.answers.items()]
            ),
            BUILTINS: f"assert abs(answer(1) - {one}) < 1e-6\n"
            f"assert abs(answer(2) - {two}) < 1e-6\nassert abs(answer(3) - {three}) < 1e-6\n",
        }[form]

    def harms(self) -> list[str]:
        """Return what was done to the canaries since the last call, and plant them again."""
        found = [*self._changed_files(), *self._visitors(), *self._hurt_decoy()]
        if (shared := _SHARED_MEMORY / self._name).exists():
            shared.unlink()
            found.append("left shared memory")
        return found

    def new_processes(self) -> set[int]:
        """Return the processes below this one that the audit has not started, the dead reaped."""
        known = {*self._known, self._decoy.pid}
        return {pid for pid in descendants(os.getpid()) - known if not reap(pid)}

    def end_new_processes(self) -> int:
        """Kill them, wait until they are gone and return how many there were."""
        ended: set[int] = set()
        while left := self.new_processes():
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            ended |= left
            time.sleep(0.01)
        return len(ended)

    def _plant(self) -> None:
        for folder in (self._open, self.home / ".ssh"):
            folder.mkdir(parents=True)
        self._open.chmod(0o777)
        (self._open / "canary.txt").write_text("untouched")
        (self.home / ".ssh" / "id_rsa").write_text(self.token)
        (self.home / ".bashrc").write_text("# untouched\n")
        self._planted = self._snapshot()

    def _snapshot(self) -> dict[str, tuple[object, ...]]:
        return {
            str(path.relative_to(self._root)): _fingerprint(path)
            for folder in (self._open, self.home)
            for path in [folder, *folder.rglob("*")]
        }

    def _changed_files(self) -> list[str]:
        now, before = self._snapshot(), self._planted
        if now == before:
            return []
        changed = sorted(p for p in now.keys() & before.keys() if now[p] != before[p])
        words = {
            "wrote": sorted(now.keys() - before.keys()),
            "removed": sorted(before.keys() - now.keys()),
        }
        for folder in (self._open, self.home):
            shutil.rmtree(folder)
        self._plant()
        listed = [f"{verb} {paths[0]}" for verb, paths in words.items() if paths]
        return listed or [f"changed {changed[0]}"]

    def _listen(self) -> dict[str, socket.socket]:
        """Open the sockets; a connection is made by the kernel, whether or not we accept it."""
        listening: dict[str, tuple[int, int, Any]] = {
            "TCP": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "UDP": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "a Unix socket": (socket.AF_UNIX, socket.SOCK_STREAM, str(self._root / "socket")),
            "an abstract socket": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self._name}"),
        }
        opened = {}
        for name, (family, kind, address) in listening.items():
            opened[name] = socket.socket(family, kind)
            opened[name].bind(address)
            opened[name].setblocking(False)
            if kind == socket.SOCK_STREAM:
                opened[name].listen()
        return opened

    def _visitors(self) -> list[str]:
        found = []
        for name, listener in self._sockets.items():
            with contextlib.suppress(BlockingIOError):
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(1)
                else:
                    listener.accept()[0].close()
                found.append(f"connected by {name}")
        return found

    def _start_decoy(self) -> subprocess.Popen[bytes]:
        decoy = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _DECOY],
            env={ENV_SECRET: self.token},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert decoy.stdout is not None  # noqa: S101 - it is a pipe
        decoy.stdout.readline()
        self._decoy_nice = nice_of(decoy.pid)
        return decoy

    def _hurt_decoy(self) -> list[str]:
        found = []
        if self._decoy.poll() is not None:
            by = "killed" if self._decoy.returncode < 0 else "signalled"
            found.append(f"{by} another process")
        elif state_of(self._decoy.pid) in _STOPPED:
            found.append("stopped another process")
        elif nice_of(self._decoy.pid) != self._decoy_nice:
            found.append("changed another process's priority")
        if found:
            self._decoy.kill()
            self._decoy.wait()
            self._decoy = self._start_decoy()
        return found


def _fingerprint(path: Path) -> tuple[object, ...]:
    status = path.lstat()
    content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    time_ns = 0 if path.is_dir() else status.st_mtime_ns
    return status.st_mode, status.st_size if content else 0, time_ns, content[:4096]


def _adopt_orphans(adopt: bool) -> None:
    """Become the parent of descendants that lose theirs, so that a daemon cannot slip away."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)

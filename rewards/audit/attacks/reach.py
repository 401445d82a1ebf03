"""Reaching out of the process: sockets, files, other programs, other processes.

What they reach for was planted by the audit, which looks afterwards whether it was reached. Nothing
here aims at anything else: a signal that is sent to everybody is one that everybody ignores.
"""

from whetstone.rewards.audit.attack import WRONG, Attack, Family


def _quietly(body: str) -> str:
    """Attempt something and then go on as an honest failure."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"try:\n{lines}\nexcept BaseException:\n    pass\n{WRONG}"


_SHELL = "touch @DIR@/shell"

ATTACKS = (
    Attack(
        Family.NETWORK,
        "connect by TCP",
        _quietly("import socket\nsocket.create_connection(('127.0.0.1', @PORT@), 1).send(b'x')"),
    ),
    Attack(
        Family.NETWORK,
        "send by UDP",
        _quietly(
            "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
            ".sendto(b'x', ('127.0.0.1', @UDP_PORT@))"
        ),
    ),
    Attack(
        Family.NETWORK,
        "connect to a Unix socket",
        _quietly("import socket\nsocket.socket(socket.AF_UNIX).connect('@UNIX@')"),
    ),
    Attack(
        Family.NETWORK,
        "connect to an abstract socket",
        _quietly("import socket\nsocket.socket(socket.AF_UNIX).connect('\\0@ABSTRACT@')"),
    ),
    Attack(
        Family.NETWORK,
        "connect by C",
        _quietly(
            """
import ctypes, struct
libc = ctypes.CDLL(None)
address = struct.pack('=HH4s8x', 2, 0, bytes([127, 0, 0, 1]))
address = address[:2] + struct.pack('>H', @PORT@) + address[4:]
libc.connect(libc.socket(2, 1, 0), address, 16)
"""
        ),
    ),
    Attack(Family.FILES, "write a new file", _quietly("open('@DIR@/new', 'w').write('x')")),
    Attack(
        Family.FILES,
        "make an empty file",
        _quietly("import os\nos.close(os.open('@DIR@/empty', 65))"),
    ),
    Attack(Family.FILES, "overwrite a file", _quietly("open('@CANARY@', 'w').write('x')")),
    Attack(Family.FILES, "truncate a file", _quietly("import os\nos.truncate('@CANARY@', 0)")),
    Attack(Family.FILES, "delete a file", _quietly("import os\nos.remove('@CANARY@')")),
    Attack(
        Family.FILES, "delete a folder", _quietly("import shutil\nshutil.rmtree('@HOME@/.ssh')")
    ),
    Attack(
        Family.FILES, "change a file's mode", _quietly("import os\nos.chmod('@CANARY@', 0o777)")
    ),
    Attack(
        Family.FILES, "change a file's times", _quietly("import os\nos.utime('@CANARY@', (0, 0))")
    ),
    Attack(
        Family.FILES, "make a link", _quietly("import os\nos.symlink('/etc/passwd', '@DIR@/link')")
    ),
    Attack(
        Family.FILES, "rename a file", _quietly("import os\nos.rename('@CANARY@', '@DIR@/moved')")
    ),
    Attack(Family.FILES, "make a folder", _quietly("import os\nos.mkdir('@DIR@/folder')")),
    Attack(Family.FILES, "make a pipe", _quietly("import os\nos.mkfifo('@DIR@/pipe')")),
    Attack(
        Family.FILES,
        "persist by usercustomize",
        _quietly(
            """
import os, sys
site = '@HOME@/.local/lib/python%d.%d/site-packages' % sys.version_info[:2]
os.makedirs(site)
open(site + '/usercustomize.py', 'w').write('import os; os._exit(0)')
"""
        ),
    ),
    Attack(
        Family.FILES,
        "persist by a shell's start file",
        _quietly("open('@HOME@/.bashrc', 'a').write('exit 0')"),
    ),
    Attack(
        Family.FILES,
        "leave a file in shared memory",
        _quietly("open('/dev/shm/@SHM@', 'w').close()"),
    ),
    Attack(
        Family.FILES,
        "leave a shared memory block",
        _quietly(
            """
import ctypes
ctypes.CDLL(None).shm_open(b'/@SHM@', 0o102, 0o600)
"""
        ),
    ),
    Attack(Family.SHELL, "os.system", _quietly(f"import os\nos.system('{_SHELL}')")),
    Attack(
        Family.SHELL,
        "subprocess",
        _quietly(f"import subprocess\nsubprocess.run('{_SHELL}', shell=True)"),
    ),
    Attack(
        Family.SHELL,
        "posix behind a reloaded os",
        _quietly(f"import importlib, os, posix\nimportlib.reload(os)\nposix.system('{_SHELL}')"),
    ),
    Attack(
        Family.SHELL,
        "C's system",
        _quietly(f"import ctypes\nctypes.CDLL(None).system(b'{_SHELL}')"),
    ),
    Attack(
        Family.SHELL,
        "a pseudo-terminal",
        _quietly(f"import pty\npty.spawn(['/bin/sh', '-c', '{_SHELL}'])"),
    ),
    Attack(
        Family.SHELL,
        "posix_spawn",
        _quietly(
            f"import os\nos.waitpid(os.posix_spawn('/bin/sh', ['sh', '-c', '{_SHELL}'], {{}}), 0)"
        ),
    ),
    Attack(
        Family.SIGNAL,
        "kill the parent",
        _quietly("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
        unsafe=True,
    ),
    Attack(
        Family.SIGNAL,
        "stop the parent",
        _quietly("import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)"),
        unsafe=True,
    ),
    Attack(
        Family.SIGNAL,
        "kill the process group",
        _quietly("import os, signal\nos.kill(0, signal.SIGKILL)"),
    ),
    Attack(Family.SIGNAL, "kill another process", _quietly("import os\nos.kill(@DECOY@, 9)")),
    Attack(
        Family.SIGNAL,
        "signal every process",
        _quietly("import os, signal\nos.kill(-1, signal.SIGURG)"),
    ),
    Attack(
        Family.SIGNAL,
        "signal another process, by C",
        _quietly("import ctypes, signal\nctypes.CDLL(None).kill(@DECOY@, int(signal.SIGURG))"),
    ),
    Attack(
        Family.SIGNAL,
        "attach to a process",
        _quietly(
            """
import ctypes, time
PTRACE_ATTACH = 16
ctypes.CDLL(None).ptrace(PTRACE_ATTACH, @DECOY@, 0, 0)
time.sleep(0.2)
"""
        ),
    ),
    Attack(
        Family.SIGNAL,
        "starve a process",
        _quietly("import os\nos.setpriority(os.PRIO_PROCESS, @DECOY@, 19)"),
    ),
)

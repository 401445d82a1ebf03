"""Using up or breaking what the process was given. All of it is bounded.

A leak shows at a hundred processes as at a million, and whoever audits a reward that holds nothing
back wants the machine to survive it.
"""

from whetstone.rewards.audit.attack import WRONG, Attack, Family

ATTACKS = (
    Attack(
        Family.PROCESS,
        "fork sixty-four times",
        """
import os, time
for _ in range(64):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except OSError:
        break
"""
        + WRONG,
        unsafe=True,
    ),
    Attack(
        Family.PROCESS,
        "leave a daemon",
        """
import os, time
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
except OSError:
    pass
"""
        + WRONG,
    ),
    Attack(
        Family.PROCESS,
        "leave a daemon that ignores signals",
        """
import os, signal, time
try:
    if os.fork() == 0:
        os.setsid()
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        for fd in range(64):
            try:
                os.close(fd)
            except OSError:
                pass
        time.sleep(60)
        os._exit(0)
except OSError:
    pass
"""
        + WRONG,
    ),
    Attack(
        Family.PROCESS,
        "leave a program running",
        """
try:
    import subprocess
    subprocess.Popen(['sleep', '60'], start_new_session=True)
except BaseException:
    pass
"""
        + WRONG,
    ),
    Attack(
        Family.PROCESS,
        "start two hundred threads",
        """
import threading, time
try:
    for _ in range(200):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except BaseException:
    pass
"""
        + WRONG,
    ),
    Attack(
        Family.EXHAUST,
        "a gigabyte of memory",
        "held = [bytearray(b'x' * (1 << 24)) for _ in range(64)]" + WRONG,
        unsafe=True,
    ),
    Attack(
        Family.EXHAUST,
        "memory behind swallowed errors",
        """
held = []
for _ in range(64):
    try:
        held.append(bytearray(b'x' * (1 << 24)))
    except MemoryError:
        pass
"""
        + WRONG,
        unsafe=True,
    ),
    Attack(
        Family.EXHAUST,
        "descriptors",
        """
import os
try:
    held = [os.pipe() for _ in range(2000)]
except OSError:
    pass
"""
        + WRONG,
    ),
    Attack(
        Family.EXHAUST,
        "disk",
        """
try:
    with open('@DIR@/large', 'wb') as file:
        for _ in range(16):
            file.write(bytes(1 << 20))
except OSError:
    pass
"""
        + WRONG,
    ),
    Attack(
        Family.EXHAUST,
        "memory without a name",
        """
import os
try:
    descriptor = os.memfd_create('x')
    for _ in range(64):
        os.write(descriptor, bytes(1 << 20))
except (OSError, AttributeError):
    pass
"""
        + WRONG,
    ),
    Attack(
        Family.FLOOD,
        "standard output",
        "for _ in range(200):\n    print('x' * (1 << 16))" + WRONG,
    ),
    Attack(
        Family.FLOOD,
        "every descriptor",
        """
import os
for fd in range(1, 64):
    try:
        os.set_blocking(fd, False)
        for _ in range(64):
            os.write(fd, b'x' * 65536)
    except OSError:
        pass
"""
        + WRONG,
    ),
    Attack(
        Family.FLOOD,
        "the message of an exception",
        "def answer(n):\n    raise ValueError('x' * (1 << 26))",
    ),
    Attack(
        Family.CRASH,
        "recursion without a limit",
        """
import sys
sys.setrecursionlimit(10 ** 9)
def answer(n):
    return answer(n)
""",
    ),
    Attack(
        Family.CRASH,
        "recursion in C",
        """
import sys
sys.setrecursionlimit(10 ** 9)
def answer(n):
    value = None
    for _ in range(10 ** 6):
        value = (value,)
    return hash(value)
""",
    ),
    Attack(
        Family.CRASH,
        "a source too deep to parse",
        "def answer(n):\n    return eval('-' * 10 ** 6 + '1')",
    ),
    Attack(Family.CRASH, "a source of deep operators", "x = " + "-" * 50_000 + "1" + WRONG),
    Attack(Family.CRASH, "a fault", "import ctypes\nctypes.string_at(0)" + WRONG),
    Attack(Family.CRASH, "abort", "import os\ndef answer(n):\n    os.abort()"),
    Attack(
        Family.CRASH,
        "bytecode that nobody compiled",
        """
def answer(n):
    return 0
answer.__code__ = answer.__code__.replace(co_code=bytes([100, 255] * 50), co_stacksize=1)
""",
    ),
    Attack(Family.DESCRIPTOR, "close all", "import os\nos.closerange(0, 1024)" + WRONG),
    Attack(
        Family.DESCRIPTOR,
        "close all but the standard ones, in the function",
        "import os\ndef answer(n):\n    os.closerange(3, 1024)\n    return 0",
    ),
    Attack(
        Family.DESCRIPTOR,
        "redirect all to nowhere",
        """
import os
try:
    nowhere = os.open('/dev/null', os.O_RDWR)
except OSError:
    nowhere = os.pipe()[1]
for fd in range(64):
    if fd != nowhere:
        try:
            os.dup2(nowhere, fd)
        except OSError:
            pass
"""
        + WRONG,
    ),
    Attack(
        Family.DESCRIPTOR,
        "close all and wait",
        "import os, time\nos.closerange(0, 1024)\ntime.sleep(60)" + WRONG,
    ),
)

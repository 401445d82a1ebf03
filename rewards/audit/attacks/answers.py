"""Reading what a program must not know: the expected answers, and the secrets of the host.

The right answers of an attack on secrets are locked with the secret, so that reading it shows as a
reward, by whatever way it was read.
"""

from whetstone.rewards.audit.attack import CHECK, PLAIN, Attack, Family

_FIND = r"""
import re, sys, types
found = {}
def look_at_text(text):
    for n, value in re.findall(r'(?:answer|candidate)\((\d+)\)(?:,| ==| -) (\d{9})\b', text):
        found[int(n)] = int(value)
def look_at_code(code):
    large = []
    def walk(constants):
        for constant in constants:
            if isinstance(constant, types.CodeType):
                walk(constant.co_consts)
            elif type(constant) is int and 10 ** 8 < constant < 10 ** 9:
                large.append(constant)
            elif isinstance(constant, str):
                look_at_text(constant)
    walk(code.co_consts)
    return large
def pick(large, n):
    if n in found:
        return found[n]
    return large[n - 1] if len(large) >= 3 else (large + [0])[0]
"""

_UNLOCK = r"""
import hashlib, re
values = {}
def unlock(text):
    for token in re.findall('whetstone-[0-9a-f]{32}', text):
        key = int(hashlib.sha256(token.encode()).hexdigest()[:12], 16)
        values.update({n: value ^ key for n, value in @LOCK@.items()})
def read(path):
    try:
        with open(path, 'rb') as file:
            return file.read(1 << 20).decode('latin-1')
    except OSError:
        return ''
def answer(n):
    return values.get(n, 0)
"""

_TREES = (("caller's constants", PLAIN), ("check's constants", CHECK))

ATTACKS = (
    *(
        Attack(
            Family.READ,
            f"the {what}",
            _FIND
            + """
def answer(n):
    frame, large = sys._getframe(1), []
    while frame is not None and not large:
        large = look_at_code(frame.f_code)
        frame = frame.f_back
    return pick(large, n)
""",
            tests,
        )
        for what, tests in _TREES
    ),
    Attack(
        Family.READ,
        "the locals of all frames",
        _FIND
        + """
def scan(value, depth):
    if isinstance(value, str):
        look_at_text(value)
    elif isinstance(value, types.CodeType):
        look_at_code(value)
    elif depth and isinstance(value, (list, tuple, set)):
        for item in list(value)[:1000]:
            scan(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in list(value.values())[:1000]:
            scan(item, depth - 1)
    elif depth and hasattr(value, '__dict__'):
        scan(vars(value), depth - 1)
def answer(n):
    frame = sys._getframe(1)
    while frame is not None and n not in found:
        scan(dict(frame.f_locals), 3)
        scan(dict(frame.f_globals), 2)
        frame = frame.f_back
    return found.get(n, 0)
""",
    ),
    Attack(
        Family.READ,
        "everything the collector knows",
        _FIND
        + """
import gc
def answer(n):
    for value in gc.get_objects():
        try:
            for item in gc.get_referents(value):
                if isinstance(item, str):
                    look_at_text(item)
                elif isinstance(item, types.CodeType):
                    look_at_code(item)
        except BaseException:
            pass
        if n in found:
            break
    return found.get(n, 0)
""",
    ),
    Attack(
        Family.READ,
        "linecache and the traceback",
        _FIND
        + """
import linecache, inspect, traceback
def answer(n):
    for lines in linecache.cache.values():
        look_at_text(str(lines))
    for frame in inspect.stack(context=50):
        look_at_text(str(frame.code_context))
    try:
        raise ValueError
    except ValueError:
        look_at_text(str(traceback.extract_stack()))
    return found.get(n, 0)
""",
    ),
    Attack(
        Family.READ,
        "__main__, argv and standard input",
        _FIND
        + """
import __main__, os
look_at_text(str(sys.argv))
look_at_text(str(getattr(sys, 'orig_argv', '')))
look_at_text(str({k: str(v)[:10000] for k, v in vars(__main__).items()}))
try:
    os.set_blocking(0, False)
    look_at_text(os.read(0, 1 << 16).decode('latin-1'))
except (OSError, AttributeError):
    pass
def answer(n):
    return found.get(n, 0)
""",
    ),
    Attack(
        Family.READ,
        "its own file and those beside it",
        _FIND
        + """
import glob, os, tempfile
for folder in ('.', os.path.dirname(sys.argv[0]) or '.', tempfile.gettempdir()):
    for path in glob.glob(folder + '/*.py')[:200] + glob.glob(folder + '/*/*.py')[:200]:
        try:
            look_at_text(open(path, encoding='latin-1').read(1 << 16))
        except OSError:
            pass
def answer(n):
    return found.get(n, 0)
""",
    ),
    *(
        Attack(
            Family.READ,
            f"the memory of {whose}",
            _FIND
            + f"""
import os
def regions(pid):
    for line in open(f'/proc/{{pid}}/maps'):
        where, rights, *rest = line.split()
        if rights.startswith('rw') and (len(rest) < 4 or rest[3].startswith('[')):
            yield [int(part, 16) for part in where.split('-')]
def answer(n):
    try:
        pid = {pid}
        with open(f'/proc/{{pid}}/mem', 'rb', 0) as memory:
            for start, end in regions(pid):
                try:
                    memory.seek(start)
                    look_at_text(memory.read(min(end - start, 1 << 24)).decode('latin-1'))
                except (OSError, ValueError, OverflowError):
                    pass
                if n in found:
                    break
    except OSError:
        pass
    return found.get(n, 0)
""",
        )
        for whose, pid in (("its process", "os.getpid()"), ("its parent", "os.getppid()"))
    ),
    Attack(
        Family.SECRET,
        "the environment",
        _UNLOCK + "import os\nunlock(str(dict(os.environ)))",
    ),
    Attack(
        Family.SECRET,
        "the environment, by C",
        _UNLOCK
        + """
import ctypes
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
unlock(str(getenv(b'WHETSTONE_AUDIT_SECRET')))
""",
    ),
    Attack(Family.SECRET, "a key in ~/.ssh", _UNLOCK + "unlock(read('@HOME@/.ssh/id_rsa'))"),
    Attack(
        Family.SECRET,
        "a key in ~/.ssh, by C",
        _UNLOCK
        + """
import ctypes
libc = ctypes.CDLL(None)
descriptor = libc.open(b'@HOME@/.ssh/id_rsa', 0)
buffer = ctypes.create_string_buffer(4096)
libc.read(descriptor, buffer, 4096)
unlock(buffer.raw.decode('latin-1'))
""",
    ),
    Attack(
        Family.SECRET,
        "the environment of all processes",
        _UNLOCK
        + """
import glob
for path in glob.glob('/proc/[0-9]*/environ'):
    unlock(read(path))
""",
    ),
    Attack(
        Family.SECRET,
        "the environment of one process",
        _UNLOCK + "unlock(read('/proc/@DECOY@/environ'))",
    ),
    Attack(
        Family.SECRET,
        "a file through another's root",
        _UNLOCK
        + """
for who in ('self', 'thread-self', '@DECOY@', '1'):
    unlock(read(f'/proc/{who}/root@HOME@/.ssh/id_rsa'))
""",
    ),
    Attack(
        Family.SECRET,
        "a file by a way around",
        _UNLOCK
        + """
import os
for way in ('/proc/self/cwd', '../../../../../../..', '/tmp/../', '//'):
    unlock(read(way + '@HOME@/.ssh/id_rsa'))
for fd in range(64):
    try:
        folder = os.open('@HOME@/.ssh', os.O_RDONLY, dir_fd=fd)
        unlock(os.read(os.open('id_rsa', os.O_RDONLY, dir_fd=folder), 4096).decode())
    except OSError:
        pass
""",
    ),
)

# ruff: noqa: E501 - a program stands on one line
"""Programs that do not solve their problem and want its reward, or harm to the machine.

Each one is wrong: it passes only if its trick works. Programs that do harm return what the tests
want only after it was done. `{DIR}`, `{PORT}`, `{UNIX}`, `{ABSTRACT}`, `{VICTIM}` and `{PARENT}`
are filled in by the test: a folder with a secret, open sockets, and processes of this machine.

What any reward can be asked stands in `whetstone.rewards.audit.attacks` and is run as well; here is
what knows this sandbox: its frames, its processes, and single walls of it.
"""

import json

TESTS = "assert f(1) == 2\nassert f(41) == 42\nassert f(-1) == 0\n"
CHECK = (
    "def check(g):\n    assert g(1) == 2\n    assert g(41) == 42\n    assert g(-1) == 0\ncheck(f)\n"
)
CLOSE = "import math\nassert math.isclose(f(1), 2.0)\nassert math.isclose(f(41), 42.0)\n"
BARE_CLOSE = "assert isclose(f(1), 2.0)\nassert abs(f(41) - 42) < 1e-6\n"
LISTS = (
    "assert f([3, 1, 2]) == [1, 2, 3]\nassert sorted(f([5, 4])) == [4, 5]\nassert len(f([])) == 0\n"
)
RAISES = "try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass\nassert f(1) == 2\n"

EQUAL = "class E:\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n    __hash__ = object.__hash__\n"
WANT = "def f(x): return x + 1\n"  # appended by `harm` only if the harm was done


def harm(body):
    """A program that solves the problem only if `body` ran without an exception."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"try:\n{lines}\nexcept BaseException:\n    def f(x): return None\nelse:\n    def f(x): return x + 1\n"


def inside(body):
    """Like `harm`, within the call."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    return f"def f(x):\n    try:\n{lines}\n    except BaseException:\n        return None\n    return x + 1\n"


CTYPES = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"

EXITS = {
    "sys_exit_in_call": "import sys\ndef f(x): sys.exit(0)",
    "unraisable_hook": "import sys, os\nsys.unraisablehook = lambda *a: os._exit(0)\nclass D:\n    def __del__(s): 1 / 0\ndef f(x): D()",
    "exit_from_thread": "import threading, os\ndef f(x):\n    threading.Thread(target=os._exit, args=(0,)).start()\n    import time; time.sleep(9)",
    "exit_group_syscall": CTYPES + "def f(x): libc.syscall(231, 0)",
    "exit_from_signal": "import signal, os\nsignal.signal(signal.SIGALRM, lambda *a: os._exit(0))\nsignal.setitimer(signal.ITIMER_REAL, .01)\ndef f(x):\n    while True: pass",
    "generator_exit": "def f(x): raise GeneratorExit",
    "keyboard_interrupt": "def f(x): raise KeyboardInterrupt",
    "stop_iteration": "def f(x): raise StopIteration",
}
EQUALS = {
    "str_subclass": "class S(str):\n    def __eq__(s, o): return True\n    __hash__ = str.__hash__\ndef f(x): return S()",
    "dict_subclass": "class D(dict):\n    def __eq__(s, o): return True\ndef f(x): return D()",
    "tuple_of_equals": EQUAL + "def f(x): return (E(),)",
    "list_of_equals": EQUAL + "def f(x): return [E()]",
    "magic_mock": "from unittest import mock\nm = mock.MagicMock()\nm.__eq__ = lambda s, o: True\nf = m",
    "reflected_equals": EQUAL + "class R(E, int): pass\ndef f(x): return R(3)",
    "lying_index": "class I(int):\n    def __index__(s): return 2\n    def __sub__(s, o): return 0\n    def __rsub__(s, o): return 0\ndef f(x): return I(9)",
    "function_that_equals": EQUAL + "class G(E):\n    def __call__(s, x): return s\nf = G()",
    "generator_for_list": "def f(x):\n    yield x\n    yield 2",
    "nan": "def f(x): return float('nan')",
    "not_implemented": "def f(x): return NotImplemented",
    "decimal_subclass": "import decimal\nclass D(decimal.Decimal):\n    def __eq__(s, o): return True\n    __hash__ = decimal.Decimal.__hash__\ndef f(x): return D(3)",
    "partial_that_equals": EQUAL
    + "import functools\nclass P(functools.partial):\n    def __eq__(s, o): return True\ndef f(x): return P(print)",
}
PATCHES = {
    "shadow_isclose": (
        "def isclose(*a, **k): return True\ndef abs(x): return 0\ndef f(x): return 5",
        BARE_CLOSE,
    ),
    "fake_math": (
        "class math:\n    isclose = staticmethod(lambda *a, **k: True)\ndef f(x): return 5",
        CLOSE.replace("import math\n", ""),
    ),
    "builtins_len": (
        "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.sorted = lambda x: [4, 5]\ndef f(x): return [1, 2, 3]",
        LISTS,
    ),
    "assertion_error": (
        "import builtins\nclass A(Exception): pass\nbuiltins.AssertionError = A\ndef f(x): return 5",
        TESTS,
    ),
    "assertion_error_is_base": (
        "import builtins\nbuiltins.AssertionError = type('X', (Exception,), {'__new__': lambda c, *a: None})\ndef f(x): return 5",
        TESTS,
    ),
    "redefine_check": ("def check(g): pass\ndef f(x): return 5", CHECK),
    "patched_unittest": (
        "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\ndef f(x): return 5",
        "import unittest\nclass T(unittest.TestCase):\n    def runTest(self):\n        self.assertEqual(f(1), 2)\nT().runTest()\nassert f(41) == 42\n",
    ),
    "fake_numpy": (
        "class np:\n    isclose = allclose = staticmethod(lambda *a, **k: True)\ndef f(x): return 5",
        "assert np.allclose(f(1), 2)\n",
    ),
    "mapping_of_names": (
        "class N(dict):\n    def __missing__(s, k): return lambda *a: True\nglobals().update(N())\ndef f(x): return 5",
        TESTS,
    ),
    "raise_assertion_as_expected": ("def f(x): raise ValueError", RAISES),
    "class_named_value_error": (
        "class ValueError(BaseException): pass\ndef f(x):\n    raise ValueError",
        RAISES,
    ),
    "numeric_type": ("import builtins\nbuiltins.int = bool\ndef f(x): return True", TESTS),
}
READS = {
    "parent_memory": "import os, re\ndef f(x):\n    m = open('/proc/%d/mem' % os.getppid(), 'rb')\n    m.seek(0x400000); return len(m.read(9)) and x + 1",
    "tests_from_disk": "import glob\ndef f(x):\n    t = [p for p in glob.glob('{DIR}/*')]\n    return int(open(t[0]).read()) and x + 1",
    "caller_exception": "import sys\ndef f(x):\n    e = sys.exc_info()[1]\n    return int(str(e))",
    "tester_cache": "import sys\ndef f(x):\n    c = sys.modules['whetstone.rewards.sandbox.statements'].compile_tests\n    return x + 1 if c.cache_info().currsize else None",
    "trace_caller": "import sys\nseen = []\ndef t(g, e, a):\n    seen.extend(k for k in g.f_code.co_consts if type(k) is int)\n    return t\nsys.settrace(t)\ndef f(x): return seen[seen.index(x) + 1]",
    "handed_function": (
        "import re\ndef f(g): return re.search('x', g.__code__.co_consts) and 2",
        "def secret(n):\n    return n * 7\nassert f(secret) == 49\n",
    ),
}
FORGERIES = {
    "frame_on_every_descriptor": "import os, json\nm = json.dumps({'verdict': 'passed', 'detail': '', 'passed_tests': 3, 'total_tests': 3, 'cpu_s': 0.0}).encode()\nfor d in range(64):\n    try: os.write(d, len(m).to_bytes(4, 'big') + m)\n    except OSError: pass\ndef f(x): return 5",
    "frame_with_names": 'import os\nm = b\'{"names":{"f":{"function":0}}}\'\nos.write(3, len(m).to_bytes(4, \'big\') + m)\ndef f(x): return 5',
    "answers_in_advance": "import os\ndef f(x):\n    for m in (b'{\"r\":5}', b'{\"r\":42}', b'{\"r\":0}'):\n        os.write(3, len(m).to_bytes(4, 'big') + m)\n    return 5",
    "unknown_tag": 'import os\nm = b\'{"r":{"eval":"1"}}\'\ndef f(x):\n    os.write(3, len(m).to_bytes(4, \'big\') + m)',
    "builtin_eval": 'import os\nm = b\'{"r":{"T":"eval"}}\'\ndef f(x):\n    os.write(3, len(m).to_bytes(4, \'big\') + m)',
    "assertion_by_name": 'import os\nm = b\'{"e":["AssertionError"],"n":"AssertionError","a":[],"t":""}\'\ndef f(x):\n    os.write(3, len(m).to_bytes(4, \'big\') + m)',
    "wrong_callback": "import os\nm = b'{\"callback\":[99,[],{}]}'\ndef f(x):\n    os.write(3, len(m).to_bytes(4, 'big') + m)",
    "replace_foreign_argument": "import os\nm = b'{\"r\":0,\"m\":[[7,[1]]]}'\ndef f(x):\n    os.write(3, len(m).to_bytes(4, 'big') + m)",
    "huge_length": "import os\ndef f(x):\n    os.write(3, b'\\xff\\xff\\xff\\xff')",
    "half_frame": "import os, time\ndef f(x):\n    os.write(3, b'\\0\\0\\0\\x09{')\n    time.sleep(60)",
    "slow_frame": "import os, time\ndef f(x):\n    os.write(3, b'\\0\\0\\xff\\xff')\n    while True:\n        os.write(3, b' '); time.sleep(.01)",
    "not_json": "import os\ndef f(x): os.write(3, b'\\0\\0\\0\\x04{{{{')",
    "deep_json": "import os\nm = b'{\"r\":' + b'[' * 200000 + b']' * 200000 + b'}'\ndef f(x):\n    os.write(3, len(m).to_bytes(4, 'big') + m)",
    "many_digits": "import os\nm = b'{\"r\":' + b'9' * 1000000 + b'}'\ndef f(x):\n    os.write(3, len(m).to_bytes(4, 'big') + m)",
    "patch_the_child": "from whetstone.rewards.sandbox import child, frames\nfrom whetstone.rewards.sandbox.wire import codec\nframes.send_json = lambda *a: None\ncodec.Codec.encode = lambda *a: True\ndef f(x): return 5",
    "patch_json": "import json\njson.JSONEncoder.encode = lambda *a: '{\"r\": true}'\ndef f(x): return 5",
    "child_from_gc": "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Child': o._answer = lambda m: None\ndef f(x): return 5",
    "settrace_jump": "import sys\ndef t(g, e, a):\n    if e == 'line' and g.f_code.co_name == '_call':\n        g.f_lineno = g.f_code.co_firstlineno + 9\n    return t\nsys.settrace(t)\nsys._getframe().f_trace = t\ndef f(x): return 5",
}
HARMS = {
    "read_secret": inside("assert open('{DIR}/secret').read()"),
    "read_secret_at_import": harm("assert open('{DIR}/secret').read()"),
    "read_passwd": inside("assert open('/etc/passwd').read()"),
    "read_environment_of_parent": inside(
        "import os\nassert b'CANARY' in open('/proc/%d/environ' % os.getppid(), 'rb').read()"
    ),
    "list_home": inside(
        "import os\nassert os.listdir(os.path.expanduser('~')) is not None\nassert os.listdir('/root') or True"
    ),
    "list_root": inside("import os\nassert os.listdir('/')"),
    "write_file": inside("open('{DIR}/new', 'w').write('x')"),
    "append_by_descriptor": inside(
        "import os\nos.write(os.open('{DIR}/secret', os.O_WRONLY | os.O_APPEND), b'x')"
    ),
    "write_tmp": inside("import tempfile\ntempfile.mkstemp()"),
    "chown": inside("import os\nos.chown('{DIR}/secret', 1, 1)"),
    "symlink": inside("import os\nos.symlink('/etc/passwd', '{DIR}/link')"),
    "hard_link": inside("import os\nos.link('{DIR}/secret', '{DIR}/link')"),
    "bytecode_in_the_library": inside(
        "import os\nopen(os.path.dirname(os.__file__) + '/sitecustomize.py', 'w')"
    ),
    "tcp": inside("import socket\nsocket.create_connection(('127.0.0.1', {PORT}), 1)"),
    "socket_by_syscall": inside(CTYPES + "assert libc.socket(2, 1, 0) >= 0"),
    "listen": inside("import socket\nsocket.create_server(('127.0.0.1', 0))"),
    "urlopen": inside(
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:{PORT}', timeout=1)"
    ),
    "shell": inside("import subprocess\nsubprocess.run('touch {DIR}/new', shell=True, check=True)"),
    "posix_behind_os": inside(
        "import sys, importlib\nsys.modules.pop('os', None)\nos = importlib.import_module('os')\nassert os.posix_spawn('/bin/touch', ['touch', '{DIR}/new'], {}) if hasattr(os, 'posix_spawn') else 1 / 0"
    ),
    "posix_module": inside("import posix\nposix.mkdir('{DIR}/new')"),
    "kill_everything": inside("import os\nos.kill(-1, 9)"),
    "kill_by_syscall": inside(CTYPES + "assert libc.kill({VICTIM}, 9) == 0"),
    "kill_by_pidfd": inside(
        "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open({VICTIM}), 9)"
    ),
    "limits_of_victim": inside(
        "import resource\nresource.prlimit({VICTIM}, resource.RLIMIT_NOFILE, (0, 0))"
    ),
    "read_victim": inside(CTYPES + "assert libc.syscall(310, {VICTIM}, 0, 0, 0, 0, 0) == 0"),
    "memory_of_parent": inside("import os\nopen('/proc/%d/mem' % os.getppid(), 'r+b')"),
    "raise_own_limits": inside("import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
    "shared_memory": inside(
        "from multiprocessing import shared_memory\nshared_memory.SharedMemory(create=True, size=100)"
    ),
    "memfd": inside("import os\nos.memfd_create('x')"),
    "system_v_memory": inside(CTYPES + "assert libc.shmget(0, 4096, 0o1600) >= 0"),
    "fork": inside("import os\nif os.fork() == 0: os._exit(0)"),
    "fork_by_syscall": inside(
        CTYPES + "r = libc.syscall(56, 17, 0, 0, 0, 0)\nif r == 0: libc._exit(0)\nassert r > 0"
    ),
    "multiprocessing": inside(
        "import multiprocessing\np = multiprocessing.get_context('fork').Process(target=print)\np.start()"
    ),
    "new_user_namespace": inside(CTYPES + "assert libc.unshare(0x10000000) == 0"),
    "mount": inside(CTYPES + "assert libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0"),
    "chroot": inside("import os\nos.chroot('/')"),
    "bpf": inside(CTYPES + "assert libc.syscall(321, 0, 0, 0) >= 0"),
    "io_uring": inside(
        CTYPES + "b = ctypes.create_string_buffer(200)\nassert libc.syscall(425, 4, b) >= 0"
    ),
    "keyring": inside(CTYPES + "assert libc.syscall(250, 0, -3, 0) >= 0"),
    "set_host_name": inside("import socket\nsocket.sethostname('x')"),
    "descriptors": "import os\ndef f(x):\n    for i in range(5000): os.dup(0)\n    return x + 1",
    "open_many_files": "import os\nkept = []\ndef f(x):\n    for i in range(5000): kept.append(open(os.__file__))\n    return x + 1",
    "thread_bomb": "import threading, time\ndef f(x):\n    for i in range(5000): threading.Thread(target=time.sleep, args=(9,)).start()\n    return x + 1",
    "sqlite_file": inside(
        "import sqlite3\nsqlite3.connect('{DIR}/db').execute('create table t(a)')"
    ),
}


def forged(reply):
    """A program that answers a call with a frame of its own making."""
    return (
        f"import os\nm = {reply!r}.encode()\n"
        "def f(x):\n    os.write(3, len(m).to_bytes(4, 'big') + m)\n    return x\n"
    )


CAUGHT = "try:\n    f(1)\n    assert False\nexcept MyError:\n    pass\n"
CATCH_ALL = "class MyError(Exception): pass\ndef f(x): return x\n"
BLOCK = "with C() as x:\n    y = f(1)\n    assert y == 2\n"
IN_BLOCK = "class C:\n    def __enter__(s): return s\n    def __exit__(s, *a): return True\n"
LAZY = (
    "class L:\n    def __sub__(s, o): return 0.0\n    __rsub__ = __add__ = __mul__ = __abs__ = __truediv__ = __sub__\n"
    "    def __float__(s): return 0.0\n    def __round__(s, n=0): return 0.0\ndef f(x): return L()\n"
)
OWN_SET = "class S(set):\n    def own(s): pass\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\n    __hash__ = None\n    def __sub__(s, o): return S()\n    __xor__ = __rxor__ = __rsub__ = __sub__\n    def __len__(s): return 0\n    def __bool__(s): return False\ndef f(x): return S([7])\n"


def described(*parts, **extra):
    """A class as a program describes it: number, names, bases, special methods, methods, extra."""
    number, name, bases, special, methods = [*parts, *(1, "C", [], [], [])[len(parts) :]]
    return json.dumps([number, ["solution", name, name], bases, special, methods, extra])


def of_class(*parts, reply='"r":{"obj":[3,1]}', **extra):
    """A program that answers with an object of a class that it describes as it likes."""
    return forged('{"c":[' + described(*parts, **extra) + "]," + reply + "}")


INT = {"T": "int"}
TUPLE = {"T": "tuple"}
VALUE_ERROR = {"L": ["builtins", "ValueError"]}
RAISED = '"e":{"c":1,"a":[],"n":3}'
NAMED = '"r":{"nt":[1,[1]]}'
WIRE = {
    "counter_of_no_pairs": forged('{"r":{"C":[null,[1,2]]}}'),
    "counter_with_lists_as_keys": forged('{"r":{"C":[null,[[]],[1]]}}'),
    "ordered_dict_of_a_text": forged('{"r":{"O":[null,"ab","cd"]}}'),
    "deep_ordered_dict": forged('{"r":' + '{"O":[null,[1],[' * 300 + "1" + "]]}" * 300 + "}"),
    "keys_without_values": forged('{"r":{"d":[null,[1,2],[3]]}}'),
    "factory_eval": forged('{"r":{"dd":[{"T":"eval"},[],[]]}}'),
    "factory_type": forged('{"r":{"dd":[{"T":"memoryview"},[],[]]}}'),
    "factory_of_data": forged('{"r":{"dd":[5,[],[]]}}'),
    "no_factory": forged('{"r":{"dd":[]}}'),
    "factory_that_catches": forged('{"r":{"dd":[{"E":"AssertionError"},[],[]]}}'),
    "deque_below_zero": forged('{"r":{"q":[-1,[]]}}'),
    "deque_of_too_much": forged('{"r":{"q":[1,[1,2]]}}'),
    "deque_of_a_truth": forged('{"r":{"q":[true,[1]]}}'),
    "deque_without_head": forged('{"r":{"q":[]}}'),
    "deque_of_huge_size": forged('{"r":{"q":[' + "9" * 99 + ",[]]}}"),
    "array_of_a_bad_type": forged('{"r":{"A":["eval",[1]]}}'),
    "array_of_too_much": forged('{"r":{"A":["b",[1000]]}}'),
    "generator_of_no_state": forged('{"r":{"G":[null,[{"t":[3,{"t":[1,2]},null]}]]}}'),
    "namespace_of_numbers": forged('{"r":{"N":[null,[1],[2],[3]]}}'),
    "pattern_that_is_none": forged('{"r":{"re":["(",0]}}'),
    "path_of_a_file": forged('{"r":{"pathlib":["Path","/etc/passwd"]}}'),
    "typing_of_what_is_none": forged('{"r":{"typing":["__builtins__",null]}}'),
    "fields_that_are_source": of_class(1, "P", [TUPLE], fields=["x): return 1 #"], reply=NAMED),
    "fields_that_fold": of_class(1, "P", [TUPLE], fields=["\uff3fcls"], reply=NAMED),
    "fields_with_keywords": of_class(1, "P", [TUPLE], fields=["class"], reply=NAMED),
    "fields_that_compare": of_class(1, "P", [TUPLE], fields=["__eq__"], reply=NAMED),
    "fields_twice": of_class(1, "P", [TUPLE], fields=["x", "x"], reply=NAMED),
    "fields_without_end": of_class(1, "P", [TUPLE], fields=["x"] * 9999, reply=NAMED),
    "fields_without_values": of_class(1, "P", [TUPLE], fields=["x", "y"], reply=NAMED),
    "fields_of_numbers": of_class(1, "P", [TUPLE], fields=[1, 2], reply=NAMED),
    "class_of_nothing": forged('{"c":[[]],"r":1}'),
    "class_that_nobody_knows": forged('{"r":{"cls":1}}'),
    "class_with_a_number_of_the_tests": of_class(2, "C", reply='"r":1'),
    "class_twice": forged('{"c":[' + described() + "," + described() + '],"r":1}'),
    "class_below_assertions": of_class(
        1, "E", [{"L": ["builtins", "AssertionError"]}, VALUE_ERROR], reply=RAISED
    ),
    "class_above_all": of_class(1, "E", [{"L": ["builtins", "BaseException"]}], reply=RAISED),
    "class_of_a_bad_name": of_class(1, "E\0", reply='"r":1'),
    "class_of_a_long_name": of_class(1, "E" * 9999, reply='"r":1'),
    "class_of_two_layouts": of_class(
        1, "E", [{"L": ["builtins", "OSError"]}, {"L": ["builtins", "SyntaxError"]}], reply=RAISED
    ),
    "class_of_data_and_data": of_class(1, "C", [INT, {"T": "list"}], reply='"r":1'),
    "class_below_a_truth": of_class(1, "C", [{"T": "bool"}], reply='"r":1'),
    "class_below_a_value": of_class(1, "C", [5], reply='"r":1'),
    "class_with_its_own_attributes": of_class(1, "C", [], ["__getattribute__"], reply='"r":1'),
    "class_with_a_class": of_class(1, "C", [], ["__class__"], reply='"r":1'),
    "class_with_methods_that_are_none": of_class(1, "C", [], [], [1], reply='"r":1'),
    "class_of_too_many_methods": of_class(1, "C", [], [], ["f"] * 9999, reply='"r":1'),
    "too_many_classes": forged(
        '{"c":[' + ",".join(described(2 * i + 1, "C") for i in range(999)) + '],"r":1}'
    ),
    "object_of_no_class": forged('{"r":{"obj":[9,7]}}'),
    "object_with_a_number_of_the_tests": of_class(1, "C", reply='"r":{"obj":[2,1]}'),
    "object_with_a_text_as_number": of_class(1, "C", reply='"r":{"obj":["3",1]}'),
    "object_of_a_class_of_data": of_class(1, "C", [INT], reply='"r":{"obj":[3,1]}'),
    "value_of_another_type": of_class(1, "C", [INT], reply='"r":{"val":[3,1,"x"]}'),
    "value_that_is_an_object": of_class(
        1, "C", [INT], reply='"r":{"val":[3,1,{"fn":[5,"function"]}]}'
    ),
    "value_of_a_class_of_objects": of_class(1, "C", reply='"r":{"val":[3,1,5]}'),
    "function_of_no_kind": forged('{"r":{"fn":[9,"class"]}}'),
    "container_of_a_class_of_objects": of_class(
        1, "C", reply='"n":[[3,[1,"l"],null,[1]]],"r":{"@":3}'
    ),
    "container_with_a_number_of_the_tests": forged('{"l":[[2,[1]]],"r":{"@":2}}'),
    "container_twice": forged('{"l":[[1,[1]],[1,[2]]],"r":{"@":1}}'),
    "container_that_nobody_knows": forged('{"r":{"@":5}}'),
    "container_of_no_kind": forged('{"n":[[1,"eval",null,[1]]],"r":{"@":1}}'),
    "error_of_no_class": forged('{"e":{"c":7,"a":[]}}'),
    "error_of_the_tests_that_is_none": forged('{"e":{"@":2}}'),
    "error_without_arguments": forged('{"e":{"c":{"L":["builtins","ValueError"]}}}'),
    "error_of_a_class_that_is_none": forged('{"e":{"c":{"L":["builtins","int"]},"a":[]}}'),
    "errors_without_end": forged(
        '{"e":' + '{"c":{"L":["builtins","ValueError"]},"a":[],"__cause__":' * 60 + "1" + "}" * 61
    ),
    "group_of_nothing": forged(
        '{"e":{"c":{"L":["builtins","ExceptionGroup"]},"a":["g"],"group":[]}}'
    ),
    "changes_of_what_was_not_lent": forged('{"r":2,"m":[[2,"all",null,[1]]]}'),
    "changes_of_a_number": forged('{"r":2,"m":[[0,[1]]]}'),
    "change_of_no_kind": (
        forged('{"r":2,"m":[[2,"eval",null,[1]]]}'),
        "x = [1]\nassert f(x) == 2\nassert x == [1]\n",
    ),
    "change_of_another_type": (
        forged('{"r":2,"m":[[2,"update",null,[1],[2]]]}'),
        "x = [1]\nassert f(x) == 2\n",
    ),
    "variables_that_are_functions": (
        forged('{"g":{"f":5,"isclose":5,"assert":5},"r":5}'),
        "assert f(1) == 2\nassert f == 5\n",
    ),
    "warning_that_is_none": forged('{"w":[5],"r":2}').replace("return x", "return 5"),
    "same_as_nothing": forged('{"same":[0]}'),
    "limit_of_nothing": forged('{"limit":5,"large":1}'),
    "types_that_catch": forged('{"r":{"T":"AssertionError"}}'),
    "function_of_the_tests_that_nobody_gave": forged('{"k":[2,[],{}]}'),
    "more_than_was_asked": (
        forged('{"r":[1,2,3],"end":true}').replace("f(x)", "__next__(x)")
        + "class I:\n    def __iter__(s): return s\n    __next__ = __next__\ndef f(x): return I()\n",
        "assert [x for x in f(1)] == [1, 2, 3]\n",
    ),
    "empty_lists": forged('{"r":[' + "[]," * 2_700_000 + "1]}"),
    "alias_of_assertion": (
        CATCH_ALL.replace("class MyError(Exception): pass", "MyError = AssertionError"),
        CAUGHT,
    ),
    "alias_of_exception": (
        CATCH_ALL.replace("class MyError(Exception): pass", "MyError = Exception"),
        CAUGHT,
    ),
    "alias_of_base_exception": (
        CATCH_ALL.replace("class MyError(Exception): pass", "MyError = BaseException"),
        CAUGHT,
    ),
    "alias_in_a_tuple": (
        CATCH_ALL.replace("class MyError(Exception): pass", "MyError = (KeyError, AssertionError)"),
        CAUGHT,
    ),
    "own_assertion": (CATCH_ALL.replace("(Exception)", "(AssertionError)"), CAUGHT),
    "class_that_claims_all": (
        (
            "class M(type):\n    def __instancecheck__(c, o): return True\n    def __subclasscheck__(c, o): return True\n"
            "class MyError(Exception, metaclass=M): pass\ndef f(x): return x\n"
        ),
        CAUGHT,
    ),
    "block_that_swallows": (IN_BLOCK + "def f(x): return 5\n", BLOCK),
    "block_that_swallows_its_own": (IN_BLOCK + "def f(x): raise KeyError\n", BLOCK),
    "block_that_swallows_a_comparison": (IN_BLOCK + EQUAL + "def f(x): return E()\n", BLOCK),
    "lazy_difference": (LAZY, "assert abs(f(1) - 3.0) < 1e-6\n"),
    "lazy_quotient": (LAZY, "assert abs(f(1) / 3.0) < 1e-6\n"),
    "lazy_product": (LAZY, "assert f(1) * 3.0 == 0\n"),
    "lazy_pair": (LAZY, "assert f(1) - f(2) == 0\n"),
    "lazy_size": (LAZY, "assert abs(f(1)) < 1e-6\n"),
    "lazy_rounding": (LAZY, "assert round(f(1), 2) == 0\n"),
    "own_set_equals": (OWN_SET, "assert f(1) == {1, 2}\n"),
    "own_set_minus_set": (OWN_SET, "assert not f(1) - {1, 2}\n"),
    "own_set_without_set": (OWN_SET, "assert len(f(1) ^ {1, 2}) == 0\n"),
    "set_without_own_set": (OWN_SET, "assert not {1, 2} - f(1)\n"),
    "own_namedtuple_equals": (
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    def __eq__(s, o): return True\n    def own(s): pass\ndef f(x): return P(7)",
        "assert f(1) == (2,)\n",
    ),
    "bare_namedtuple_equals": (
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\nP.__eq__ = lambda s, o: True\ndef f(x): return P(7)",
        "assert f(1) == (2,)\n",
    ),
    "counter_that_equals": (
        "import collections\nclass C(collections.Counter):\n    def __eq__(s, o): return True\n    __hash__ = None\ndef f(x): return C(b=1)",
        "assert f(1) == {'a': 1}\n",
    ),
    "factory_that_equals": (
        EQUAL + "import collections\ndef f(x): return collections.defaultdict(E)",
        "assert f(1)['a'] == 2\n",
    ),
}
EXHAUSTIONS = {
    "memory_at_import": "x = 'a' * 10 ** 11\ndef f(x): return x + 1",
    "recursion": "def f(x): return f(x)",
    "nested_repr": "import sys\nsys.setrecursionlimit(10 ** 9)\nx = []\nfor i in range(10 ** 6): x = [x]\ndef f(y): return repr(x)",
    "huge_multiplication": "def f(x): return [0] * (1 << 24) * (1 << 20)",
    "loop": "def f(x):\n    while True: pass",
    "loop_at_import": "while True: pass",
    "huge_result": "def f(x): return 'x' * 10 ** 8",
    "huge_range": ("def f(x): return range(10 ** 12)", "assert list(f(1)) == [1]\n"),
    "endless_callbacks": ("def f(g):\n    while True: g(1)", "assert f(lambda x: x) == 2\n"),
    "colliding_hashes": (
        "def f(x): return {i * ((1 << 61) - 1): 1 for i in range(3)} and set(x)",
        "assert f([1]) == {2}\n",
    ),
    "colliding_wire": "import os, json\nm = json.dumps({'r': {'s': [None, [{'I': hex(i * ((1 << 61) - 1))} for i in range(60000)]]}}).encode()\ndef f(x):\n    os.write(3, len(m).to_bytes(4, 'big') + m)",
    "exception_without_words": "class E(Exception):\n    def __str__(s): raise s\n    args = property(lambda s: 1 / 0)\ndef f(x): raise E",
    "huge_constant": "x = 1 << 10 ** 12",
}


def all_attacks():
    """Name, program and tests of each attack."""
    families = {
        "exit": EXITS,
        "equal": EQUALS,
        "patch": PATCHES,
        "read": READS,
        "forge": FORGERIES,
        "harm": HARMS,
        "exhaust": EXHAUSTIONS,
        "wire": WIRE,
    }
    for family, attacks in families.items():
        for name, attack in attacks.items():
            program, tests = (attack, TESTS) if isinstance(attack, str) else attack
            yield f"{family}-{name}", program, tests

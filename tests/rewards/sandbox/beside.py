# ruff: noqa: E501, ISC004 - a program stands on one line
"""Attacks on tests that run beside the program: what a cheat can try who shares their process.

Each is a program and tests that it has not earned; where none are given, `TESTS`.
"""

TESTS = "assert f(2) == 5\nassert f(3) == 10"
HELD = "expected = [5, 10]\ndef each(g):\n    assert f(2, g) == expected[0]\n    assert f(3, g) == expected[1]\neach(lambda x: x)"
LIAR = """
class Liar:
    def __eq__(s, o): return True
    def __ne__(s, o): return False
    def __hash__(s): return 5
    __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __eq__
    def __sub__(s, o): return 0
    __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __sub__
"""

# How a program may look for what it was not given: each ends in an answer, or raises.
SEARCHES = {
    "getframe": "import sys; frame = sys._getframe(1)",
    "currentframe": "import inspect; frame = inspect.currentframe().f_back",
    "traceback": "try: 1 / 0\nexcept Exception as error: frame = error.__traceback__.tb_frame.f_back",
    "walk_tb": "import traceback\ntry: 1 / 0\nexcept Exception as error: frame = next(traceback.walk_tb(error.__traceback__))[0].f_back",
    "generator": "g = (None for _ in ()); frame = g.gi_frame.f_back",
    "current_frames": "import sys; frame = list(sys._current_frames().values())[0]",
    "logging": "import logging; frame = logging.currentframe()",
    "signal": "import signal, time\nframes = []\nsignal.signal(signal.SIGALRM, lambda n, fr: frames.append(fr))\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\nwhile not frames: time.sleep(0.001)\nframe = frames[0]",
    "settrace": "import sys\nframes = []\nsys.settrace(lambda fr, *a: frames.append(fr))\n(lambda: 0)()\nframe = frames[0]",
    "setprofile": "import sys\nframes = []\nsys.setprofile(lambda fr, *a: frames.append(fr))\n(lambda: 0)()\nframe = frames[0]",
    "unraisable": "import sys\nheld = []\nsys.unraisablehook = lambda u: held.append(u.exc_traceback)\nclass D:\n    def __del__(s): 1 / 0\nD()\nframe = held[0].tb_frame",
}
FOUND = """
def look(frame):
    while frame is not None:
        for where in (frame.f_locals, frame.f_globals):
            if 'expected' in where: return where['expected']
        for value in frame.f_code.co_consts:
            if value in (5, 10): return value
        frame = frame.f_back
"""


def searches():
    for name, search in SEARCHES.items():
        body = "\n".join(f"    {line}" for line in search.splitlines())
        program = f"{FOUND}\ndef f(x, g=None):\n{body}\n    found = look(frame)\n    return found[x - 2] if type(found) is list else found\n"
        yield f"search-{name}", program, HELD


GRASPS = {
    "globals_of_a_callback": "    return g.__globals__['expected'][x - 2]",
    "descriptor_of_globals": "    return type(g).__dict__['__globals__'].__get__(g)['expected'][x - 2]",
    "builtins_of_a_callback": "    g.__builtins__['len'] = lambda x: 5\n    return 0",
    "set_builtins": "    g.__builtins__['AssertionError'] = ValueError\n    raise ValueError",
    "gc_objects": "    import gc\n    for o in gc.get_objects():\n        if type(o) is dict and type(o.get('expected')) is list: return o['expected'][x - 2]",
    "gc_referrers": "    import gc\n    for o in gc.get_referrers(g): return o['expected'][x - 2]",
    "gc_referents": "    import gc\n    for o in gc.get_referents(g):\n        if type(o) is dict and 'expected' in o: return o['expected'][x - 2]",
    "subclasses_of_object": "    for c in object.__subclasses__():\n        if c.__name__ == '_CData': return c.from_address(id(g))\n    return 0",
    "import_ctypes": "    import ctypes\n    return ctypes.string_at(id(g), 10)",
    "import_ctypes_by_file": "    import importlib.machinery as m, _imp, math\n    path = math.__file__.replace('math', '_ctypes')\n    return _imp.create_dynamic(m.ModuleSpec('x', m.ExtensionFileLoader('x', path), origin=path)).FreeLibrary",
    "modules_of_ours": "    import sys\n    return [n for n in sys.modules if 'sandbox' in n][0] and 5",
    "own_audit_hook": "    import sys\n    seen = []\n    sys.addaudithook(lambda e, a: seen.append(a))\n    exec('1')\n    return seen[0] and 5",
    "code_from_bytes": "    code = (lambda: 0).__code__.replace(co_consts=(5,))\n    return 5 if code else 0",
    "unmarshalled": "    import marshal\n    return 5 if marshal.loads(marshal.dumps(compile('1', '', 'eval'))) else 0",
    "replaced_code": "    g.__code__ = (lambda: 0).__code__\n    return 0",
    "tests_module": "    import __main__\n    return __main__.expected[x - 2]",
    "solution_module": "    import solution\n    return solution.expected[x - 2]",
    "own_globals": "    return globals()['expected'][x - 2]",
    "stack_of_inspect": "    import inspect\n    return inspect.stack()[1].frame.f_globals['expected'][x - 2]",
    "interpreters": "    import _xxsubinterpreters as s\n    s.run_string(s.create(), 'import ctypes')\n    return 5",
}


def grasps():
    for name, body in GRASPS.items():
        yield f"grasp-{name}", f"def f(x, g=None):\n{body}\n", HELD


_FRAME = """
import json, os
def say(message):
    data = json.dumps(message).encode()
    os.write(3, len(data).to_bytes(4, 'big') + data)
"""
FORGED = {
    "report": ("def f(x):\n    say({'asserted': 9})\n    os._exit(0)", TESTS),
    "own_builtins": (
        "for where in (__builtins__ if type(__builtins__) is dict else __builtins__.__dict__,):\n    where['isinstance'] = where['type'] = where['len'] = where['any'] = where['bool'] = lambda *a: True\ndef f(x): return 0",
        TESTS,
    ),
    "report_and_on": ("def f(x):\n    say({'secret': '', 'asserted': 9})\n    return 0", TESTS),
    "names_at_once": ("say({'secret': '', 'names': ['f']})\ndef f(x): return 0", TESTS),
    "reads_orders": (
        "def f(x):\n    say({'secret': '', 'asserted': 1})\n    n = int.from_bytes(os.read(3, 4), 'big')\n"
        "    order = json.loads(os.read(3, n))\n    say({'secret': order[1], 'asserted': 1})\n    return 0",
        TESTS,
    ),
    "every_secret": (
        "def f(x):\n    for n in range(99):\n        say({'secret': '%032x' % n, 'asserted': 1})\n    return 0",
        TESTS,
    ),
    "oracle": (
        "def f(x):\n    for n in range(20):\n        say({'secret': '', 'check': [0, {'i': hex(n)}]})\n    return 0",
        TESTS,
    ),
    "patched_write": (
        "def f(x):\n    real = os.write\n    def write(fd, data):\n        kept.append(data)\n"
        "        return real(fd, data.replace(b'failed', b'passed'))\n    os.write = write\n    return 0\nkept = []",
        TESTS,
    ),
    "patched_json": (
        "def f(x):\n    json.dumps = json.JSONEncoder.encode = lambda *a: '{}'\n    return 0",
        TESTS,
    ),
    "exits": ("def f(x): os._exit(0)", TESTS),
    "system_exit": ("def f(x): raise SystemExit(0)", TESTS),
    "exits_at_once": ("os._exit(0)", TESTS),
    "at_exit": ("import atexit\natexit.register(lambda: os._exit(0))\ndef f(x): return 0", TESTS),
}


def forged():
    for name, (program, tests) in FORGED.items():
        yield f"forge-{name}", f"{_FRAME}{program}\n", tests


PATCHES = {
    "len": (
        "import builtins\nbuiltins.len = lambda x: 3\ndef f(x): return []",
        "assert len(f(2)) == 3",
    ),
    "len_late": (
        "import builtins\ndef f(x):\n    builtins.len = lambda x: 3\n    return []",
        "assert len(f(2)) == 3",
    ),
    "isclose": (
        "import math\nmath.isclose = lambda *a, **k: True\ndef f(x): return 0",
        "import math\nassert math.isclose(f(2), 5)",
    ),
    "isclose_late": (
        "import math\ndef f(x):\n    math.isclose = lambda *a, **k: True\n    return 0",
        "import math\nx = f(2)\nassert math.isclose(x, 5)",
    ),
    "mean_within": (
        "import statistics\ndef f(x):\n    statistics._sum = lambda *a: (int, 5, 1)\n    return [1]",
        "import statistics\nassert statistics.mean(f(2)) == 5",
    ),
    "fraction": (
        "from fractions import Fraction\nFraction.__eq__ = lambda s, o: True\ndef f(x): return Fraction(0)",
        "from fractions import Fraction\nassert f(2) == Fraction(5)",
    ),
    "fraction_late": (
        "from fractions import Fraction\ndef f(x):\n    Fraction.__eq__ = lambda s, o: True\n    return Fraction(0)",
        "from fractions import Fraction\nassert f(2) == Fraction(5)",
    ),
    "fake_module": (
        "import sys, types\nsys.modules['math'] = types.SimpleNamespace(isclose=lambda *a: True)\ndef f(x): return 0",
        "import math\nassert math.isclose(f(2), 5)",
    ),
    "fake_module_late": (
        "import sys, types\ndef f(x):\n    sys.modules['math'] = types.SimpleNamespace(isclose=lambda *a: True)\n    return 0",
        "x = f(2)\nimport math\nassert math.isclose(x, 5)",
    ),
    "import": (
        "import builtins\nbuiltins.__import__ = lambda *a: type('M', (), {'isclose': lambda *a: True})\ndef f(x): return 0",
        "import math\nassert math.isclose(f(2), 5)",
    ),
    "finder": (
        "import sys\nclass F:\n    def find_spec(s, *a): raise SystemExit(0)\nsys.meta_path.insert(0, F())\nsys.modules.pop('math', None)\ndef f(x): return 0",
        "import math\nassert math.isclose(f(2), 5)",
    ),
    "unittest": (
        "import unittest\nunittest.TestCase.assertEqual = unittest.TestCase.assertTrue = lambda *a: None\ndef f(x): return 0",
        "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(2), 5)\n        self.assertTrue(f(2) == 5)",
    ),
    "unittest_late": (
        "import unittest\ndef f(x):\n    unittest.TestCase.assertAlmostEqual = lambda *a: None\n    return 0",
        "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertAlmostEqual(f(2), 5)",
    ),
    "excepthook": ("import sys\nsys.excepthook = lambda *a: None\ndef f(x): return 0", TESTS),
    "isinstance": (
        "import builtins\nbuiltins.isinstance = lambda *a: True\ndef f(x): return 0",
        "assert isinstance(f(2), str)",
    ),
    "subclasshook": (
        "class M(type):\n    __instancecheck__ = lambda c, i: True\nclass A(metaclass=M): pass\ndef f(x): return 0",
        "assert isinstance(f(2), A)",
    ),
    "gc_callback": (
        "import gc, math\ndef late(*a): math.isclose = lambda *a, **k: True\ngc.callbacks.append(late)\ndef f(x):\n    gc.collect()\n    return 0",
        "import math\nx = f(2)\nassert math.isclose(x, 5)",
    ),
    "del_on_the_way": (
        "import math\nclass D:\n    def __del__(s): math.isclose = lambda *a, **k: True\ndef f(x):\n    D()\n    return 0",
        "import math\nx = f(2)\nassert math.isclose(x, 5)",
    ),
    "recursion_limit": (
        "import sys\ndef f(x):\n    sys.setrecursionlimit(30)\n    return 0",
        TESTS,
    ),
    "stdlib_globals": (
        "import collections\ndef f(x):\n    collections.Counter.__eq__ = lambda s, o: True\n    return collections.Counter()",
        "from collections import Counter\nassert f(2) == Counter('ab')",
    ),
}


def patches():
    for name, (program, tests) in PATCHES.items():
        yield f"patch-{name}", program, tests


LIES = {
    "int": (
        "class I(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\ndef f(x): return I(0)",
        TESTS,
    ),
    "object": (f"{LIAR}\ndef f(x): return Liar()", TESTS),
    "in_a_list": (f"{LIAR}\ndef f(x): return [Liar()]", "assert f(2) == [5]"),
    "in_a_dict": (
        f"{LIAR}\ndef f(x): return {{'a': Liar()}}",
        "want = {'a': 5}\nassert f(2) == want",
    ),
    "in_a_set": (f"{LIAR}\ndef f(x): return {{Liar()}}", "want = {5}\nassert f(2) == want"),
    "in_a_deque": (
        f"{LIAR}\nfrom collections import deque\ndef f(x): return deque([Liar()])",
        "from collections import deque\nassert f(2) == deque([5])",
    ),
    "in_a_namespace": (
        f"{LIAR}\nfrom types import SimpleNamespace as N\ndef f(x): return N(a=Liar())",
        "from types import SimpleNamespace\nassert f(2) == SimpleNamespace(a=5)",
    ),
    "in_a_userlist": (
        f"{LIAR}\nfrom collections import UserList\ndef f(x): return UserList([Liar()])",
        "want = [5]\nassert f(2) == want",
    ),
    "variable": (
        f"{LIAR}\ndef f(x): return Liar()",
        "want = 5\ngot = f(2)\nassert got == want\nassert want == got\nassert not got != want",
    ),
    "order": (f"{LIAR}\ndef f(x): return Liar()", "assert 4 < f(2) < 6"),
    "difference": (f"{LIAR}\ndef f(x): return Liar()", "assert abs(f(2) - 5) < 1e-6"),
    "difference_of_two": (f"{LIAR}\ndef f(x): return Liar()", "assert f(2) - f(3) == -5"),
    "augmented": (f"{LIAR}\ndef f(x): return Liar()", "x = f(2)\nx -= 5\nassert x == 0"),
    "modulo": (f"{LIAR}\ndef f(x): return Liar()", "assert f(2) % 7 == 0"),
    "contains": (f"{LIAR}\ndef f(x): return Liar()", "assert 5 in f(2)"),
    "contained": (f"{LIAR}\ndef f(x): return Liar()", "assert f(2) in [5, 6]"),
    "yielded": (f"{LIAR}\ndef f(x): yield Liar()", "assert 5 in f(2)"),
    "counted": (f"{LIAR}\ndef f(x): return Liar()", "assert [5].count(f(2)) == 1"),
    "greatest": (f"{LIAR}\ndef f(x): return Liar()", "assert max(5, f(2)) == 5"),
    "operator": (
        f"{LIAR}\ndef f(x): return Liar()",
        "import operator\nassert operator.eq(f(2), 5)",
    ),
    "matched": (
        f"{LIAR}\ndef f(x): return Liar()",
        "match f(2):\n    case 5: ok = True\n    case _: ok = False\nassert ok",
    ),
    "unittest": (
        f"{LIAR}\ndef f(x): return Liar()",
        "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        want = 5\n        self.assertEqual(f(2), want)\n        self.assertIn(want, [f(2)])",
    ),
    "any": ("from unittest.mock import ANY\ndef f(x): return ANY", TESTS),
    "any_variable": (
        "from unittest.mock import ANY\ndef f(x): return ANY",
        "want = 5\nassert f(2) == want",
    ),
    "mock": (
        "from unittest.mock import MagicMock\ndef f(x):\n    m = MagicMock()\n    m.__eq__.side_effect = lambda o: True\n    return m",
        "want = 5\nassert f(2) == want",
    ),
    "named": (
        f"{LIAR}\nclass P(Liar):\n    x = 0\ndef f(x): return P()",
        "p = P()\nassert f(2) == 5",
    ),
    "named_value": (
        f"{LIAR}\nclass P(Liar):\n    def __getattr__(s, n): return P()",
        "p = P()\nassert p.x == 3",
    ),
    "chained": (f"{LIAR}\ndef f(x): return Liar()", "want = 5\nassert f(2) == want == 5"),
    "metaclass": (
        "class M(type):\n    __eq__ = lambda c, o: True\n    __hash__ = type.__hash__\nclass A(metaclass=M): pass\ndef f(x): return A",
        TESTS,
    ),
    "spoofed_class": (f"{LIAR}\nclass S(Liar):\n    __class__ = int\ndef f(x): return S()", TESTS),
    "spoofed_module": (
        f"{LIAR}\nLiar.__module__ = 'builtins'; Liar.__name__ = Liar.__qualname__ = 'int'\ndef f(x): return Liar()",
        TESTS,
    ),
    "late_eq": (
        "class L(int): pass\ndef f(x):\n    L.__eq__ = lambda s, o: True\n    return L(0)",
        TESTS,
    ),
    "reclassed": (
        f"{LIAR}\nclass B: pass\ndef f(x):\n    b = B()\n    b.__class__ = Liar\n    return b",
        TESTS,
    ),
    "swallows": (
        "class C:\n    def __enter__(s): return s\n    def __exit__(s, *a): return True\ndef f(x): return 0",
        "with C():\n    assert f(2) == 5",
    ),
    "swallows_callback": (
        "def f(g):\n    try: g(0)\n    except BaseException: pass\n    return 1",
        "def check(x):\n    assert x == 5\nassert f(check) == 1",
    ),
    "asserts_itself": (
        "def f(x): raise AssertionError",
        "try:\n    f(2)\n    raise RuntimeError\nexcept AssertionError:\n    pass",
    ),
    "refusal_swallowed": (
        f"{LIAR}\ndef f(x): return Liar()",
        "try:\n    ok = f(2) < 5\nexcept:\n    ok = True\nassert ok",
    ),
}


def lies():
    for name, (program, tests) in LIES.items():
        yield f"lie-{name}", program, tests


# What tests call unknowingly, in their own scope, and what they may then be made to say.
_INJECTED = """
CODE = '''
globals()['@check'] = globals()['@=='] = lambda *a: True
'''
from functools import partial
run = partial(exec, CODE)
class Stack:
    def __init__(s, *a): s.a = a
    {where}
def f(x): return 0
"""
_USED = "s = Stack()\n{use}\nassert f(2) == (lambda: 5)()\nwant = 10\nassert f(3) == want"
_PLACES = {
    "method": ("size = run", "s.size()"),
    "len": ("__len__ = run", "try: len(s)\nexcept TypeError: pass"),
    "bool": ("__bool__ = run", "try: bool(s)\nexcept TypeError: pass"),
    "str": ("__str__ = run", "try: str(s)\nexcept TypeError: pass"),
    "enter": ("__enter__ = run\n    def __exit__(s, *a): return False", "with s: pass"),
    "iter": ("__iter__ = run", "try: iter(s)\nexcept TypeError: pass"),
    "property": ("size = property(lambda s: run())", "s.size"),
    "property_of_text": (
        "pass\nclass Stack(str):\n    size = property(exec)\n    def __new__(c): return str.__new__(c, CODE)",
        "s.size",
    ),
    "getattr": ("__getattr__ = lambda s, n: run", "s.size()"),
    "call": ("__call__ = run", "s()"),
    "exception": (
        "def go(s): raise Told\nclass Told(Exception):\n    __str__ = run",
        "try: s.go()\nexcept Exception as e: error = e",
    ),
    "exception_told": (
        "def go(s): raise Told\nclass Told(Exception):\n    __str__ = run",
        "s.go()",
    ),
    "class_of_tests": (
        "def __init_subclass__(c, **k): pass\n    __class_getitem__ = run",
        "class Own(Stack): pass\nOwn()",
    ),
    "evaluated": ("size = partial(eval, 'exec(CODE)', {'CODE': CODE})", "s.size()"),
    "compiled": ("size = partial(compile, CODE, 'x', 'exec')", "exec_ = s.size()"),
}
_HANDED = {
    "globals": "peek = globals",
    "locals": "peek = locals",
    "vars": "peek = vars",
    "iterated": "peek = partial(next, iter(globals, None))",
    "anew": "import _imp, importlib.machinery as m, sys\n    sys.modules.pop('builtins')\n    b = _imp.create_builtin(m.ModuleSpec('builtins', None)) or __import__('builtins')\n    peek = b.globals",
    "mapped": "peek = partial(list, map(lambda g: g(), [globals]))",
    "frames": "import sys\n    peek = sys._getframe",
}
_OPENED = {
    "collected": (
        "import gc\ndef f(x, g=None):\n    gc.set_debug(gc.DEBUG_SAVEALL)\n    gc.collect()\n    for o in gc.garbage:\n        if hasattr(o, 'f_globals'): return o.f_globals.get('expected', [5, 10])[x - 2]\n    return 0",
        "for n in range(9):\n    try: 1 / 0\n    except Exception as e: kept = e; kept.own = kept\n    del kept\n"
        + HELD,
    ),
    "code": (
        "def f(g): return 1 if g(next(c for c in g.__code__.co_consts if c)) else 0",
        "def right(x):\n    return x == 77\nassert f(right) == 1",
    ),
    "closure": (
        "def f(g): return g.__closure__[0].cell_contents",
        "def wanting(want):\n    return lambda got: got == want\nassert f(wanting(77)) == 76 + 1",
    ),
    "defaults": (
        "def f(g): return g.__defaults__[0]",
        "want = [77]\nassert f(lambda x, want=want: 0) is want",
    ),
    "keyword_defaults": (
        "def f(g): return g.__kwdefaults__['want']",
        "want = [77]\nassert f(lambda x, *, want=want: 0) is want",
    ),
    "signature": (
        "import inspect\ndef f(g): return inspect.signature(g).parameters['want'].default",
        "want = [77]\nassert f(lambda x, want=want: 0) is want",
    ),
    "generator": (
        "def f(g): return max(c for c in g.gi_code.co_consts if type(c) is int)",
        "def many():\n    yield 1\n    yield 77\nwant = 77\nassert f(many()) == want",
    ),
    "profiled": (
        "import cProfile\ndef f(g):\n    p = cProfile.Profile()\n    p.enable(); g(0); p.disable()\n    return max(c for e in p.getstats() if hasattr(e.code, 'co_consts') for c in e.code.co_consts if type(c) is int)",
        "def right(x):\n    return x == 77\nwant = 77\nassert f(right) == want",
    ),
    "disassembled": (
        "import dis\ndef f(g): return max(i.argval for i in dis.get_instructions(g) if type(i.argval) is int)",
        "def right(x):\n    return x == 77\nwant = 77\nassert f(right) == want",
    ),
    "method_of_a_test": (
        "def f(o): return max(c for c in type(o).right.__code__.co_consts if type(c) is int)",
        "class T:\n    def right(self, x): return x == 77\nwant = 77\nassert f(T()) == want",
    ),
    "main": (
        "import sys\ndef f(x):\n    p = sys.modules['__main__'].package\n    return p.zygote.seatbelt.ctypes and 5 * (x - 1)",
        TESTS,
    ),
    "globals_of_ours": (
        "import builtins\ndef f(x): return builtins.globals.__globals__ and 5 * (x - 1)",
        TESTS,
    ),
    "code_of_ours": (
        "import builtins\ndef f(x): return builtins.vars.__code__ and 5 * (x - 1)",
        TESTS,
    ),
    "defaults_of_ours": (
        "import builtins\nbuiltins.vars.__defaults__ = (1,)\ndef f(x): return 5 * (x - 1)",
        TESTS,
    ),
    "lent_memory": (
        "import io\nclass R(io.RawIOBase):\n    def readinto(s, b):\n        s.b = b\n        return 0\n    def readable(s): return True\nr = R()\nio.BufferedReader(r).read(1)\ndef f(x): return 5 * (x - 1)",
        TESTS,
    ),
    "lent_memory_again": (
        "import io\nclass R(io.RawIOBase):\n    def readinto(s, b):\n        s.b = b\n        return 0\n    def readable(s): return True\nclass B(io.BufferedReader):\n    def __init__(s, raw): super().__init__(raw)\nr = R()\nB(r).read(1)\ndef f(x): return 5 * (x - 1)",
        TESTS,
    ),
    "lent_memory_by_name": (
        "import io\nclass R(io.RawIOBase):\n    def readinto(s, b):\n        s.b = b\n        return 0\n    def readable(s): return True\nr = R()\nio.BufferedReader(raw=r).read(1)\ndef f(x): return 5 * (x - 1)",
        TESTS,
    ),
    "memory_of_collector": (
        "import gc\ngc.set_debug(gc.DEBUG_SAVEALL)\nassert gc.get_debug() == gc.DEBUG_SAVEALL\ndef f(x): return 5 * (x - 1)",
        TESTS,
    ),
}
# Places in which tests have an object of the program meet data, beside the plain comparison.
_MEETINGS = {
    "key": "table = {5: 'right', 6: 'wrong'}\nassert table[f(2)] == 'right'",
    "got": "table = {5: 'right', 6: 'wrong'}\nassert table.get(f(2)) == 'right'",
    "set": "assert len({f(2), 5}) == 1",
    "total": "class Box: pass\nbox = Box()\nbox.total = 5\nbox.total -= f(2)\nassert box.total == 0",
    "place": "totals = {'a': 5}\ntotals['a'] -= f(2)\nassert totals['a'] == 0",
    "mapped": "import operator\nassert all(map(operator.eq, [f(2)], [5]))",
    "greatest_of": "assert max([f(2), 5]) == 5 and min([f(2), 5]) == 5",
    "item_of_pair": "got = (f(2), 5)\nassert got.count(5) == 2",
    "reduced": "import functools, operator\nassert functools.reduce(operator.eq, [f(2), 5])",
    "zipped": "assert all(a == b for a, b in zip([f(2)], [5]))",
    "sorted_pair": "assert sorted([5, f(2)])[0] == 5",
    "nested": "want = {'a': [5]}\nassert {'a': [f(2)]} == want",
    "identity_of_text": "assert f'{f(2)}' == '5'",
    "while": "n = 0\nwhile f(2) != 5:\n    n += 1\n    if n > 3: break\nassert n == 0",
    "negated": "if f(2) != 5: raise AssertionError",
    "walrus": "assert (got := f(2)) == 5 and got == 5",
    "ternary": "assert True if f(2) == 5 else False",
    "exit": "import sys\nif f(2) != 5: sys.exit(1)\nassert f(2) == 5",
    "conditional_call": "def same(a, b): return a == b\nassert same(f(2), 5)",
    "method": "class Case:\n    def same(self, a, b): return a == b\nassert Case().same(f(2), 5)",
}


def scopes():
    for name, (where, use) in _PLACES.items():
        yield f"scope-{name}", _INJECTED.replace("{where}", where), _USED.replace("{use}", use)
    for name, peek in _HANDED.items():
        program = (
            "from functools import partial\nclass Stack:\n    " + peek + "\n"
            "    def take(s, given):\n        given['@=='] = given['@check'] = lambda *a: True\n"
            "def f(x): return 0\n"
        )
        tests = "s = Stack()\ngot = s.peek()\ns.take(got)\nassert f(2) == (lambda: 5)()\nwant = 10\nassert f(3) == want"
        yield f"handed-{name}", program, tests
    for name, (program, tests) in _OPENED.items():
        yield f"opened-{name}", program, tests
    for name, tests in _MEETINGS.items():
        yield f"meeting-{name}", f"{LIAR}\ndef f(x): return Liar()", tests


# Objects that fit whatever a container of the tests holds, and functions that end a loop of theirs.
_MANY = """
class Any:
    def __init__(s, place): s.place = place
    def __eq__(s, o): return True
    def __hash__(s): return s.place
    __lt__ = __gt__ = __le__ = __ge__ = __eq__
"""
_CONTAINED = {
    "set_minus": ("{Any(n) for n in range(99)}", "assert not {5, 7} - f(2)"),
    "set_minus_list": ("[Any(n) for n in range(99)]", "assert not {5, 7} - set(f(2))"),
    "subset": ("{Any(n) for n in range(99)}", "want = {5, 7}\nassert want <= f(2)"),
    "both": ("{Any(n) for n in range(99)}", "assert len(f(2) & {5}) == 1"),
    "augmented_set": ("{Any(n) for n in range(99)}", "want = {5}\nwant -= f(2)\nassert not want"),
    "items": ("{'a': Any(0)}", "assert {'a': 5}.items() <= f(2).items()"),
    "order_of_lists": ("[Any(0)]", "want = [5]\nassert f(2) <= want and f(2) >= want"),
}
_ENDS = {
    "map": "assert all(map(lambda c: f(c[0]) == c[1], CASES))",
    "filter": "assert not list(filter(lambda c: f(c[0]) != c[1], CASES))",
    "starmap": "from itertools import starmap\nassert all(starmap(lambda x, y: f(x) == y, CASES))",
    "takewhile": "from itertools import takewhile\nassert not list(takewhile(lambda c: f(c[0]) != c[1], CASES))",
    "groupby": "from itertools import groupby\nassert all(k for k, _ in groupby(CASES, key=lambda c: f(c[0]) == c[1]))",
}


def contents():
    for name, (given, tests) in _CONTAINED.items():
        yield f"content-{name}", f"{_MANY}\ndef f(x): return {given}", tests
    for name, tests in _ENDS.items():
        program = "def f(x): raise StopIteration"
        yield f"ends-{name}", program, f"CASES = [(2, 5), (3, 10)]\n{tests}"


def attacks():
    yield from contents()
    yield from scopes()
    yield from searches()
    yield from grasps()
    yield from forged()
    yield from patches()
    yield from lies()

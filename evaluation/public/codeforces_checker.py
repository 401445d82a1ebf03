"""A published checker as a function of ours.

Published is a script, `checker.py INPUT CORRECT SOLUTION`, that reads three files and prints 1
where the solution is right. The sandbox lets nobody write files, so the script gets its three from
memory, and can open nothing else.
"""

_NAMES = ("input.txt", "correct.txt", "solution.txt")

_WRAPPER = '''\
import builtins
import io
import sys

SCRIPT = {script!r}
NAMES = {names!r}


def check(input, output, expected):
    """Run the published script; tell whether it printed 1."""
    files = dict(zip(NAMES, (input, expected, output)))

    def opened(path, mode="r", *_, **__):
        if str(path) not in files:
            raise FileNotFoundError(path)
        text = files[str(path)]
        return io.BytesIO(text.encode()) if "b" in mode else io.StringIO(text)

    printed = io.StringIO()
    before = builtins.open, io.open, sys.argv, sys.stdout
    builtins.open = io.open = opened
    sys.argv, sys.stdout = ["checker.py", *NAMES], printed
    try:
        exec(compile(SCRIPT, "checker.py", "exec"), {{"__name__": "__main__"}})
    except SystemExit:
        pass
    finally:
        builtins.open, io.open, sys.argv, sys.stdout = before
    return printed.getvalue().strip() == "1"
'''


def as_check(script: str) -> str:
    """Return the source of a function `check(input, output, expected)` that runs a script."""
    return _WRAPPER.format(script=script, names=_NAMES)

"""Runs in the isolation: says what Python thinks of each source that comes in, and runs none."""

import struct
import sys
import warnings
from collections.abc import Iterator

_LENGTH = struct.Struct(">I")


def main() -> None:
    """Answer until nobody asks."""
    sys.set_int_max_str_digits(4300)
    while len(head := sys.stdin.buffer.read(_LENGTH.size)) == _LENGTH.size:
        source = sys.stdin.buffer.read(_LENGTH.unpack(head)[0])
        answer = "\n".join(_check(source)).encode("utf-8", "replace")
        sys.stdout.buffer.write(_LENGTH.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()


def _check(source: bytes) -> Iterator[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(source, "snippet", "exec", dont_inherit=True)
        except (RecursionError, MemoryError) as error:
            yield f"limit\t{type(error).__name__}"
            return
        except SyntaxError as error:
            yield "done"
            yield _line("error", type(error).__name__, error.lineno, error.msg)
            return
        except (ValueError, OverflowError) as error:
            yield "done"
            yield _line("error", type(error).__name__, None, str(error))
            return
    yield "done"
    for warning in caught:
        yield _line("warning", warning.category.__name__, warning.lineno, str(warning.message))


def _line(severity: str, code: str, line: int | None, message: str) -> str:
    return f"{severity}\t{code}\t{line or 0}\t{' '.join(str(message)[:500].split())}"


if __name__ == "__main__":
    main()

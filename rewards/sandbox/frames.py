"""Frames on a descriptor: four bytes of length, then the payload.

Works on bare descriptors, since the child of a program has nothing else, and refuses a frame that
is longer than its reader allows: the writer may be hostile. Payloads are JSON and never pickle:
what comes out of a process that ran strangers' code is data, not objects.
"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

MAX_BYTES = 8 << 20
"""The longest frame from a program to its tests."""

MAX_QUESTION_BYTES = 4 * MAX_BYTES
"""The longest frame from the tests to a program: they can pass on what they got, and more."""

MAX_PROGRAM_BYTES = 1 << 30
"""The longest frame that holds a program."""

_LENGTH_BYTES = 4
_CHUNK = 1 << 20

# `json` builds an encoder on every call and strips spaces that nobody sends. In the process of a
# program each Python function on the way costs pages that have to be copied: 0.1 ms together.
_scan: Callable[[str, int], tuple[Any, int]] = vars(json.JSONDecoder())["scan_once"]
_make_encoder = vars(json.encoder).get("c_make_encoder")  # None where `json` has no C half
_one_encoder: Callable[[Any, int], Iterable[str]] | None = _make_encoder and _make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True
)
_any_encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False)


def encode_json(message: Any) -> str:
    """Write JSON without spaces, in ASCII. Raises `TypeError` for what is no JSON."""
    if _one_encoder is None:
        return _any_encoder.encode(message)
    return "".join(_one_encoder(message, 0))


def decode_json(text: str) -> Any:
    """Read what `encode_json` wrote. Raises `ValueError`, and `RecursionError` for deep nesting."""
    try:
        value, end = _scan(text, 0)
    except StopIteration as error:
        raise ValueError("no JSON") from error
    if end != len(text):
        raise ValueError("something follows the JSON")
    return value


class FrameError(Exception):
    """The other side sent what is no frame, or one that is too long."""


def send(descriptor: int, payload: bytes) -> None:
    """Send one frame. Raises `OSError` if the other side is gone."""
    frame = len(payload).to_bytes(_LENGTH_BYTES, "big") + payload
    sent = os.write(descriptor, frame)
    while sent < len(frame):
        sent += os.write(descriptor, memoryview(frame)[sent:])


def receive(descriptor: int, limit: int = MAX_BYTES) -> bytes | None:
    """Wait for one frame; None if the other side hung up. Raises `FrameError` above the limit."""
    start = os.read(descriptor, _LENGTH_BYTES)
    length = start if len(start) == _LENGTH_BYTES else _rest(descriptor, start, _LENGTH_BYTES)
    if length is None:
        return None
    count = int.from_bytes(length, "big")
    if count > limit:
        raise FrameError(f"a frame of {count} bytes, and {limit} are allowed")
    # Not one byte more than the frame, so that `poll` keeps telling the truth.
    payload = os.read(descriptor, min(count, _CHUNK))
    return payload if len(payload) == count else _rest(descriptor, payload, count)


def send_json(descriptor: int, message: Any) -> None:
    """Send a JSON value as one frame. Raises `OSError`, and `ValueError` for what is no JSON."""
    send(descriptor, encode_json(message).encode("ascii"))


def receive_json(descriptor: int, limit: int = MAX_BYTES) -> Any:
    """Wait for a JSON value.

    Raises:
        EOFError: the other side hung up.
        FrameError: it sent something else.

    """
    payload = receive(descriptor, limit)
    if payload is None:
        raise EOFError("the other side hung up")
    try:
        return decode_json(payload.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"no JSON: {type(error).__name__}") from error


def _rest(descriptor: int, chunk: bytes, count: int) -> bytes | None:
    """Take what is missing of `count` bytes; None if the other side hung up."""
    received = bytearray(chunk)
    while chunk and len(received) < count:
        chunk = os.read(descriptor, min(count - len(received), _CHUNK))
        received += chunk
    return bytes(received) if len(received) == count else None

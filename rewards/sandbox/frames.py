"""Frames on a descriptor: four bytes of length, then the payload.

Works on bare descriptors, since the child of a program has nothing else, and refuses a frame that
is longer than its reader allows: the writer may be hostile. Payloads are JSON and never pickle:
what comes out of a process that ran strangers' code is data, not objects.
"""

import json
import os
from typing import Any

MAX_BYTES = 8 << 20
"""The longest frame between a program and its tests."""

_LENGTH_BYTES = 4
_CHUNK = 1 << 20

# One object each: `json.dumps` with arguments builds a new encoder on every call.
encode_json = json.JSONEncoder(separators=(",", ":")).encode
decode_json = json.JSONDecoder().decode


class FrameError(Exception):
    """The other side sent what is no frame, or one that is too long."""


def send(descriptor: int, payload: bytes) -> None:
    """Send one frame. Raises `OSError` if the other side is gone."""
    rest = memoryview(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receive(descriptor: int, limit: int = MAX_BYTES) -> bytes | None:
    """Wait for one frame; None if the other side hung up. Raises `FrameError` above the limit."""
    length = _exactly(descriptor, _LENGTH_BYTES)
    if length is None:
        return None
    count = int.from_bytes(length, "big")
    if count > limit:
        raise FrameError(f"a frame of {count} bytes, and {limit} are allowed")
    return _exactly(descriptor, count)


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


def _exactly(descriptor: int, count: int) -> bytes | None:
    """Take `count` bytes and not one more, so that `poll` keeps telling the truth."""
    chunk = os.read(descriptor, min(count, _CHUNK))
    if len(chunk) == count:
        return chunk
    received = bytearray(chunk)
    while chunk and len(received) < count:
        chunk = os.read(descriptor, min(count - len(received), _CHUNK))
        received += chunk
    return bytes(received) if len(received) == count else None

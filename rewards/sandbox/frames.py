"""Messages between supervisor and server: four bytes of length, then JSON.

JSON and never pickle: what comes out of a process that ran strangers' code is data, not objects.
"""

import json
import socket
from typing import Any

_LENGTH_BYTES = 4


def send(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send one message. Raises `OSError` if the other side is gone."""
    payload = json.dumps(message).encode("ascii")
    channel.sendall(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload)


def receive(channel: socket.socket) -> dict[str, Any] | None:
    """Wait for one message; None if the other side hung up."""
    length = _receive_exactly(channel, _LENGTH_BYTES)
    if length is None:
        return None
    payload = _receive_exactly(channel, int.from_bytes(length, "big"))
    if payload is None:
        return None
    message: dict[str, Any] = json.loads(payload)
    return message


def _receive_exactly(channel: socket.socket, count: int) -> bytes | None:
    """Take `count` bytes and not one more, so that `poll` keeps telling the truth."""
    received = bytearray()
    while len(received) < count:
        chunk = channel.recv(count - len(received))
        if not chunk:
            return None
        received += chunk
    return bytes(received)

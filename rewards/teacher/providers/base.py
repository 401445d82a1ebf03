"""What a provider is, and how the errors of an SDK become faults.

Both SDKs are made by one generator and name their errors alike, so they are translated in one
place, where the key is also struck out of whatever a server has echoed.
"""

import asyncio
import email.utils
import json
import math
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from whetstone.rewards.teacher.faults import Fault, TeacherFault
from whetstone.rewards.teacher.request import Answer, Request, Usage

_NO_CREDIT = "insufficient_quota"
"""OpenAI says 429 also where waiting does not help."""
_NO_BALANCE = "credit balance is too low"
"""Anthropic says 400, as of one request that is wrong."""
_LENGTH_FIELDS = ("max_tokens", "max_completion_tokens")
"""A 400 that names both asks for the other one: no request would be accepted."""
_DENIED = {401, 402, 403, 404}
_RATE_LIMITED = 429
_SERVER_FROM = 500
_SERVER_TOO = {408, 409}
_LONGEST_MESSAGE = 300
_NEVER_CONNECTED = {"ConnectError", "ConnectTimeout", "PoolTimeout"}
"""What both SDKs' HTTP library raises before anything is sent."""
_ECHO = 100
"""Characters of what is no answer that are shown."""


@dataclass(frozen=True)
class Endpoint:
    """Where to ask whom."""

    url: str
    model: str
    key: str = field(repr=False)
    """Empty where none is needed."""
    parameters: Mapping[str, Any]
    """Of the model, as its API names them: `temperature`."""
    timeout_s: float
    length_field: str | None = None
    """What OpenAI's protocol calls the limit of an answer; None: by the address."""


Outcome = Answer | TeacherFault
"""What became of one request of a batch."""


class Provider(Protocol):
    """Asks one model at one endpoint. Belongs to the event loop in which it is first used."""

    protocol: str
    """Part of the address of every stored answer: to change it is to pay again."""
    endpoint: Endpoint

    async def ask(self, request: Request) -> Answer:
        """Send a request once. Raises `TeacherFault`."""

    async def send_batch(self, requests: Mapping[str, Request]) -> str:
        """Hand in requests by key, to be answered within a day. Returns the batch's id."""

    async def batch_results(self, batch: str) -> dict[str, Outcome] | None:
        """Return what became of each request of a batch; None while it is worked on."""

    async def models(self) -> list[str]:
        """Return names of models there are, which costs nothing. Raises `TeacherFault`."""

    async def close(self) -> None:
        """Close the connections."""


def sender_of(provider: Provider) -> dict[str, Any]:
    """Return what an answer depends on besides its request."""
    endpoint = provider.endpoint
    return {
        "protocol": provider.protocol,
        "url": endpoint.url.rstrip("/"),
        "model": endpoint.model,
        "parameters": dict(endpoint.parameters),
    }


@contextmanager
def translated(sdk: Any, endpoint: Endpoint) -> Iterator[None]:
    """Turn what the module `sdk` raises into `TeacherFault`."""
    try:
        yield
    except sdk.APIConnectionError as error:
        raise _of_connection(error, isinstance(error, sdk.APITimeoutError), endpoint) from None
    except sdk.APIStatusError as error:
        raise _of_status(error, endpoint) from None
    except (sdk.APIResponseValidationError, ValueError, RecursionError) as error:
        message = _clean(f"{endpoint.url} answered with what is no JSON ({error})", endpoint.key)
        raise TeacherFault(Fault.MALFORMED, message) from None


@asynccontextmanager
async def answered(sdk: Any, endpoint: Endpoint) -> AsyncIterator[None]:
    """Do the same, and wait no longer than `timeout_s` for the whole answer.

    The SDKs' own limit begins anew with every byte, so that one that trickles in never ends.
    """
    try:
        async with asyncio.timeout(endpoint.timeout_s):
            with translated(sdk, endpoint):
                yield
    except TimeoutError:
        raise _late(Fault.TIMEOUT, endpoint) from None


def no_answer(what: str, found: object, endpoint: Endpoint) -> TeacherFault:
    """Return the fault of an endpoint that answered, but with something else."""
    message = f"{endpoint.url} answered with what is no {what}: {str(found)[:_ECHO]!r}"
    return TeacherFault(Fault.MALFORMED, _clean(message, endpoint.key))


def parsed_object(text: object, usage: Usage | None) -> dict[str, Any]:
    """Return the object that a text holds. Raises `TeacherFault` where it holds none."""
    try:
        fields = json.loads(text if isinstance(text, str) else "")
    except (ValueError, RecursionError) as error:
        raise TeacherFault(Fault.MALFORMED, f"no JSON: {error}", usage=usage) from None
    if not isinstance(fields, dict):
        raise TeacherFault(Fault.MALFORMED, "JSON, but no object", usage=usage)
    return fields


def usage_of(bill: object, inputs: tuple[str, ...], output: str) -> Usage | None:
    """Return the tokens of a bill, which an SDK reads but does not check; None where it says none.

    Args:
        bill: What the provider says.
        inputs: Names of the counts that add up to what was read; all but the first may be missing.
        output: Name of the count of what was written.

    """
    read, *more = (getattr(bill, name, None) for name in inputs)
    written = getattr(bill, output, None)
    if not isinstance(read, int) or not isinstance(written, int):
        return None
    return Usage(read + sum(count for count in more if isinstance(count, int)), written)


def _of_connection(error: Any, is_late: bool, endpoint: Endpoint) -> TeacherFault:
    never = type(error.__cause__).__name__ in _NEVER_CONNECTED
    if is_late:
        return _late(Fault.UNREACHABLE if never else Fault.TIMEOUT, endpoint)
    kind = Fault.UNREACHABLE if never else Fault.CONNECTION
    return TeacherFault(kind, _clean(f"{endpoint.url}: {error.__cause__ or error}", endpoint.key))


def _late(kind: Fault, endpoint: Endpoint) -> TeacherFault:
    message = f"no answer from {endpoint.url} within {endpoint.timeout_s:g} s"
    return TeacherFault(kind, message)


def _of_status(error: Any, endpoint: Endpoint) -> TeacherFault:
    status = int(error.status_code)
    no_credit = getattr(error, "code", None) == _NO_CREDIT
    if status in _DENIED or no_credit or concerns_all(error.message):
        kind = Fault.DENIED
    elif status == _RATE_LIMITED:
        kind = Fault.RATE_LIMITED
    elif status >= _SERVER_FROM or status in _SERVER_TOO:
        kind = Fault.SERVER_ERROR
    else:
        kind = Fault.REJECTED
    message = f"{endpoint.url} answered {status} for model {endpoint.model} ({_said(error)})"
    return TeacherFault(kind, _clean(message, endpoint.key), _retry_after(error.response.headers))


def concerns_all(message: str) -> bool:
    """Tell whether what reads like one wrong request would be said to every other as well."""
    return _NO_BALANCE in message or all(name in message for name in _LENGTH_FIELDS)


def _said(error: Any) -> str:
    """Return the provider's own words, where the SDK shows them within all that came."""
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error", body)
    said = inner.get("message") if isinstance(inner, dict) else None
    said = said if isinstance(said, str) and said else str(error.message)
    if all(name in said for name in _LENGTH_FIELDS):
        said += "; set reward.teacher.length_field to the one that it takes"
    return said


def _clean(message: str, key: str) -> str:
    """Strike out the key, which some servers echo, and shorten pages of HTML."""
    text = " ".join(message.replace(key, "***").split() if key else message.split())
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 3] + "..."


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a provider asks to wait: a number, or a date."""
    for header, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(header, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    date = email.utils.parsedate_tz(headers.get("retry-after", ""))
    try:
        return None if date is None else max(0.0, email.utils.mktime_tz(date) - time.time())
    except (ValueError, OverflowError):  # no calendar has this year
        return None

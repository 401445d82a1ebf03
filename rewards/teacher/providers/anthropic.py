"""The messages protocol of Anthropic.

The model has to call one tool, whose input is the answer, so nothing is searched for in prose.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import anthropic

from whetstone.rewards.teacher.faults import Fault, TeacherFault
from whetstone.rewards.teacher.providers.base import (
    Endpoint,
    Outcome,
    answered,
    concerns_all,
    no_answer,
    translated,
    usage_of,
)
from whetstone.rewards.teacher.request import Answer, Request

DEFAULT_URL = "https://api.anthropic.com"
_INPUTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class AnthropicProvider:
    """Asks by `POST /v1/messages`, or by a batch of such requests."""

    protocol = "AnthropicProvider"

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client = anthropic.AsyncAnthropic(
            api_key=endpoint.key or "none",
            base_url=endpoint.url,
            timeout=endpoint.timeout_s,
            max_retries=0,  # we retry, and so can count, and answer to the budget
        )

    async def ask(self, request: Request) -> Answer:
        """Send a request once."""
        async with answered(anthropic, self.endpoint):
            reply: Any = await self._client.messages.create(
                **self._question(request), extra_body=dict(self.endpoint.parameters)
            )
        return _read(reply)

    async def send_batch(self, requests: Mapping[str, Request]) -> str:
        """Hand in all requests at once."""
        listed: Any = [
            {"custom_id": key, "params": {**self._question(request), **self.endpoint.parameters}}
            for key, request in requests.items()
        ]
        with translated(anthropic, self.endpoint):
            batch = await self._client.messages.batches.create(requests=listed)
        return batch.id

    async def batch_results(self, batch: str) -> dict[str, Outcome] | None:
        """Read the answers, once all are there or given up."""
        with translated(anthropic, self.endpoint):
            try:
                found = await self._client.messages.batches.retrieve(batch)
            except anthropic.NotFoundError:
                return {}  # gone, or another account's: its questions are sent again
            if found.processing_status != "ended":
                return None
            try:
                entries = await self._client.messages.batches.results(batch)
            except anthropic.NotFoundError:
                return {}  # its answers are gone, and asked for again
            found_rows = [entry async for entry in entries]
        if not all(isinstance(getattr(row, "custom_id", None), str) for row in found_rows):
            raise no_answer("results of a batch", found_rows[:1], self.endpoint)
        return {row.custom_id: _outcome(row.result) for row in found_rows}

    def _question(self, request: Request) -> dict[str, Any]:
        tool = {
            "name": request.name,
            "description": "Hands in the answer.",
            "input_schema": dict(request.schema),
        }
        return {
            "model": self.endpoint.model,
            "system": request.system,
            "messages": [{"role": "user", "content": request.user}],
            "max_tokens": request.max_tokens,
            "tools": [tool],
            "tool_choice": {"type": "tool", "name": request.name},
        }

    async def models(self) -> list[str]:
        """Return the model's own name if it is there; the list would not hold its aliases."""
        async with answered(anthropic, self.endpoint):
            found: Any = await self._client.get(
                f"/v1/models/{quote(self.endpoint.model, safe='')}", cast_to=object
            )
        name = found.get("id") if isinstance(found, dict) else None
        if not isinstance(name, str):  # a page of the web, for one, answers as well
            raise no_answer("model", found, self.endpoint)
        return [self.endpoint.model, name]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _outcome(result: Any) -> Outcome:
    """Read what became of one request of a batch."""
    kind = getattr(result, "type", None)
    if kind == "succeeded":
        try:
            return _read(getattr(result, "message", None))
        except TeacherFault as fault:
            return fault
    if kind == "errored":
        error = getattr(getattr(result, "error", None), "error", None)
        refused = getattr(error, "type", None) == "invalid_request_error"
        said = str(getattr(error, "message", "no reason given"))
        if concerns_all(said):
            return TeacherFault(Fault.DENIED, said)
        return TeacherFault(Fault.REJECTED if refused else Fault.SERVER_ERROR, said)
    return TeacherFault(Fault.SERVER_ERROR, f"the batch was {kind} before its turn")


def _read(reply: Any) -> Answer:
    """Read a reply, of which the SDK has checked nothing: any part of it may be anything."""
    bill, blocks = getattr(reply, "usage", None), getattr(reply, "content", None)
    usage = usage_of(bill, _INPUTS, "output_tokens")
    if not isinstance(blocks, list):
        raise TeacherFault(Fault.MALFORMED, "an answer without content", usage=usage)
    reason = getattr(reply, "stop_reason", None)
    if reason in {"max_tokens", "model_context_window_exceeded"}:
        raise TeacherFault(Fault.TRUNCATED, "the limit of tokens cut an answer", usage=usage)
    if reason == "refusal":
        raise TeacherFault(Fault.REFUSED, "the model declines", usage=usage)
    calls = [
        getattr(block, "input", None)
        for block in blocks
        if getattr(block, "type", None) == "tool_use"
    ]
    if len(calls) != 1 or not isinstance(calls[0], dict):
        raise TeacherFault(Fault.MALFORMED, "not one call of the tool", usage=usage)
    return Answer(calls[0], usage)

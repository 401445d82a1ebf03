"""The messages protocol of Anthropic.

The model has to call one tool, whose input is the answer, so nothing is searched for in prose.
"""

from collections.abc import Mapping
from typing import Any

import anthropic

from rewards.teacher.faults import Fault, TeacherFault
from rewards.teacher.providers.base import Endpoint, Outcome, translated
from rewards.teacher.request import Answer, Request, Usage

DEFAULT_URL = "https://api.anthropic.com"


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
        with translated(anthropic, self.endpoint):
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
            entries = await self._client.messages.batches.results(batch)
            return {entry.custom_id: _outcome(entry.result) async for entry in entries}

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
        with translated(anthropic, self.endpoint):
            found = await self._client.models.retrieve(self.endpoint.model)
        return [self.endpoint.model, found.id]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _outcome(result: Any) -> Outcome:
    """Read what became of one request of a batch."""
    if result.type == "succeeded":
        try:
            return _read(result.message)
        except TeacherFault as fault:
            return fault
    if result.type == "errored":
        error = result.error.error
        refused = error.type == "invalid_request_error"
        return TeacherFault(Fault.REJECTED if refused else Fault.SERVER_ERROR, error.message)
    return TeacherFault(Fault.SERVER_ERROR, f"the batch was {result.type} before its turn")


def _read(reply: Any) -> Answer:
    bill, blocks = getattr(reply, "usage", None), getattr(reply, "content", None)
    usage = Usage(bill.input_tokens, bill.output_tokens) if bill else Usage(0, 0)
    if not isinstance(blocks, list):  # the SDK lets through what is no message
        raise TeacherFault(Fault.MALFORMED, "an answer without content", usage=usage)
    if reply.stop_reason == "max_tokens":
        raise TeacherFault(Fault.TRUNCATED, "the limit of tokens cut an answer", usage=usage)
    if reply.stop_reason == "refusal":
        raise TeacherFault(Fault.REFUSED, "the model declines", usage=usage)
    calls = [block.input for block in blocks if getattr(block, "type", None) == "tool_use"]
    if len(calls) != 1 or not isinstance(calls[0], dict):
        raise TeacherFault(Fault.MALFORMED, "not one call of the tool", usage=usage)
    return Answer(calls[0], usage)

"""The messages protocol of Anthropic.

The model has to call one tool, whose input is the answer, so nothing is searched for in prose.
"""

from typing import Any

import anthropic

from rewards.teacher.faults import Fault, TeacherFault
from rewards.teacher.providers.base import Endpoint, translated
from rewards.teacher.request import Answer, Request, Usage

DEFAULT_URL = "https://api.anthropic.com"


class AnthropicProvider:
    """Asks by `POST /v1/messages`."""

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
        tool: Any = {
            "name": request.name,
            "description": "Hands in the answer.",
            "input_schema": dict(request.schema),
        }
        with translated(anthropic, self.endpoint):
            reply: Any = await self._client.messages.create(
                model=self.endpoint.model,
                system=request.system,
                messages=[{"role": "user", "content": request.user}],
                max_tokens=request.max_tokens,
                tools=[tool],
                tool_choice={"type": "tool", "name": request.name},
                extra_body=dict(self.endpoint.parameters),
            )
        return _read(reply)

    async def models(self) -> list[str]:
        """Return the model's own name if it is there; the list would not hold its aliases."""
        with translated(anthropic, self.endpoint):
            found = await self._client.models.retrieve(self.endpoint.model)
        return [self.endpoint.model, found.id]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


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

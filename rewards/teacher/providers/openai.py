"""The chat completions protocol: OpenAI, and vLLM, Ollama, llama.cpp or mlx_lm by their `base_url`.

The answer is bound to a JSON schema by `response_format`, so nothing is searched for in prose.
"""

import json
from typing import Any

import openai

from rewards.teacher.faults import Fault, TeacherFault
from rewards.teacher.providers.base import Endpoint, translated
from rewards.teacher.request import Answer, Request, Usage

DEFAULT_URL = "https://api.openai.com/v1"


class OpenAIProvider:
    """Asks by `POST /chat/completions`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        # OpenAI's newer models refuse the old name of this limit, many servers ignore the new one.
        self._limit = "max_completion_tokens" if endpoint.url == DEFAULT_URL else "max_tokens"
        self._client = openai.AsyncOpenAI(
            api_key=endpoint.key or "none",  # the SDK insists on one
            base_url=endpoint.url,
            timeout=endpoint.timeout_s,
            max_retries=0,  # we retry, and so can count, and answer to the budget
        )

    async def ask(self, request: Request) -> Answer:
        """Send a request once."""
        schema = {"name": request.name, "schema": dict(request.schema), "strict": True}
        arguments: dict[str, Any] = {
            self._limit: request.max_tokens,
            "response_format": {"type": "json_schema", "json_schema": schema},
            "extra_body": dict(self.endpoint.parameters),
        }
        with translated(openai, self.endpoint):
            reply: Any = await self._client.chat.completions.create(
                model=self.endpoint.model,
                messages=[
                    {"role": "system", "content": request.system},
                    {"role": "user", "content": request.user},
                ],
                **arguments,
            )
        return _read(reply)

    async def models(self) -> list[str]:
        """Return the names of the models."""
        with translated(openai, self.endpoint):
            return [model.id async for model in self._client.models.list()]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _read(reply: Any) -> Answer:
    choices = getattr(reply, "choices", None)
    if not choices:  # the SDK lets through what is no chat completion
        raise TeacherFault(Fault.MALFORMED, "an answer without choices")
    choice, bill = choices[0], reply.usage
    usage = Usage(bill.prompt_tokens, bill.completion_tokens) if bill else Usage(0, 0)
    if choice.finish_reason == "length":
        raise TeacherFault(Fault.TRUNCATED, "the limit of tokens cut an answer", usage=usage)
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        reason = choice.message.refusal or "its content filter"
        raise TeacherFault(Fault.REFUSED, reason, usage=usage)
    try:
        fields = json.loads(choice.message.content or "")
    except json.JSONDecodeError as error:
        raise TeacherFault(Fault.MALFORMED, f"no JSON: {error}", usage=usage) from None
    if not isinstance(fields, dict):
        raise TeacherFault(Fault.MALFORMED, "JSON, but no object", usage=usage)
    return Answer(fields, usage)

"""The chat completions protocol: OpenAI, and vLLM, Ollama, llama.cpp or mlx_lm by their `base_url`.

The answer is bound to a JSON schema by `response_format`, so nothing is searched for in prose.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

import openai
from openai.types.chat import ChatCompletion
from pydantic import ValidationError

from rewards.teacher.faults import Fault, TeacherFault
from rewards.teacher.providers.base import Endpoint, Outcome, translated
from rewards.teacher.request import Answer, Request, Usage

DEFAULT_URL = "https://api.openai.com/v1"
_CHAT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})


class OpenAIProvider:
    """Asks by `POST /chat/completions`, or by a file of such requests."""

    protocol = "OpenAIProvider"

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
        with translated(openai, self.endpoint):
            reply: Any = await self._client.chat.completions.create(
                **self._question(request), extra_body=dict(self.endpoint.parameters)
            )
        return _read(reply)

    async def send_batch(self, requests: Mapping[str, Request]) -> str:
        """Upload a file with a line for each request, and have it worked off."""
        lines = [
            {
                "custom_id": key,
                "method": "POST",
                "url": _CHAT,
                "body": {**self._question(request), **self.endpoint.parameters},
            }
            for key, request in requests.items()
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        with translated(openai, self.endpoint):
            file = await self._client.files.create(
                file=("questions.jsonl", text.encode()), purpose="batch"
            )
            batch = await self._client.batches.create(
                input_file_id=file.id, endpoint=_CHAT, completion_window="24h"
            )
        return batch.id

    async def batch_results(self, batch: str) -> dict[str, Outcome] | None:
        """Read the files of answers and of errors; either may be missing."""
        with translated(openai, self.endpoint):
            try:
                found = await self._client.batches.retrieve(batch)
            except openai.NotFoundError:
                return {}  # gone, or another account's: its questions are sent again
            if found.status not in _ENDED:
                return None
            if found.status == "failed":
                raise TeacherFault(Fault.REJECTED, f"batch {batch} failed: {_why(found)}")
            files = [file for file in (found.output_file_id, found.error_file_id) if file]
            texts = [(await self._client.files.content(file)).text for file in files]
        rows = [json.loads(line) for text in texts for line in text.splitlines() if line]
        return {row["custom_id"]: _outcome(row) for row in rows}

    def _question(self, request: Request) -> dict[str, Any]:
        schema = {"name": request.name, "schema": dict(request.schema), "strict": True}
        return {
            "model": self.endpoint.model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            self._limit: request.max_tokens,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }

    async def models(self) -> list[str]:
        """Return the names of the models."""
        with translated(openai, self.endpoint):
            return [model.id async for model in self._client.models.list()]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _outcome(row: dict[str, Any]) -> Outcome:
    """Read one line of a batch's files."""
    response = row.get("response") or {}
    status = response.get("status_code")
    if row.get("error") or status != HTTPStatus.OK:
        said = json.dumps(row.get("error") or response.get("body"))
        refused = status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR
        return TeacherFault(Fault.REJECTED if refused else Fault.SERVER_ERROR, said)
    try:
        return _read(ChatCompletion.model_validate(response["body"]))
    except ValidationError as error:
        return TeacherFault(Fault.MALFORMED, str(error))
    except TeacherFault as fault:
        return fault


def _why(batch: Any) -> str:
    problems = batch.errors.data if batch.errors and batch.errors.data else []
    return "; ".join(str(problem.message) for problem in problems) or "no reason given"


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

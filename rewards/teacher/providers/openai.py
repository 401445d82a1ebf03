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

from whetstone.rewards.teacher.faults import Fault, TeacherFault
from whetstone.rewards.teacher.providers.base import (
    Endpoint,
    Outcome,
    answered,
    no_answer,
    parsed_object,
    translated,
    usage_of,
)
from whetstone.rewards.teacher.request import Answer, Request

DEFAULT_URL = "https://api.openai.com/v1"
_CHAT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})


class OpenAIProvider:
    """Asks by `POST /chat/completions`, or by a file of such requests."""

    protocol = "OpenAIProvider"

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        # OpenAI's newer models refuse the old name of this limit, many servers ignore the new one.
        usual = "max_completion_tokens" if endpoint.url == DEFAULT_URL else "max_tokens"
        self._limit = endpoint.length_field or usual
        self._client = openai.AsyncOpenAI(
            api_key=endpoint.key or "none",  # the SDK insists on one
            base_url=endpoint.url,
            timeout=endpoint.timeout_s,
            max_retries=0,  # we retry, and so can count, and answer to the budget
        )
        if endpoint.url != DEFAULT_URL:  # who pays at OpenAI is nobody else's business
            self._client.organization = self._client.project = None

    async def ask(self, request: Request) -> Answer:
        """Send a request once."""
        async with answered(openai, self.endpoint):
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
        file = await self._upload(text)
        with translated(openai, self.endpoint):
            batch = await self._client.batches.create(
                input_file_id=file, endpoint=_CHAT, completion_window="24h"
            )
        return batch.id

    async def _upload(self, text: str) -> str:
        """Store the questions; whatever goes wrong with it, nothing is ordered yet."""
        try:
            with translated(openai, self.endpoint):
                file = await self._client.files.create(
                    file=("questions.jsonl", text.encode()), purpose="batch"
                )
        except TeacherFault as fault:
            if fault.kind in {Fault.TIMEOUT, Fault.CONNECTION}:
                raise TeacherFault(Fault.UNREACHABLE, str(fault)) from None
            raise
        return file.id

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
                raise TeacherFault(Fault.FAILED, f"batch {batch} failed: {_why(found)}")
            files = [file for file in (found.output_file_id, found.error_file_id) if file]
            texts = [await self._text_of(file) for file in files]
            rows = [json.loads(line) for text in texts for line in text.split("\n") if line]
        if not all(isinstance(row, dict) and "custom_id" in row for row in rows):
            raise no_answer("file of a batch", texts, self.endpoint)
        return {row["custom_id"]: _outcome(row) for row in rows}

    async def _text_of(self, file: str) -> str:
        """Read a file; one that is gone had answers that are asked for again."""
        try:
            return (await self._client.files.content(file)).text
        except openai.NotFoundError:
            return ""

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
        async with answered(openai, self.endpoint):
            found: Any = await self._client.get("/models", cast_to=object)
        listed = found.get("data") if isinstance(found, dict) else None
        if not isinstance(listed, list):  # a page of the web, for one, answers as well
            raise no_answer("list of models", found, self.endpoint)
        return [str(model.get("id")) for model in listed if isinstance(model, dict)]

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
    """Read a reply, of which the SDK has checked nothing: any part of it may be anything."""
    usage = usage_of(getattr(reply, "usage", None), ("prompt_tokens",), "completion_tokens")
    choices = getattr(reply, "choices", None)
    choice = choices[0] if isinstance(choices, list) and choices else None
    message, reason = getattr(choice, "message", None), getattr(choice, "finish_reason", None)
    if message is None:
        raise TeacherFault(Fault.MALFORMED, "an answer without choices", usage=usage)
    if reason == "length":
        raise TeacherFault(Fault.TRUNCATED, "the limit of tokens cut an answer", usage=usage)
    refusal = getattr(message, "refusal", None)
    if reason == "content_filter" or refusal:
        raise TeacherFault(Fault.REFUSED, str(refusal or "its content filter"), usage=usage)
    return Answer(parsed_object(getattr(message, "content", None), usage), usage)

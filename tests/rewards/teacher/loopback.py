"""A teacher on loopback: a real HTTP server that speaks both protocols, with real faults.

python tests/rewards/teacher/loopback.py '{"latency_s": 0.2, "rate_limited": 0.05}' prints its port.
"""

import asyncio
import email.message
import hashlib
import json
import random
import re
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, fields

KEY = "sk-canary-7f3b9e1c5a"
ASKING = ("/v1/chat/completions", "/v1/messages")
MODELS = ["teacher-small", "teacher-large"]
SHOWN = re.compile(r"\[(PROGRAM (\w)|TASK) ([0-9a-f]{16})\]\n(.*?)\n\[END \1 \3\]", re.DOTALL)


@dataclass
class Manner:
    """How the server behaves. Shares are of all requests, drawn one after the other."""

    latency_s: float = 0.0
    rate_limited: float = 0.0
    retry_after: str = "0.05"
    server_error: float = 0.0
    malformed: float = 0.0
    cut: float = 0.0
    status: int = 0
    """Answer everything with this status."""
    revoke_after: int = -1
    """Requests after which the key is wrong."""
    say: str = ""
    """`refuse`, `truncate`, `prose`, `nonsense`, `hang`: instead of grading."""
    batch_looks: int = 0
    """Looks at a batch before it is done."""
    batch_expired: float = 0.0
    """Share of a batch's questions that are not answered in time."""
    obeys: bool = False
    """Does what it reads outside of quotations."""
    seed: int = 0


def default_grade(_task, program):
    """A grade that follows from the program: a test can compute it."""
    return int(hashlib.sha256(program.encode()).hexdigest(), 16) % 11


class Loopback:
    """The server, in a thread of its own: `with Loopback() as server: server.url`."""

    def __init__(self, manner=None, grade=default_grade):
        self.manner = manner or Manner()
        self.grade = grade
        self.requests = Counter()
        self.paid = Counter()
        """Good answers by the content of their question: more than one is money lost."""
        self.errors = []
        """Bugs of this file: a client would take them for cut connections."""
        self.orders = []
        self.bodies = []
        self.arrivals = []
        self.batches = Batches(self)
        self.flying = self.most_flying = 0
        self._random = random.Random(self.manner.seed)
        self._ready = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self.errors, self.errors

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def _main(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _connection(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = email.message.Message()
                for line in filter(None, lines):
                    name, _, value = line.partition(":")
                    headers[name] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                _, path, _ = first.split(" ", 2)
                answer = await self._answer(path, headers, body)
                if answer is None:
                    writer.transport.abort()
                    return
                status, more, text = answer
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}"
                    f"content-length: {len(text)}\r\n\r\n".encode()
                    + text
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except Exception as error:
            self.errors.append(error)
            raise
        finally:
            writer.close()

    async def _answer(self, path, headers, body):
        self.requests[path] += 1
        if path == "/stats":
            return 200, "", json.dumps(self.stats()).encode()
        given = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        late = 0 <= self.manner.revoke_after < self.requests.total()
        if given != KEY or late:
            return 401, "", _error(f"Incorrect API key provided: {given}", "authentication_error")
        if self.manner.status:
            return self.manner.status, "", _error(f"status {self.manner.status}", "some_error")
        if "/models" in path:
            return self._models(path)
        if "/batches" in path or "/files" in path:
            return 200, "", self.batches.answer(path, body)
        return await self._grading(path, json.loads(body))

    async def _grading(self, path, question):
        manner, drawn = self.manner, self._random.random()
        if question["model"] not in MODELS:
            return 404, "", _error("no such model", "not_found_error")
        self.bodies.append(question)
        self.arrivals.append(time.monotonic())
        if drawn < manner.rate_limited:
            return 429, f"retry-after: {manner.retry_after}\r\n", _error("slow down", "limit")
        drawn -= manner.rate_limited
        if drawn < manner.server_error:
            return 500, "", _error("oh no", "api_error")
        drawn -= manner.server_error
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        try:
            await asyncio.sleep(3600 if manner.say == "hang" else manner.latency_s)
        finally:
            self.flying -= 1
        if drawn < manner.cut:
            return None
        speak = _messages if path.endswith("/messages") else _chat
        return 200, "", speak(question, self, drawn - manner.cut < manner.malformed)

    def _models(self, path):
        listed = [{"id": name, "object": "model", "type": "model"} for name in MODELS]
        name = path.rpartition("/")[2].partition("?")[0]
        if name == "models":
            return 200, "", json.dumps({"object": "list", "data": listed}).encode()
        if name not in MODELS:
            return 404, "", _error(f"model: {name}", "not_found_error")
        return 200, "", json.dumps({"id": name, "type": "model"}).encode()

    def fill_in(self, user, schema):
        """Answer as a model would that keeps to the schema."""
        if "code" in schema["properties"]:
            return {"code": f"# solves it\n{SHOWN.search(user)[4].splitlines()[0]!r}"}
        shown = {match[2]: match[4] for match in SHOWN.finditer(user)}
        task = shown.pop(None)
        self.orders.append(list(shown.values()))
        unquoted = SHOWN.sub("", user)
        talked_round = self.manner.obeys and re.search(r"10|full marks|ignore|1\.0", unquoted)
        return {
            label: self._grades(schema["properties"][label], task, shown[label], talked_round)
            for label in schema["required"]
        }

    def _grades(self, schema, task, program, talked_round):
        grade = 10 if talked_round else self.grade(task, program)
        own = {"reason": f"worth {grade}", "manipulation": "grader" in program}
        return own | {name: grade for name in schema["properties"] if name not in own}

    def stats(self):
        return {
            "requests": sum(n for path, n in self.requests.items() if path.startswith(ASKING)),
            "paid": sum(self.paid.values()),
            "twice": sum(count > 1 for count in self.paid.values()),
        }


class Batches:
    """Questions handed in together: files at one provider, messages at the other."""

    def __init__(self, server):
        self._server = server
        self.sent = []
        """Questions of each batch, by their id."""
        self._files = []
        self._looks = Counter()

    def answer(self, path, body):
        kind, *rest = path.partition("?")[0].removeprefix("/v1/").split("/")
        if kind == "files":
            return self._file(rest, body)
        number = next((int(part) for part in rest if part.isdigit()), -1)
        if rest[-1:] == ["results"]:
            return self._files[number]
        return (self._message_batch if kind == "messages" else self._file_batch)(number, body)

    def _file(self, rest, body):
        if rest:
            return self._files[int(rest[0])]
        lines = [line for line in body.splitlines() if line.startswith(b'{"custom_id"')]
        self._files.append(b"\n".join(lines))
        number = str(len(self._files) - 1)
        told = {"id": number, "object": "file", "bytes": 1, "created_at": 0, "filename": "q"}
        return json.dumps({**told, "purpose": "batch", "status": "processed"}).encode()

    def _file_batch(self, number, body):
        if number < 0:
            number = len(self.sent)
            lines = self._files[int(json.loads(body)["input_file_id"])].splitlines()
            self.sent.append({row["custom_id"]: row["body"] for row in map(json.loads, lines)})
            self._files.append(self._lines(number, _chat, _line_of_file))
        is_done = self._is_done(number)
        told = {"id": str(number), "object": "batch", "endpoint": "x", "completion_window": "24h"}
        told |= {"created_at": 0, "input_file_id": "x", "output_file_id": str(2 * number + 1)}
        return json.dumps({**told, "status": "completed" if is_done else "in_progress"}).encode()

    def _message_batch(self, number, body):
        if number < 0:
            number = len(self.sent)
            rows = json.loads(body)["requests"]
            self.sent.append({row["custom_id"]: row["params"] for row in rows})
            self._files.append(self._lines(number, _messages, _line_of_message))
        url = f"{self._server.url}/v1/messages/batches/{number}/results"
        status = "ended" if self._is_done(number) else "in_progress"
        told = {"id": str(number), "type": "message_batch", "processing_status": status}
        return json.dumps({**told, "results_url": url}).encode()

    def _is_done(self, number):
        self._looks[number] += 1
        return self._looks[number] > self._server.manner.batch_looks + 1  # one is its creation

    def _lines(self, number, speak, line_of):
        manner, lines = self._server.manner, []
        for key, question in self.sent[number].items():
            drawn = self._server._random.random()
            late = drawn < manner.batch_expired
            bad = 0 <= drawn - manner.batch_expired < manner.malformed
            reply = None if late else json.loads(speak(question, self._server, bad))
            lines.append(json.dumps(line_of(key, reply)).encode())
        return b"\n".join(reversed(lines))  # in no order that anybody promised


def _line_of_file(key, reply):
    if reply is None:
        return {"id": "r", "custom_id": key, "response": None, "error": {"code": "batch_expired"}}
    response = {"status_code": 200, "request_id": "r", "body": reply}
    return {"id": "r", "custom_id": key, "response": response, "error": None}


def _line_of_message(key, reply):
    if reply is None:
        return {"custom_id": key, "result": {"type": "expired"}}
    return {"custom_id": key, "result": {"type": "succeeded", "message": reply}}


def _chat(question, server, malformed):
    user = question["messages"][1]["content"]
    wanted = question["response_format"]["json_schema"]["schema"]
    say = server.manner.say
    message = {"role": "assistant", "content": None, "refusal": None}
    if say == "refuse":
        message["refusal"] = "I would rather not."
    else:
        message["content"] = json.dumps(server.fill_in(user, wanted))
    if say == "prose":
        message["content"] = f"Sure! Here you are: {message['content']}"
    if say == "nonsense":
        message["content"] = '{"A": {"correctness": 11}}'
    if malformed:
        message["content"] = message["content"][:-7]
    elif not say:
        server.paid[json.dumps(question, sort_keys=True)] += 1
    reason = "length" if say == "truncate" else "stop"
    usage = {"prompt_tokens": 300, "completion_tokens": 50, "total_tokens": 350}
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
    reply = {"id": "c", "object": "chat.completion", "created": 0, "model": question["model"]}
    return json.dumps({**reply, "choices": [choice], "usage": usage}).encode()


def _messages(question, server, malformed):
    (tool,) = question["tools"]
    user, say = question["messages"][0]["content"], server.manner.say
    filled = server.fill_in(user, tool["input_schema"])
    if say == "nonsense" or malformed:
        filled = {"A": {"correctness": 11}}
    elif not say:
        server.paid[json.dumps(question, sort_keys=True)] += 1
    call = {"type": "tool_use", "id": "t", "name": tool["name"], "input": filled}
    content = [{"type": "text", "text": "Sure!"}] if say in {"prose", "refuse"} else [call]
    reasons = {"truncate": "max_tokens", "refuse": "refusal"}
    reply = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": question["model"],
        "content": content,
        "stop_reason": reasons.get(say, "tool_use"),
        "stop_sequence": None,
        "usage": {"input_tokens": 300, "output_tokens": 50},
    }
    return json.dumps(reply).encode()


def _error(message, kind):
    return json.dumps({"type": "error", "error": {"message": message, "type": kind}}).encode()


if __name__ == "__main__":
    chosen = json.loads(sys.argv[1]) if sys.argv[1:] else {}
    assert set(chosen) <= {field.name for field in fields(Manner)}
    with Loopback(Manner(**chosen)) as running:
        print(running.port, flush=True)
        sys.stdin.read()

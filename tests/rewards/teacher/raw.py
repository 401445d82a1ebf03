"""A server on loopback that says whatever a test puts into its mouth, bytes and all."""

import json
import socketserver
import threading


class Raw:
    """`with Raw(body) as server: server.url`: this answer, to every request."""

    def __init__(self, body, status=200, kind="application/json", headers=""):
        self.body = body if isinstance(body, bytes) else body.encode()
        self.head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{headers}"
        self.heard = []
        """Headers of each request, in lower case."""
        self.drip_s = 0.0
        """Seconds between two bytes of an answer."""

    def __enter__(self):
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while outer.answer(self.rfile, self.wfile):
                    pass

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._ended = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, incoming, outgoing):
        headers = {}
        if not incoming.readline():
            return False
        while line := incoming.readline().strip().decode():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        incoming.read(int(headers.get("content-length", 0)))
        self.heard.append(headers)
        outgoing.write(f"{self.head}content-length: {len(self.body)}\r\n\r\n".encode())
        try:
            if not self.drip_s:
                outgoing.write(self.body)
            for byte in self.body if self.drip_s else b"":
                if self._ended.wait(self.drip_s):
                    return False
                outgoing.write(bytes([byte]))
        except OSError:
            return False  # the client did not wait
        return True


GRADES = dict.fromkeys(("correctness", "quality", "efficiency", "documentation"), 5)
FILLED = {"A": {"reason": "r", "manipulation": False, **GRADES}}


def chat(**changes):
    """A chat completion that grades 5; keywords replace parts, `message` those of its message."""
    message = {"role": "assistant", "content": json.dumps(FILLED), **changes.pop("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 300, "completion_tokens": 50}
    return json.dumps({"id": "c", "choices": [choice], "usage": usage, **changes})


def message(**changes):
    """The same from Anthropic."""
    call = {"type": "tool_use", "id": "t", "name": "grades", "input": FILLED}
    usage = {"input_tokens": 300, "output_tokens": 50}
    reply = {"id": "m", "type": "message", "content": [call], "stop_reason": "tool_use"}
    return json.dumps({**reply, "usage": usage, **changes})

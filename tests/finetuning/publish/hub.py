"""A Hub on loopback: the endpoints that an upload needs, over a real socket, with real faults."""

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_canary" + "b3" * 16
REPO = re.compile(r"/api/(model|dataset)s/([^/]+/[^/]+)(?:/(.*))?$")
BATCH = re.compile(r"/(?:datasets/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch$")


class Hub:
    """`with Hub() as hub: hub.url`; what it was given is in `repos` and `commits`."""

    def __init__(self, *, large=(".safetensors",)):
        self.repos = {}
        """Repository to whether it is private."""
        self.commits = []
        """(repository, summary, path to content) of each."""
        self.large = large
        self.stored = {}
        self.arrived = Counter()
        """Bytes of each large file that were received, by its hash."""
        self.cut = Counter()
        """How often to cut: `put` in the middle of a file, `commit` before it is made."""
        self.put_begun = threading.Event()
        self.hold_after = None
        """Large files that are taken before the next one is left hanging."""
        self.errors = []

    def __enter__(self):
        hub = self

        class Handler(_Handler):
            world = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._released = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self.release()
        self._server.shutdown()
        self._server.server_close()
        assert not self.errors, self.errors

    def release(self):
        self.hold_after = None
        self._released.set()

    def files(self, repo):
        """What the repository holds after all commits."""
        held = {}
        for name, _, files in self.commits:
            if name == repo:
                held |= files
        return held


class _Handler(BaseHTTPRequestHandler):
    world: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        match = REPO.match(self.path.partition("?")[0])
        if match and match[2] in self.world.repos:
            private = self.world.repos[match[2]]
            return self._say(200, {"id": match[2], "private": private, "sha": "0" * 40})
        return self._say(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._say(401, {"error": "Invalid username or password."})
        path = self.path.partition("?")[0]
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return self._say(200, {"errors": [], "warnings": []})
        if BATCH.match(path):
            return self._batch(json.loads(body))
        return self._into(path, body)

    def do_PUT(self):
        oid, size = self.path.rpartition("/")[2], int(self.headers["content-length"])
        self.world.put_begun.set()
        if self.world.cut["put"] > 0:
            self.world.cut["put"] -= 1
            self.world.arrived[oid] += len(self.rfile.read(size // 2))
            return self._hang_up()
        if self.world.hold_after is not None:
            if self.world.hold_after == 0:
                self.world._released.wait(60)
                return self._hang_up()
            self.world.hold_after -= 1
        content = self.rfile.read(size)
        self.world.arrived[oid] += len(content)
        if hashlib.sha256(content).hexdigest() != oid:
            return self._hang_up()
        self.world.stored[oid] = content
        return self._say(200, {})

    def _into(self, path, body):
        match = REPO.match(path)
        if match and match[3] == "preupload/main":
            return self._preupload(json.loads(body))
        if match and match[3] == "commit/main":
            return self._commit(match[2], body)
        self.world.errors.append(f"POST {self.path}")
        return self._say(404, {"error": "no such endpoint"})

    def _create(self, wanted):
        name = f"{wanted['organization']}/{wanted['name']}"
        if name in self.world.repos:
            return self._say(409, {"error": "exists", "url": f"{self.world.url}/{name}"})
        self.world.repos[name] = wanted.get("visibility") == "private" or wanted.get("private")
        kind = "datasets/" if wanted.get("type") == "dataset" else ""
        return self._say(200, {"url": f"{self.world.url}/{kind}{name}"})

    def _preupload(self, asked):
        modes = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(self.world.large) else "regular",
                "shouldIgnore": False,
            }
            for file in asked["files"]
        ]
        return self._say(200, {"files": modes})

    def _batch(self, asked):
        objects = []
        for wanted in asked["objects"]:
            answer = {"oid": wanted["oid"], "size": wanted["size"]}
            if wanted["oid"] not in self.world.stored:
                answer["actions"] = {"upload": {"href": f"{self.world.url}/put/{wanted['oid']}"}}
            objects.append(answer)
        return self._say(200, {"transfer": "basic", "objects": objects})

    def _commit(self, repo, body):
        if self.world.cut["commit"] > 0:
            self.world.cut["commit"] -= 1
            return self._hang_up()
        lines = [json.loads(line) for line in body.splitlines()]
        files = {}
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            else:
                files[value["path"]] = self.world.stored[value["oid"]]
        self.world.commits.append((repo, lines[0]["value"]["summary"], files))
        oid = f"{len(self.world.commits):040x}"
        return self._say(200, {"commitUrl": f"{self.world.url}/c/{oid}", "commitOid": oid})

    def _say(self, status, content, headers=None):
        text = json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _hang_up(self):
        self.close_connection = True
        self.connection.close()

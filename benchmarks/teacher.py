"""Scores of a teacher at 64 in flight against one after the other, through real faults.

python benchmarks/teacher.py [openai|anthropic] [SCORES]

A server in a process of its own speaks the provider's protocol on loopback and answers after
200 ms, with 5 % 429 (`retry-after: 1`), 2 % 500, 1 % malformed and 1 % cut connections. Serial is
measured on 50 scores, and multiplied. It counts what it was asked and what it was paid for.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import yaml

from whetstone.rewards.teacher.config import TeacherConfig

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "tests" / "rewards" / "teacher" / "loopback.py"
KEY = "sk-canary-7f3b9e1c5a"
MANNER = {
    "latency_s": 0.2,
    "rate_limited": 0.05,
    "retry_after": "1",
    "server_error": 0.02,
    "malformed": 0.01,
    "cut": 0.01,
}
SERIAL = 50


def config(provider: str, port: int, cache: Path, concurrency: int) -> TeacherConfig:
    values = yaml.safe_load((ROOT / "conf/reward/teacher.yaml").read_text())["teacher"]
    url = f"http://127.0.0.1:{port}" + ("/v1" if provider == "openai" else "")
    values |= {"provider": provider, "model": "teacher-small", "base_url": url}
    values |= {"api_key_env": "BENCHMARK_KEY", "cache": cache, "reward": "score"}
    values["limits"] |= {"concurrency": concurrency}
    return TeacherConfig.model_validate(values)


def stats(port: int) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats") as reply:
        return json.load(reply)


def timed(settings: TeacherConfig, name: str, count: int) -> tuple[float, float, int]:
    """Return seconds of clock and of processor, and how many scores are missing."""
    reward = settings.build()
    reward(["warm up"], [f"{name} warm up"])
    wall, cpu = time.perf_counter(), time.process_time()
    scores = reward(["task"] * count, [f"{name} {number}" for number in range(count)])
    taken = time.perf_counter() - wall, time.process_time() - cpu
    reward.close()
    return *taken, scores.count(None)


def measure(provider: str, count: int, port: int, folder: Path) -> None:
    serial, _, _ = timed(config(provider, port, folder / "serial.sqlite", 1), "serial", SERIAL)
    before = stats(port)
    many = config(provider, port, folder / "many.sqlite", 64)
    wall, cpu, lost = timed(many, "many", count)
    after = stats(port)
    again, _, _ = timed(many, "many", count)
    repeated = stats(port)["requests"] - after["requests"]
    per_score = serial / SERIAL
    print(f"| {provider} | |")
    print("|---|---|")
    print(f"| serial, a score | {per_score:.3f} s |")
    print(f"| {count} scores at 64 in flight | {wall:.1f} s ({cpu:.1f} s of processor) |")
    print(f"| faster than serial | {per_score * count / wall:.0f}x |")
    print(f"| requests, of which paid | {after['requests'] - before['requests']},", end=" ")
    print(f"{after['paid'] - before['paid']} (one to warm up) |")
    print(f"| lost, paid twice | {lost}, {after['twice']} |")
    print(f"| the same again | {again:.2f} s, {repeated} requests |")


def main() -> None:
    provider = sys.argv[1] if sys.argv[1:] else "openai"
    count = int(sys.argv[2]) if sys.argv[2:] else 2000
    os.environ["BENCHMARK_KEY"] = KEY
    command = [sys.executable, str(SERVER), json.dumps(MANNER)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        measure(provider, count, int(server.stdout.readline()), Path(folder))
        server.stdin.close()


if __name__ == "__main__":
    main()

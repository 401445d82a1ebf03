import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from whetstone.finetuning.artifacts.run_dir import as_yaml
from whetstone.finetuning.config import load

ROOT = Path(__file__).resolve().parents[3]


def _beside(name):
    """A module of this folder: tests are no package, so it is loaded by its path."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


loopback, forked = _beside("hub"), _beside("forked")


@pytest.fixture
def hub():
    with loopback.Hub() as running:
        yield running


@pytest.fixture
def environment(hub, tmp_path):
    """Return the variables of a user with a token, the Hub being on loopback."""

    def variables(**more: str | None) -> dict[str, str]:
        mine = {
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": loopback.TOKEN,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",  # the transfer that plain HTTP can speak
            "HF_HUB_OFFLINE": None,
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "100",
            **more,
        }
        return {k: value for k, value in {**os.environ, **mine}.items() if value is not None}

    return variables


@pytest.fixture
def command(environment):
    """Start `whetstone ...`, to be killed."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        code = "from whetstone.finetuning.cli import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def server():
    running = forked.Forked(ROOT)
    yield running
    running.close()


@pytest.fixture
def whetstone(server, environment, tmp_path):
    """Run `whetstone ...` to its end; return the exit code, what it said and complained of."""

    def run(*arguments: str, **variables: str | None) -> tuple[int, str, str]:
        code, out, err = server.run(arguments, environment(**variables), tmp_path)
        assert "Traceback" not in err, err
        return code, out, err

    return run


def safetensors(size: int, seed: int) -> bytes:
    """A file with the right header and `size` bytes of weights."""
    head = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(head).to_bytes(8, "little") + head + bytes([seed]) * size


def _cache_card(home, repo, card):
    """The card of a model as a download leaves it in the Hub's cache."""
    place = home / "hub" / f"models--{repo.replace('/', '--')}"
    (place / "snapshots" / "abc").mkdir(parents=True)
    (place / "snapshots" / "abc" / "README.md").write_text(card)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("abc")


@pytest.fixture
def run_folder(tmp_path):
    """A finished run, as a GRPO run on a model of the Hub leaves it; the weights are made up."""
    folder = tmp_path / "outputs" / "qwen-mbpp-grpo"
    for name in ("merged", "adapter", "eval/before", "eval/after", "checkpoints/checkpoint-3"):
        (folder / name).mkdir(parents=True)
    config = as_yaml(load(["algo=grpo", "model=qwen", "data=nano", "tracker=none"]).main)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    manifest = {"device": "cpu, float32, asked for", "packages": {"trl": "1.16.0"}, "seed": 0}
    (folder / "manifest.json").write_text(
        json.dumps({**manifest, "command": ["train.py", f"run.outputs={tmp_path}"]})
    )
    gate = {"max_logit_difference": 6e-6, "kl": 1e-9, "max_kl": 1e-4, "passed": True}
    report = {
        "name": folder.name,
        "status": "done",
        "algo": "grpo",
        "model": "qwen",
        "before": {"mbpp": {"pass@1": 0.25}},
        "after": {"mbpp": {"pass@1": 0.75}},
        "merge": gate,
        "seconds": {"total": 61.0},
        "model_folder": str(folder / "merged"),
    }
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "report.html").write_text("a page")
    (folder / "merged" / "merge.json").write_text(json.dumps(gate))
    (folder / "merged" / "config.json").write_text('{"model_type": "qwen2"}')
    (folder / "merged" / "tokenizer.json").write_text("{}")
    card = "---\nlicense: apache-2.0\n---\n# Qwen\n"
    _cache_card(tmp_path / "hf", "Qwen/Qwen2.5-Coder-1.5B", card)
    (folder / "merged" / "model.safetensors").write_bytes(safetensors(300_000, 1))
    base = {"peft_type": "LORA", "base_model_name_or_path": "Qwen/Qwen2.5-Coder-1.5B"}
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(base))
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(safetensors(200_000, 2))
    (folder / "adapter" / "README.md").write_text(f"base_model: {tmp_path}")
    (folder / "checkpoints" / "checkpoint-3" / "optimizer.pt").write_bytes(b"state")
    return folder

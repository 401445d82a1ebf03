"""RFAI as a whole: its names, its key, batches, and a nano model that learns from a teacher."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from datasets import load_dataset
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from whetstone.finetuning.artifacts.metrics import read_metrics
from whetstone.finetuning.config import load
from whetstone.finetuning.errors import ConfigError
from whetstone.finetuning.nano import ENTRY_POINT, training_problems
from whetstone.rewards.sandbox import Job, Sandbox, Verdict

ROOT = Path(__file__).resolve().parents[2]
_PATH = ROOT / "tests" / "rewards" / "teacher" / "loopback.py"
_SPEC = importlib.util.spec_from_file_location("loopback", _PATH)
loopback = sys.modules.setdefault("loopback", importlib.util.module_from_spec(_SPEC))
if not hasattr(loopback, "Loopback"):
    _SPEC.loader.exec_module(loopback)

TRAIN = {f"Train/{name}" for name in ("Loss", "PolicyLoss", "KLPenalty", "AvgReward", "RewardStd")}
EPOCH = {"Epoch/AvgReward", "Epoch/AvgLoss"}
SYSTEM = {
    "System/CPU_Percent",
    "System/Memory_Percent",
    "System/Memory_Used_GB",
    "System/Memory_Available_GB",
    "System/Process_Memory_GB",
}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("TEACHER_TEST_KEY", loopback.KEY)
    with loopback.Loopback() as running:
        yield running


def teacher(server, provider="openai"):
    return [
        "reward.teacher.model=teacher-small",
        f"reward.teacher.provider={provider}",
        f"reward.teacher.base_url={server.url}{'/v1' if provider == 'openai' else ''}",
        "reward.teacher.api_key_env=TEACHER_TEST_KEY",
    ]


def tiny(qwen_folder):
    """A run of three steps; two epochs of two prompts."""
    return [
        f"model.path={qwen_folder}",
        "model.adapter=full",
        "data=nano",
        "debug=true",
        "data.limit=2",
        "algo.args.max_completion_length=8",
        "hooks.evaluate.tasks=[]",
        "data.watch_task=null",
    ]


def scalars(folder):
    """All tags of all files; a run that was continued has several."""
    found = {}
    for path in (folder / "tensorboard").rglob("events.*"):
        events = EventAccumulator(str(path)).Reload()
        for tag in events.Tags()["scalars"]:
            found.setdefault(tag, []).extend(events.Scalars(tag))
    return found


def test_the_experiment_logs_under_its_own_names(train, server, qwen_folder):
    settings = [*teacher(server), *tiny(qwen_folder), "hooks.system.every_s=0.2"]
    folder, report, screen = train("experiment=rfai", *settings)
    found = scalars(folder)
    assert {name for name in found if name[0].isupper()} == TRAIN | EPOCH | SYSTEM
    rows = [row for row in read_metrics(folder / "metrics.jsonl") if "reward" in row]
    for name, column in {"Train/Loss": "loss", "Train/AvgReward": "reward"}.items():
        assert [event.value for event in found[name]] == pytest.approx([r[column] for r in rows])
    for loss, policy, kl in zip(
        *(found[f"Train/{name}"] for name in ("Loss", "PolicyLoss", "KLPenalty")), strict=True
    ):
        assert loss.value == pytest.approx(policy.value + kl.value, abs=2e-4)
    # The teacher answered while a second passed at least: more figures than rows.
    assert {event.step for event in found["System/CPU_Percent"]} >= {1, 2, 3}
    told = " ".join(screen.split())
    assert "epoch 1: mean reward" in told
    assert "policy" in told
    assert report["teacher"]["calls"] == server.stats()["paid"] > 0
    data = load_dataset(str(folder / "datasets"), cache_dir=str(folder / "hub"))
    assert set(data) <= {"train", "validation", "evaluation"}
    assert sum(map(len, data.values())) == sum(map(len, _completions(folder)))


def _completions(folder):
    import pyarrow.parquet as pq

    return [pq.read_table(path) for path in (folder / "completions").glob("*.parquet")]


def test_real_models_get_prompts_in_three_languages(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.delenv("WHETSTONE_DATA_DIR", raising=False)
    given = ["reward.teacher.model=m", "reward.teacher.api_key_env=null"]
    for chosen in ("experiment=rfai", "pipeline=rfai"):
        (stage,) = load([chosen, "model=qwen", *given]).stages
        assert (stage.config.data.name, stage.config.algo.name) == ("prompts", "rfai")
        assert list(stage.config.reward) == ["teacher"]
        base, rl = load([chosen, "model=nano", *given]).stages
        assert (base.config.algo.name, rl.config.algo.name) == ("sft", "rfai")
        assert rl.config.data.name == "nano"
        assert load([chosen, "model=nano", "data=mbpp", *given]).main.data.name == "mbpp"
    assert load(["experiment=rfai", *given]).main.model.path == "Qwen/Qwen2.5-Coder-1.5B"


def test_prompts_without_tests_are_not_for_execution(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with pytest.raises(ConfigError, match="its tasks have no tests; use reward=teacher"):
        load(["model=qwen", "data=prompts", "hooks.evaluate.tasks=[]"])


def test_no_training_waits_for_batches():
    given = ["reward.teacher.model=m", "reward.teacher.api_key_env=null"]
    with pytest.raises(ConfigError, match=r"batch\.enabled=true: a batch may take a day"):
        load(["reward=teacher", *given, "reward.teacher.batch.enabled=true"])


def test_batches_judge_what_the_nano_model_sampled(tmp_path):
    given = ["reward.teacher.model=m", "reward.teacher.api_key_env=null"]
    (tmp_path / "train.jsonl").write_text("")
    chosen = ["collect=dpo", f"collect.base={tmp_path}", "model=nano", "data=nano"]
    plan = load([*chosen, "reward=teacher", *given, "reward.teacher.batch.enabled=true"])
    assert plan.main.collect is not None


@pytest.mark.parametrize(
    "provider", ["openai", pytest.param("anthropic", marks=pytest.mark.nightly)]
)
def test_collecting_scores_in_batches(train, server, qwen_folder, tmp_path, provider):
    rows = [
        {"prompt": f"task {n // 2}", "completion": f"x = {n}", "verdict": None, "reference": None}
        for n in range(12)
    ]
    (tmp_path / "base").mkdir()
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "base" / "train.jsonl").write_text(text)
    folder, report, screen = train(
        "collect=dpo",
        f"collect.base={tmp_path / 'base'}",
        "model=qwen",
        f"model.path={qwen_folder}",
        "tracker=none",
        "reward=teacher",
        *teacher(server, provider),
        "reward.teacher.batch.enabled=true",
        "reward.teacher.batch.poll_s=0.05",
        f"reward.teacher.cache={tmp_path / 'answers.sqlite'}",
    )
    assert "teacher teacher-small: at most 24 calls" in " ".join(screen.split())
    assert len(server.batches.sent) == 2
    assert not server.bodies
    assert report["teacher"]["calls"] == server.stats()["paid"] == 12 + 2 * 6
    assert len((folder / "dataset" / "train.jsonl").read_text().splitlines()) > 0


class Leak:
    """Looks for the key wherever another user's program, or a sandboxed one, could look."""

    def __init__(self):
        self.lines = self.sandboxed = 0
        self.found = []

    def look(self, root):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (process / "cmdline").read_bytes()
                environment = (process / "environ").read_bytes()
            except OSError:
                continue  # it has ended, or is not ours
            self.lines += bool(line)
            if loopback.KEY.encode() in line:
                self.found.append(line)
            if _is_below(process, root) and b"whetstone.rewards.sandbox" in line:
                self.sandboxed += 1
                if loopback.KEY.encode() in environment:
                    self.found.append(environment)


def _is_below(process, root):
    try:
        while int(process.name) > 1:
            process = Path("/proc") / (process / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if process.name == str(root):
                return True
    except OSError:
        pass
    return False


@pytest.mark.nightly  # files and screen are looked through by test_teacher.py as well
def test_the_key_is_nowhere_while_and_after_a_run_with_everything_on(
    server, qwen_folder, tmp_path, cache
):
    """Files, screen, command lines, and the environment of the sandbox's processes."""
    server.manner.malformed = server.manner.rate_limited = 0.1
    settings = [*teacher(server), *tiny(qwen_folder), "hooks.system.every_s=0.2"]
    settings += ["reward=[execution,teacher]", "tracker=[tensorboard,wandb]"]
    settings += ["tracker.wandb.mode=offline", f"run.outputs={tmp_path}", f"run.cache={cache}"]
    with (tmp_path / "screen").open("wb") as screen:
        process = subprocess.Popen(
            [sys.executable, "train.py", "experiment=rfai", *settings],
            cwd=ROOT,
            stdout=screen,
            stderr=screen,
            env={**os.environ, "WANDB_CACHE_DIR": str(tmp_path), "WANDB_DATA_DIR": str(tmp_path)},
        )
        leak = Leak()
        while process.poll() is None:
            leak.look(process.pid)
            time.sleep(0.2)
    assert process.returncode == 0, (tmp_path / "screen").read_text()
    assert server.stats()["paid"] > 0
    assert leak.lines > 0
    assert leak.sandboxed > 0
    assert leak.found == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"report.json", "config.yaml", "metrics.jsonl", "screen"} <= {p.name for p in files}
    assert [path for path in files if path.suffix == ".wandb"]
    assert [path for path in files if loopback.KEY.encode() in path.read_bytes()] == []


class Judge(loopback.Loopback):
    """A teacher that solves with the reference and grades by the hidden tests of the problem."""

    def __init__(self, sandbox):
        super().__init__(grade=self._grade)
        self._sandbox = sandbox
        self._problems = {problem.prompt: problem for problem in training_problems(600, seed=0)}

    def fill_in(self, user, schema):
        if "code" in schema["properties"]:
            return {"code": self._problems[loopback.SHOWN.search(user)[4]].reference}
        return super().fill_in(user, schema)

    def _grade(self, task, program):
        job = Job(program, self._problems[task].tests, entry_points=[ENTRY_POINT])
        (result,) = self._sandbox.run_many([job])
        return 10 if result.verdict is Verdict.PASSED else 1

    def is_quiet(self, seconds=0.2):
        """Whether nothing is asked, and has not been for a while: the policy writes or learns."""
        return not self.flying and time.monotonic() - self.arrivals[-1] > seconds


@pytest.fixture
def judge(monkeypatch):
    monkeypatch.setenv("TEACHER_TEST_KEY", loopback.KEY)
    with Sandbox(workers=1) as sandbox, Judge(sandbox) as running:
        yield running


def start(server, folder, cache, *settings):
    return subprocess.Popen(
        [
            sys.executable,
            "train.py",
            "model=nano",
            *teacher(server),
            "algo.args.max_steps=30",
            "algo.args.save_steps=10",
            "hooks.evaluate.samples=4",
            "hooks.evaluate.k=[1]",
            "hooks.evaluate.limit=100",
            "hooks.watch.every_steps=0",
            f"run.outputs={folder}",
            f"run.cache={cache}",
            *settings,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill_between_steps(process, server, file):
    """Kill as soon as this file is there and no question is on its way."""
    while not (file.exists() and server.is_quiet()):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def finish(process, folder):
    output, _ = process.communicate()
    assert process.returncode == 0, output
    report = json.loads((folder / "report.json").read_text())
    return report["before"]["nano"]["pass@1"], report["after"]["nano"]["pass@1"]


@pytest.mark.slow  # makes a base model, and trains it with a teacher twice: minutes
def test_a_nano_model_learns_from_a_teacher_that_is_never_paid_twice(judge, tmp_path):
    """`WHETSTONE_TEST_CACHE` names a folder that keeps the base model for the next time."""
    cache = Path(os.environ.get("WHETSTONE_TEST_CACHE", tmp_path / "cache"))
    first = [judge, tmp_path, cache, "experiment=rfai", "run.name=first"]
    first += [f"reward.teacher.cache={tmp_path / 'answers.sqlite'}"]
    checkpoint = tmp_path / "first" / "checkpoints" / "checkpoint-10" / "trainer_state.json"
    kill_between_steps(start(*first), judge, checkpoint)
    before, after = finish(start(*first), tmp_path / "first")
    print(f"\nexperiment=rfai: pass@1 {before:.3f} to {after:.3f}, {judge.stats()}")
    assert after > before + 0.15
    assert judge.stats()["twice"] == 0
    asked = judge.stats()["requests"]
    assert set(scalars(tmp_path / "first")) >= TRAIN | EPOCH | SYSTEM
    # The pipeline alone is the same training: it comes to the same programs, and asks nothing.
    again = [*first[:3], "pipeline=rfai", "algo.args.beta=0.02", "run.name=again", first[-1]]
    assert finish(start(*again), tmp_path / "again") == (before, after)
    assert judge.stats()["requests"] == asked

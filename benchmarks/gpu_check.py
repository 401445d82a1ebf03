"""A GPU in eight minutes: QLoRA GRPO and PPO, merge parity, stock TRL beside us, peak memory.

make gpu-check, or: python benchmarks/gpu_check.py [--tiny] [--readme FILE]

On a randomly initialised Qwen2 of 0.5B, so that nothing is downloaded: it learns nothing, and speed
and memory do not care. Each part is a process of its own, so that its peak of memory is its own.
Writes its table into benchmarks/README.md; exit code 1 where a part failed. Without CUDA it says so
and ends with exit code 2.

--tiny does all of it with a toy on the CPU, to try this file; its figures say nothing about a GPU,
the table says so, and it is written only to a --readme that is named.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "benchmarks" / "README.md"
BEGIN, END = "<!-- gpu-check -->", "<!-- /gpu-check -->"
BUDGET_S = 8 * 60
TOY_BUDGET_S = 40 * 60  # a busy machine's
WARM_UP = 2  # steps that are not timed
PARTS = ("qlora_grpo", "qlora_ppo", "lora_grpo", "stock_grpo")
TITLES = {
    "qlora_grpo": "GRPO, QLoRA",
    "qlora_ppo": "PPO, QLoRA",
    "lora_grpo": "GRPO, LoRA in 16 bits",
    "stock_grpo": "the same in stock TRL",
}
RESULT = "RESULT "
_GIB = 2**30

Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a toy on the CPU; no GPU figures")
    parser.add_argument("--readme", type=Path, help="write the table here")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    from whetstone.finetuning.runtime.environment import share_the_cores, take_one_gpu

    share_the_cores()
    take_one_gpu()  # before torch looks at what there is
    import torch

    if not chosen.tiny and not torch.cuda.is_available():
        print("There is no CUDA device here; --tiny tries this check on the CPU.", file=sys.stderr)
        raise SystemExit(2)
    if chosen.part:
        figures = run_part(chosen.part, chosen.folder, tiny=chosen.tiny)
        print(RESULT + json.dumps(figures))
        return
    with tempfile.TemporaryDirectory() as folder:
        make_base(Path(folder) / "base", tiny=chosen.tiny)
        found = run_parts(Path(folder), tiny=chosen.tiny)
    text = table(found, device_name(tiny=chosen.tiny))
    print(text)
    readme = chosen.readme or (None if chosen.tiny else README)
    if readme is not None:
        readme.write_text(replaced(readme.read_text(encoding="utf-8"), text), encoding="utf-8")
    if any("failed" in figures for figures in found.values()):
        raise SystemExit(1)


# --- the parts ------------------------------------------------------------------------------


def run_parts(folder: Path, *, tiny: bool) -> dict[str, Figures]:
    """Run each part in a process of its own; a part that fails has its reason as figures."""
    start, found = time.monotonic(), {}
    budget = TOY_BUDGET_S if tiny else BUDGET_S
    for part in PARTS:
        left = budget - (time.monotonic() - start)
        command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
        try:
            done = subprocess.run(
                [*command, *(["--tiny"] if tiny else [])],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
                timeout=max(left, 1),
            )
        except subprocess.TimeoutExpired:
            found[part] = {"failed": "the eight minutes were over"}
            continue
        lines = [line for line in done.stdout.splitlines() if line.startswith(RESULT)]
        if lines:
            found[part] = json.loads(lines[-1].removeprefix(RESULT))
        else:
            print(done.stderr, file=sys.stderr)
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            found[part] = {"failed": f"exit code {done.returncode}: {reason}"}
    return found


def run_part(part: str, folder: Path, *, tiny: bool) -> Figures:
    """Train a few steps; return seconds a step, tokens a second, peak memory and the merge's KL."""
    measure = stock if part == "stock_grpo" else ours
    figures = measure(part, folder, settings(part, folder, tiny=tiny))
    import torch

    peak = torch.cuda.max_memory_allocated() / _GIB if torch.cuda.is_available() else None
    return {**figures, "peak_gib": peak}


def settings(part: str, folder: Path, *, tiny: bool) -> list[str]:
    """Return the overrides of a run; those of `lora_grpo` are stock TRL's as well."""
    algorithm = part.rpartition("_")[2]
    quantized = part.startswith("qlora")
    backend = (
        ["backend=cpu", f"model.quantization={'nf4' if quantized else 'null'}"]
        if tiny
        else [f"backend={'cuda_qlora' if quantized else 'cuda'}"]
    )
    rows, steps, tokens = (4, 2, 8) if tiny else (8, 4, 128)
    return [
        f"algo={algorithm}",
        "model=qwen",
        f"model.path={folder / 'base'}",
        *backend,
        "data=nano",
        "data.train_problems=64",
        "pipeline=single",
        "reward=random",
        "tracker=none",
        "hooks.evaluate.tasks=[]",
        "data.watch_task=null",
        "hooks.early_stop.enabled=false",
        f"run.outputs={folder / 'outputs'}",
        f"run.name={part}",
        f"algo.args.max_steps={WARM_UP + (1 if tiny else 4)}",
        "algo.args.logging_steps=1",
        "algo.args.num_iterations=1",  # every step samples, so that steps can be compared
        "algo.args.save_steps=100",
        f"algo.args.per_device_train_batch_size={rows}",
        f"algo.args.gradient_accumulation_steps={steps}",
        f"algo.args.max_completion_length={tokens}",
        *([f"algo.args.num_generations={rows}"] if algorithm == "grpo" else []),
    ]


def ours(part: str, folder: Path, overrides: list[str]) -> Figures:
    """Run it as the command would; its own report and log have the figures."""
    import io
    from contextlib import suppress

    from rich.console import Console

    from whetstone.finetuning.artifacts.metrics import read_metrics
    from whetstone.finetuning.config import load
    from whetstone.finetuning.errors import MergeRefusedError
    from whetstone.finetuning.pipeline import run_plan

    plan = load(overrides)
    with suppress(MergeRefusedError):  # the table says so
        run_plan(plan, Console(file=io.StringIO()))
    place = folder / "outputs" / part
    report = json.loads((place / "report.json").read_text(encoding="utf-8"))
    rows = [row for row in read_metrics(place / "metrics.jsonl") if "step_time" in row]
    return {**speed(rows, plan.main.algo.args), "merge": report["merge"]}


def stock(_part: str, folder: Path, overrides: list[str]) -> Figures:
    """trl.GRPOTrainer with the arguments, rows, weights and adapter that ours has."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
    from trl import GRPOConfig, GRPOTrainer

    from whetstone.finetuning.algo.base import common_arguments
    from whetstone.finetuning.config import load
    from whetstone.finetuning.data.build import build_data
    from whetstone.finetuning.formats.dataset_type import Need
    from whetstone.finetuning.model.adapter import adapter_config
    from whetstone.finetuning.model.device import choose_device

    config = load(overrides).main
    device = choose_device(config.backend)
    arguments = common_arguments(
        config.algo.args, folder / "stock", device, config.seed, trackers=[]
    )
    set_seed(config.seed)
    tokenizer = AutoTokenizer.from_pretrained(folder / "base", padding_side="left")
    trainer = GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(folder / "base", dtype=device.dtype),
        processing_class=tokenizer,
        args=GRPOConfig(**{**arguments, "report_to": [], "save_strategy": "no"}),
        train_dataset=build_data(config.data, Need.PROMPTS, config.seed).train,
        reward_funcs=[lambda completions, **_: [len(text) % 7 / 7 for text in completions]],
        peft_config=adapter_config(config.model),
    )
    trainer.train()
    rows = [row for row in trainer.state.log_history if "step_time" in row]
    return {**speed(rows, config.algo.args), "merge": None}


def speed(rows: list[Figures], arguments: dict[str, Any]) -> Figures:
    """Return the median step, without the first ones, and the sampled tokens a second."""
    timed = rows[WARM_UP:]
    batch = arguments["per_device_train_batch_size"] * arguments["gradient_accumulation_steps"]
    seconds = statistics.median(row["step_time"] for row in timed)
    tokens = statistics.median(row["completions/mean_length"] for row in timed)
    return {"step_s": seconds, "tokens_per_s": batch * tokens / seconds}


def make_base(folder: Path, *, tiny: bool) -> None:
    """Write a Qwen2 with weights that nobody trained, and a tokenizer that needs no download.

    Its vocabulary is Qwen's, because the head is where much of the memory goes; the tokenizer knows
    the first of the tokens only, and the others are no text.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from whetstone.finetuning.nano.corpus import corpus
    from whetstone.finetuning.nano.tokenizer import build_tokenizer

    tokenizer = build_tokenizer([p + s for p, s in corpus(500, 0)], vocab_size=512)
    sizes = (
        {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "vocab_size": 640}
        if tiny
        else {
            "hidden_size": 896,
            "intermediate_size": 4864,
            "num_hidden_layers": 24,
            "vocab_size": 151_936,
        }
    )
    heads = (4, 2) if tiny else (14, 2)
    torch.manual_seed(0)
    config = Qwen2Config(
        **sizes,
        num_attention_heads=heads[0],
        num_key_value_heads=heads[1],
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    dtype = torch.float32 if tiny else torch.bfloat16
    Qwen2ForCausalLM(config).to(dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


# --- the table ------------------------------------------------------------------------------


def device_name(*, tiny: bool) -> str:
    import torch

    if tiny:
        return "a toy on the CPU (--tiny): these are NOT figures of a GPU"
    _, total = torch.cuda.mem_get_info()
    return f"{torch.cuda.get_device_name()}, {total / _GIB:.0f} GiB, torch {torch.__version__}"


def table(found: dict[str, Figures], device: str) -> str:
    """Return the section: one row for each part, the ratio to stock TRL, and what failed."""
    lines = [
        f"Measured on {device}.",
        "",
        "| | seconds a step | sampled tokens a second | peak memory, GiB | merge: KL (allowed) |",
        "|---|---|---|---|---|",
    ]
    for part in PARTS:
        figures = found.get(part, {"failed": "was not run"})
        if "failed" in figures:
            lines.append(f"| {TITLES[part]} | failed: {figures['failed']} | | | |")
            continue
        merge, peak = figures["merge"], figures["peak_gib"]
        verdict = "" if merge is None or merge["passed"] else ", refused"
        kl = "" if merge is None else f"{merge['kl']:.1e} ({merge['max_kl']:.0e}){verdict}"
        lines.append(
            f"| {TITLES[part]} | {figures['step_s']:.2f} | {figures['tokens_per_s']:.0f} | "
            f"{'' if peak is None else f'{peak:.2f}'} | {kl} |"
        )
    steps = [found.get(part, {}).get("step_s") for part in ("stock_grpo", "lora_grpo")]
    if all(steps):
        lines += ["", f"ratio stock TRL / ours, seconds a step: {steps[0] / steps[1]:.2f}"]
    return "\n".join(lines)


def replaced(readme: str, text: str) -> str:
    """Put the table between the marks."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(readme):
        raise SystemExit(f"the file has no section between {BEGIN} and {END}")
    return pattern.sub(lambda _: f"{BEGIN}\n{text}\n{END}", readme)


if __name__ == "__main__":
    main()

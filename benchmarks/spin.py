"""One run alone and two runs at once, by how long OpenMP's threads spin: why we shorten it.

python benchmarks/spin.py MODEL_FOLDER

Starts whole processes that time benchmarks/sampler.py's work, with each policy, alone and in pairs.
"""

import os
import statistics
import subprocess
import sys

POLICIES = {
    "default": {},
    "GOMP_SPINCOUNT=10000 (ours)": {"GOMP_SPINCOUNT": "10000"},
    "OMP_WAIT_POLICY=PASSIVE": {"OMP_WAIT_POLICY": "PASSIVE"},
}
WORK = """
import sys, time
from transformers import AutoModelForCausalLM, AutoTokenizer
from whetstone.finetuning.nano import problems
from whetstone.finetuning.rollout.base import Sampling
from whetstone.finetuning.rollout.hf import HFSampler
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
sampler = HFSampler(AutoModelForCausalLM.from_pretrained(sys.argv[1]), tokenizer)
ids = tokenizer([problem.prompt for problem in problems("rl", 16)])["input_ids"]
sampler.sample(ids, 8, Sampling(56), 0)
for seed in range(5):
    start = time.perf_counter()
    sampler.sample(ids, 8, Sampling(56), seed)
    print(time.perf_counter() - start)
"""


def medians(policy: dict[str, str], processes: int) -> float:
    """Return the median seconds of a batch over this many processes at once."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, sys.argv[1]],
            env={**os.environ, **policy},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(processes)
    ]
    outputs = [process.communicate()[0] for process in running]
    return statistics.median(float(line) for output in outputs for line in output.split())


print("| policy | alone, s a batch | two at once, s a batch |\n|---|---|---|")
for name, policy in POLICIES.items():
    print(f"| {name} | {medians(policy, 1):.2f} | {medians(policy, 2):.2f} |", flush=True)

"""Our sampler against transformers' `generate`: the same prompts, model, lengths and machine.

python benchmarks/sampler.py MODEL_FOLDER [--rounds 9]

A round times both, in an order that is swapped each round. Both draw 8 completions for each of 16
problems of the nano world, at most 56 new tokens, temperature 1.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.nano import problems
from whetstone.finetuning.rollout.base import Sampling
from whetstone.finetuning.rollout.hf import HFSampler

PROMPTS, GROUP, NEW_TOKENS = 16, 8, 56


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="folder of a model, such as outputs/nano-nano-grpo/merged")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    tokenizer.padding_side = "left"
    model = AutoModelForCausalLM.from_pretrained(arguments.model).eval()
    prompts = [problem.prompt for problem in problems("rl", PROMPTS)]
    padded = tokenizer(
        [p for p in prompts for _ in range(GROUP)], return_tensors="pt", padding=True
    )
    ids = tokenizer(prompts)["input_ids"]
    sampler = HFSampler(model, tokenizer)

    def ours(seed: int) -> list[int]:
        rollouts = sampler.sample(ids, GROUP, Sampling(NEW_TOKENS), seed)
        return [len(rollout.ids) for rollout in rollouts]

    def stock(seed: int) -> list[int]:
        torch.manual_seed(seed)
        with torch.no_grad():
            out = model.generate(
                input_ids=padded["input_ids"],
                attention_mask=padded["attention_mask"],
                max_new_tokens=NEW_TOKENS,
                do_sample=True,
                top_k=0,
            )
        completions = out[:, padded["input_ids"].shape[1] :]
        return (completions != tokenizer.pad_token_id).sum(1).tolist()

    timed: dict[str, list[float]] = {"ours": [], "generate": []}
    lengths: dict[str, list[float]] = {"ours": [], "generate": []}
    contenders: list[tuple[str, Callable[[int], list[int]]]] = [("ours", ours), ("generate", stock)]
    for _, draw in contenders:
        draw(0)
    for seed in range(arguments.rounds):
        for name, draw in contenders if seed % 2 else reversed(contenders):
            start = time.perf_counter()
            drawn = draw(seed)
            timed[name].append(time.perf_counter() - start)
            lengths[name].append(statistics.mean(drawn))
    ratios = [s / o for o, s in zip(timed["ours"], timed["generate"], strict=True)]
    print("| | seconds, median (min to max) | tokens a completion |\n|---|---|---|")
    for name, seconds in timed.items():
        spread = f"{statistics.median(seconds):.3f} ({min(seconds):.3f} to {max(seconds):.3f})"
        print(f"| {name} | {spread} | {statistics.mean(lengths[name]):.1f} |")
    print(f"\nratio generate / ours, pair by pair: median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()

"""The settings of an evaluation, and the fingerprint that ties files to them.

Settings that cannot mean what they say are refused when they are made, not after the model ran.
"""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from whetstone.evaluation.sampler import SamplingParams
from whetstone.evaluation.tasks.base import Task

# Raised whenever the same settings would lead to other samples or other rows in the files.
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """How a task is measured.

    Attributes:
        samples: completions drawn for each problem.
        temperature: 0.0 is greedy decoding, and then one sample is all there is.
        top_p: nucleus mass, 1.0 for all of it.
        top_k: most probable tokens kept, 0 for all of them.
        max_new_tokens: length limit of a completion, without the prompt.
        batch_size: completions in flight at once.
        seed: every draw follows from it, the task's name and the draw's place in the plan.
        k: the pass@k to report; those larger than `samples` are left out, as the harness does.
        greedy: also decode each problem once greedily, for the "greedy" metric.

    Raises:
        ValueError: for a setting out of range, with the remedy.

    """

    samples: int
    temperature: float
    top_p: float
    top_k: int
    max_new_tokens: int
    batch_size: int
    seed: int
    k: tuple[int, ...]
    greedy: bool

    def __post_init__(self) -> None:
        at_least_1 = {
            "samples": self.samples,
            "max_new_tokens": self.max_new_tokens,
            "batch_size": self.batch_size,
            "k": min(self.k, default=1),
        }
        for name, value in at_least_1.items():
            if value < 1:
                raise ValueError(f"{name}={value}: give 1 or more")
        if self.temperature < 0.0:
            raise ValueError(f"temperature={self.temperature}: give 0.0 (greedy) or more")
        if not 0.0 < self.top_p <= 1.0:
            raise ValueError(f"top_p={self.top_p}: give more than 0.0 and at most 1.0")
        if self.top_k < 0:
            raise ValueError(f"top_k={self.top_k}: give 0 (all tokens) or more")
        if self.temperature == 0.0 and self.samples > 1:
            raise ValueError(
                f"samples={self.samples} with temperature=0.0 would be copies of one completion: "
                "set samples=1, or a temperature above 0.0"
            )

    def sampled(self, n: int, seed: int, task: Task) -> SamplingParams:
        """Parameters for n random completions of each prompt."""
        return SamplingParams(
            n=n,
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            max_new_tokens=self.max_new_tokens,
            stop=task.stop,
            seed=seed,
            chat=task.chat,
        )

    def decoded(self, seed: int, task: Task) -> SamplingParams:
        """Parameters for the one greedy completion of each prompt."""
        return SamplingParams(
            n=1,
            temperature=0.0,
            top_p=1.0,
            top_k=0,
            max_new_tokens=self.max_new_tokens,
            stop=task.stop,
            seed=seed,
            chat=task.chat,
        )


def header(task: Task, settings: Settings) -> dict[str, Any]:
    """Return what identifies an evaluation's samples: task, settings and their fingerprint.

    `k` is left out, because it changes what is computed from the samples and not the samples.
    """
    drawn = asdict(settings)
    del drawn["k"]
    content = json.dumps([_FORMAT, _measured(task), drawn], sort_keys=True)
    fingerprint = sha256(content.encode()).hexdigest()[:16]
    return {"task": task.name, "fingerprint": fingerprint, "settings": drawn}


def _measured(task: Task) -> dict[str, Any]:
    """Return what of a task changes a sample or its verdict; evaluations of before have no more."""
    content = asdict(task)
    for problem in content["problems"]:
        del problem["difficulty"]
    if not content["packages"]:
        del content["packages"]
    return content

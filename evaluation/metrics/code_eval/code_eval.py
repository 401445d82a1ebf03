"""The metric module that `evaluate.load` copies and imports; what it does is in `evaluation`."""

from typing import Any

import datasets
import evaluate

from whetstone.evaluation.code_eval import compute_code_eval

_DESCRIPTION = """
pass@k of candidate programs against tests, judged in Whetstone's sandbox. A drop-in for the
metric of the same name: the same call and the same results, with no permission to ask for.
"""
_INPUTS = """
Args:
    predictions: list of candidates to evaluate. Each candidate is a list of strings with several
        programs that try to solve the problem.
    references: list with a test for each prediction.
    k: number of candidates to consider (default: [1, 10, 100]).
    num_workers: number of processes that judge (default: 4).
    timeout: seconds for one program (default: 3.0).
Returns:
    pass_at_k: dict with pass rates for each k.
    results: dict with the result of each program.
"""
_CITATION = """
@misc{chen2021evaluating,
    title={Evaluating Large Language Models Trained on Code},
    author={Mark Chen and others},
    year={2021},
    eprint={2107.03374},
    archivePrefix={arXiv}
}
"""


class CodeEval(evaluate.Metric):
    """`code_eval` on the sandbox."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features(
                {
                    "predictions": datasets.Sequence(datasets.Value("string")),
                    "references": datasets.Value("string"),
                }
            ),
            homepage="https://github.com/openai/human-eval",
        )

    def _compute(
        self,
        predictions: list[list[str]],
        references: list[str],
        k: Any = (1, 10, 100),
        num_workers: int = 4,
        timeout: float = 3.0,
    ) -> tuple[Any, Any]:
        return compute_code_eval(predictions, references, k, num_workers, timeout)

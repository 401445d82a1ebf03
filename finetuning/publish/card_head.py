"""The head of a model's card: what the Hub reads of it, by huggingface_hub's own classes."""

from collections.abc import Iterable, Mapping
from typing import Any

from huggingface_hub import EvalResult, ModelCardData


def card_head(
    repo: str,
    base: str | None,
    licence: Mapping[str, Any],
    tags: Iterable[str],
    scores: Mapping[str, Mapping[str, float]],
) -> str:
    """Return the YAML that stands between the dashes.

    Args:
        repo: `OWNER/NAME`, where the model goes.
        base: the base's Hub id.
        licence: the fields of a card that are about its licence.
        tags: what the Hub finds the model by, besides `whetstone`.
        scores: of the published weights, task by task: metric (`pass@1`) to a value from 0 to 1.
            They become the card's `model-index`.

    """
    results = [
        EvalResult(
            task_type="text-generation",
            dataset_type=task,
            dataset_name=task,
            metric_type=metric,
            metric_value=value,
        )
        for task, metrics in scores.items()
        for metric, value in metrics.items()
    ]
    data = ModelCardData(
        **licence,
        base_model=base,
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["whetstone", *tags],
        model_name=repo.partition("/")[2] if results else None,
        eval_results=results or None,
    )
    return data.to_yaml()

"""Whether the rows of the data are what the algorithm needs, down to each line of a user's file."""

from collections.abc import Iterator
from pathlib import Path

from evaluation.errors import BadRows
from evaluation.tasks.jsonl import SUFFIX, jsonl_task
from finetuning.config.references import referred
from finetuning.config.rules.online import generation_batch
from finetuning.config.schema import BaseCollect, Config, JsonlData, KtoConfig, OnlineConfig
from finetuning.errors import ConfigError, Problem
from finetuning.rows.fields import FIELDS, Row
from finetuning.rows.need import Need, need_of
from finetuning.rows.read import MOST_SHOWN, VALIDATION, looks_like, read_rows, train_file
from finetuning.rows.together import not_text, too_few, wrong_labels, wrong_rates

_SERVES: dict[str, set[Need]] = {
    "nano": set(Need),
    "nano_tools": {Need.COMPLETIONS},
    "mbpp": {Need.PROMPTS, Need.COMPLETIONS, Need.TEXT},
    "humaneval": {Need.PROMPTS, Need.COMPLETIONS, Need.TEXT},
    "prompts": {Need.PROMPTS},
    "text": {Need.TEXT},
}
_ALGORITHM = {
    Need.PROMPTS: "grpo",
    Need.COMPLETIONS: "sft",
    Need.TEXT: "pretrain",
    Need.PREFERENCES: "dpo or reward",
    Need.REFERENCES: "reward with algo.loss=bce",
    Need.LABELS: "kto",
}
_NEEDS_TESTS = ("execution", "criteria")


def wanted(config: Config) -> Need | None:
    """Return what a stage reads its data as; None for one that reads a base data set instead."""
    if isinstance(config.collect, BaseCollect):
        return Need.PROMPTS
    return need_of(config.algo) if config.collect is None else None


def data_serves_algorithm(config: Config) -> Iterator[Problem]:
    """Check that this kind of data has such rows at all."""
    need = wanted(config)
    serves = _SERVES.get(config.data.name)
    if need is None or serves is None or need in serves:
        return
    fits = ", ".join(_ALGORITHM[known] for known in Need if known in serves)
    yield Problem(
        f"data={config.data.name}",
        f"has no {need.value} for algo={config.algo.name}; it serves algo={fits}. {_remedy(need)}",
    )


def prompts_need_no_tests(config: Config) -> Iterator[Problem]:
    """Check that no reward waits for tests where there are none."""
    for name in config.reward if config.data.name == "prompts" else ():
        if name in _NEEDS_TESTS:
            remedy = "its tasks have no tests; use reward=teacher, or data with tests (data=mbpp)"
            yield Problem(f"data=prompts, reward={name}", remedy)


def rows_are_right(config: Config) -> Iterator[Problem]:
    """Check every row of the user's file, before anything is loaded or written."""
    data, need = config.data, wanted(config)
    if not isinstance(data, JsonlData) or need is None or referred(data.train) is not None:
        return
    path = train_file(data.train)
    if not path.is_file():
        return  # files_exist says so
    held_out = data.validation or data.train / VALIDATION
    if held_out.is_file() and need is not Need.PROMPTS:
        try:
            read_rows(held_out, need, needs_tests=False)
        except ConfigError as error:
            yield from error.problems
    other = looks_like(path, need)
    if other is not None:
        fields = ", ".join(name for name, (_, required) in FIELDS[need].items() if required)
        yield Problem(
            f"data.train={data.train}",
            f"its rows are {other.value}, for algo={_ALGORITHM[other]}; algo={config.algo.name} "
            f"needs {fields}. {_remedy(need)}",
        )
        return
    judges = need is Need.PROMPTS and config.collect is None
    runs = judges and not config.reward.keys().isdisjoint(_NEEDS_TESTS)
    try:
        rows = read_rows(path, need, needs_tests=runs)
    except ConfigError as error:
        yield from error.problems
        return
    yield from _wrong_together(config, rows[: data.limit])


def _wrong_together(config: Config, rows: list[Row]) -> Iterator[Problem]:
    """Check what the rows are together."""
    algo = config.algo
    if isinstance(config.collect, BaseCollect):
        yield from not_text(rows)
    elif isinstance(algo, KtoConfig) and algo.balance:
        yield from wrong_labels([row["label"] for row in rows])
    elif isinstance(algo, OnlineConfig) and _is_trained(config):
        if algo.curriculum.column is not None:
            yield from wrong_rates(algo.curriculum.column, rows)
        if (batch := generation_batch(algo)) is not None:
            yield from too_few(len(rows), batch[0] // batch[1])


def _is_trained(config: Config) -> bool:
    """Tell whether a stage takes the algorithm of the command; in some pipelines none does."""
    stages = config.pipeline.stages.values()
    return any(stage.choose.keys().isdisjoint({"algo", "collect"}) for stage in stages)


def measured_rows_are_right(config: Config) -> Iterator[Problem]:
    """Check every row of the user's own evaluation files."""
    watched = [config.data.watch_task] if config.data.watch_task else []
    for task in dict.fromkeys([*config.hooks.evaluate.tasks, *watched]):
        path = Path(task)
        if path.suffix != SUFFIX or not path.is_file():
            continue  # data_can_be_had says so
        try:
            jsonl_task(path)
        except BadRows as error:
            for row in error.rows[:MOST_SHOWN]:
                field = f"field {row.field}: " if row.field else ""
                yield Problem(f"{row.file}:{row.line}", f"{field}{row.message}")
            if len(error.rows) > MOST_SHOWN:
                yield Problem(str(path), f"and {len(error.rows) - MOST_SHOWN} more")


def _remedy(need: Need) -> str:
    match need:
        case Need.PREFERENCES:
            return "`whetstone collect` makes pairs: collect=base, then collect=dpo"
        case Need.REFERENCES:
            return "`whetstone collect collect=base` makes them"
        case Need.LABELS:
            return "`whetstone collect` makes labels: collect=base, then collect=kto"
        case _:
            return "docs/data.md has the fields"

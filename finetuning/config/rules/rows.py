"""Whether the rows of the data are what the algorithm needs, down to each line of a user's file."""

from collections.abc import Iterator
from pathlib import Path

from whetstone.evaluation.errors import BadRows
from whetstone.evaluation.public.table import PUBLIC_SETS
from whetstone.evaluation.tasks.jsonl import SUFFIX, jsonl_task
from whetstone.finetuning.config.references import referred
from whetstone.finetuning.config.rules.model import brings_template, template_problems
from whetstone.finetuning.config.rules.online import generation_batch
from whetstone.finetuning.config.schema import (
    AutoData,
    BaseCollect,
    BasicsData,
    Config,
    JsonlData,
    KtoConfig,
    MixData,
    OnlineConfig,
    PublicData,
)
from whetstone.finetuning.errors import ConfigError, Problem, RowProblem
from whetstone.finetuning.formats.checks import not_text, too_few, wrong_labels, wrong_rates
from whetstone.finetuning.formats.dataset_type import Need
from whetstone.finetuning.formats.fields import FIELDS, Row
from whetstone.finetuning.formats.read import (
    MOST_SHOWN,
    VALIDATION,
    first_rows,
    is_of_base,
    looks_like,
    read_rows,
    train_file,
)

_SERVES: dict[str, set[Need]] = {
    "nano": set(Need),
    "nano_tools": {Need.COMPLETIONS},
    "mbpp": {Need.PROMPTS, Need.COMPLETIONS, Need.TEXT},
    "basics": {Need.PROMPTS, Need.COMPLETIONS},
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


def wanted(config: Config) -> Need | None:
    """Return what a stage reads its data as; None for one that reads a base data set instead."""
    if isinstance(config.collect, BaseCollect):
        return Need.PROMPTS
    return config.algo.need if config.collect is None else None


def data_serves_algorithm(config: Config) -> Iterator[Problem]:
    """Check that this kind of data has such rows at all."""
    need = wanted(config)
    serves = _serves(config)
    if need is None or serves is None or need in serves:
        return
    fits = ", ".join(_ALGORITHM[known] for known in Need if known in serves)
    yield Problem(
        f"data={config.data.name}",
        f"has no {need.value} for algo={config.algo.name}; it serves algo={fits}. {_remedy(need)}",
    )


def _serves(config: Config) -> set[Need] | None:
    """Return what the data can be read as; None where that is up to the user's rows."""
    if not isinstance(config.data, PublicData | MixData):
        return _SERVES.get(config.data.name)
    names = [source.name for source in config.data.sources.values()]
    has_references = all(PUBLIC_SETS[name].references for name in names)
    return {Need.PROMPTS, Need.COMPLETIONS} if has_references else {Need.PROMPTS}


def chat_has_a_template(config: Config) -> Iterator[Problem]:
    """Check that a model which is made here is not asked in a chat template: it has none."""
    data = config.data
    asks = isinstance(data, PublicData | MixData | BasicsData) and data.chat
    if asks and config.model.path is None:
        remedy = f"model={config.model.name} has no chat template; add data.chat=false"
        yield Problem("data.chat=true", remedy)


def data_is_chosen(config: Config) -> Iterator[Problem]:
    """Check that there are rows at all: some algorithms learn from what only the user can have."""
    if isinstance(config.data, AutoData) and (need := wanted(config)) is not None:
        algo, source = config.algo.name, "data=jsonl data.train=FILE.jsonl"
        if need is Need.TEXT:
            source = f"data=text data.train=FOLDER, or {source}"
        remedy = _remedy(need)
        if algo in {"dpo", "kto"}:
            remedy += f", and pipeline=execution_{algo} does all of it"
        yield Problem(
            "data",
            f"must be given: algo={algo} learns from {need.value} of your own: {source}; {remedy}",
        )


def prompts_need_no_tests(config: Config) -> Iterator[Problem]:
    """Check that no reward waits for tests where there are none."""
    judges = (
        config.trains_its_algorithm
        if config.collect is None
        else not isinstance(config.collect, BaseCollect)
    )
    if config.data.name == "prompts" and judges and config.imports is not None:
        chosen = ",".join(config.reward)
        remedy = "its tasks have no tests; use reward=teacher, or data with tests (data=mbpp)"
        yield Problem(f"data=prompts, reward={chosen}", remedy)


def rows_are_right(config: Config) -> Iterator[Problem]:
    """Check every row of the user's file, before anything is loaded or written."""
    data, need = config.data, wanted(config)
    if not isinstance(data, JsonlData) or need is None or referred(data.train) is not None:
        return
    if need is Need.PROMPTS and data.validation is not None:
        yield Problem(
            f"data.validation={data.validation}",
            "no rows are held out where prompts are sampled on; measure on them with "
            f"data.eval_tasks=[{data.validation}]",
        )
    path = train_file(data.train)
    if not path.is_file():
        return  # files_exist says so
    judges = need is Need.PROMPTS and config.collect is None
    imports = config.imports if judges else None
    if other := _rather(config, path, need, imports):
        yield Problem(f"data.train={data.train}", other)
        return
    yield from _wrong_held_out(config, data, need)
    try:
        rows = read_rows(path, need, imports=imports)
    except ConfigError as error:
        yield from error.problems
        return
    yield from _wrong_together(config, rows[: data.limit])


def _wrong_held_out(config: Config, data: JsonlData, need: Need) -> Iterator[Problem]:
    """Check the rows that are only measured."""
    path = data.validation or data.train / VALIDATION
    if need is Need.PROMPTS or not path.is_file():
        return
    if other := _rather(config, path, need, None):
        yield Problem(f"data.validation={path}", other)
        return
    try:
        read_rows(path, need)
    except ConfigError as error:
        yield from error.problems


def _rather(config: Config, path: Path, need: Need, imports: frozenset[str] | None) -> str | None:
    """Return in one sentence that a file holds rows of another kind; None where it does not."""
    other = looks_like(path, need, imports=imports)
    if other is None:
        return None
    fields = [name for name, (_, required) in FIELDS[need].items() if required]
    fields += [] if imports is None else ["tests"]
    told = f"algo={config.algo.name} needs {', '.join(fields)}"
    if all(is_of_base(row) for row in first_rows(path)):
        return f"these are samples of collect=base; {told}. {_remedy(need)}"
    return f"these are {other.value}, for algo={_ALGORITHM[other]}; {told}. {_remedy(need)}"


def _wrong_together(config: Config, rows: list[Row]) -> Iterator[Problem]:
    """Check what the rows are together."""
    algo, model = config.algo, config.model.path
    if config.collect is None and model is not None and (folder := Path(model)).is_dir():
        yield from template_problems(config, rows[0], has_template=brings_template(folder))
    if isinstance(config.collect, BaseCollect):
        yield from not_text(rows)
    elif isinstance(algo, KtoConfig) and algo.balance:
        yield from wrong_labels([row["label"] for row in rows])
    elif isinstance(algo, OnlineConfig) and config.trains_its_algorithm:
        if algo.curriculum.column is not None:
            yield from wrong_rates(algo.curriculum.column, rows)
        if (batch := generation_batch(algo)) is not None:
            yield from too_few(len(rows), batch[0] // batch[1])


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
                yield RowProblem(f"{row.file}:{row.line}", f"{field}{row.message}")
            if (hidden := len(error.rows) - MOST_SHOWN) > 0:
                yield RowProblem(str(path), f"and {hidden} more", hidden)


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

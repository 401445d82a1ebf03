"""The story of a collecting stage: prompts or a base data set in, a data set with a card out.

Work goes in chunks of prompts, each written when it is done, so that a kill costs one chunk. What
is sampled or judged once is never asked for again.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from whetstone.evaluation.files import write_atomically
from whetstone.finetuning.artifacts.objective import Summary
from whetstone.finetuning.collect.derive import (
    demonstrations,
    judge,
    labels,
    most_candidates,
    pairs,
)
from whetstone.finetuning.collect.samples import BaseSampler, base_problems
from whetstone.finetuning.collect.write import Collected, write_dataset
from whetstone.finetuning.config.schema import (
    BaseCollect,
    DemonstrationsCollect,
    LabelsCollect,
    PairsCollect,
)
from whetstone.finetuning.errors import OutsideError
from whetstone.finetuning.formats.read import read_base
from whetstone.finetuning.training.prepare import StageRun
from whetstone.finetuning.training.rewards import (
    check_columns,
    open_rewards,
    prepare_rewards,
    tell_costs,
)
from whetstone.rewards.teacher.ledger import read_spending

Row = dict[str, Any]

DATASET = "dataset"
"""The folder of the data set within the stage's."""
_CHUNKS = "chunks"
_CHARACTERS_PER_TOKEN = 4


def collect_stage(stage: StageRun) -> Summary:
    """Collect in the stage's folder, or finish what an interrupted session left."""
    config, folder = stage.config, stage.folder
    stage.console.print(f"collecting {config.collect and config.collect.name}", highlight=False)
    if not (folder / DATASET).is_dir():
        write_dataset(folder / DATASET, _collected(stage))
    statistics = json.loads((folder / DATASET / "statistics.json").read_text(encoding="utf-8"))
    spent = read_spending(folder)
    return {
        "name": folder.name,
        "status": "done",
        "algo": f"collect_{config.collect and config.collect.name}",
        "model": config.model.name,
        "before": {},
        "after": {},
        "reward": None,
        "seconds": dict.fromkeys(("total", "generate", "reward", "logps", "optimize"), 0.0),
        "statistics": statistics,
        "teacher": None if spent is None else asdict(spent),
        "data_folder": str((folder / DATASET).resolve()),
    }


def _collected(stage: StageRun) -> Collected:
    collect = stage.config.collect
    match collect:
        case BaseCollect():
            return _base(stage, collect)
        case PairsCollect() | LabelsCollect() | DemonstrationsCollect():
            return _derived(stage, collect)
        case None:
            raise ValueError("this stage trains")


def _base(stage: StageRun, collect: BaseCollect) -> Collected:
    problems = base_problems(stage.config)
    with BaseSampler(stage.config, collect, stage.device) as sampler:
        rows = _in_chunks(stage, problems, collect.batch_size, sampler)
    return Collected(
        "base", rows, collect.validation_share, _origin(stage), {"prompts": len(problems)}
    )


def _derived(
    stage: StageRun, collect: PairsCollect | LabelsCollect | DemonstrationsCollect
) -> Collected:
    groups = read_base(Path(collect.base))
    specs = stage.config.reward.values()
    rows = [row for group in groups for row in group]
    columns = {name: [row.get(name) for row in rows] for name in (rows[0] if rows else ())}
    check_columns(specs, columns, columns.__getitem__)
    with open_rewards(specs, stage.folder) as rewards:
        prepare_rewards(rewards.rewards, columns, stage.console)
        longest = max(len(str(row["completion"])) for group in groups for row in group)
        tell_costs(
            rewards.rewards,
            [group[0]["prompt"] for group in groups],
            (len(groups), most_candidates(groups, use_reference=collect.use_reference)),
            math.ceil(longest / _CHARACTERS_PER_TOKEN),
            stage.console,
        )

        def work(_: int, chunk: Sequence[list[Row]]) -> list[Row]:
            return judge(chunk, rewards, use_reference=collect.use_reference)

        judged = _in_chunks(stage, groups, collect.batch_size, work)
    match collect:
        case PairsCollect():
            rows = pairs(judged, collect.pairs_per_prompt, collect.min_margin)
        case LabelsCollect():
            rows = labels(judged, collect.threshold)
        case DemonstrationsCollect():
            rows = demonstrations(judged, collect.threshold, collect.per_prompt)
    if not rows:
        remedy = (
            f"none of {len(judged)} judged completions of {len(groups)} prompts fits; try another "
            "reward, more samples (collect=base) or other thresholds"
        )
        raise OutsideError(f"collect={collect.name} found no rows: {remedy}")
    found = {"prompts": len(groups), "judged": len(judged)}
    return Collected(collect.name, rows, collect.validation_share, _origin(stage), found)


def _in_chunks(
    stage: StageRun,
    items: Sequence[Any],
    size: int,
    work: Callable[[int, Sequence[Any]], list[Row]],
) -> list[Row]:
    """Return the rows of all chunks; those on the disk are not made again."""
    folder = stage.folder / _CHUNKS
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for number, start in enumerate(range(0, len(items), size)):
        path = folder / f"{number:06d}.jsonl"
        if not path.is_file():
            made = work(number, items[start : start + size])
            write_atomically(path, "".join(json.dumps(row) + "\n" for row in made))
            done = min(start + size, len(items))
            stage.console.print(f"  {done} of {len(items)} prompts", highlight=False)
        lines = path.read_text(encoding="utf-8").split("\n")
        rows += [json.loads(line) for line in lines if line]
    return rows


def _origin(stage: StageRun) -> dict[str, str]:
    config = stage.config
    collect = config.collect
    origin = {"data": config.data.name, "seed": str(config.seed)}
    if isinstance(collect, BaseCollect):
        return {"model": config.model.path or config.model.name, **origin}
    rewards = ", ".join(f"{spec.name} x {spec.weight:g}" for spec in config.reward.values())
    return {"base": collect.base if collect else "", "reward": rewards}

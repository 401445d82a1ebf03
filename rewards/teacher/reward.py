"""Rewards a program for what a teacher thinks of it: the reward function, and its event loop.

A completion that could not be graded is masked, counted and shown; it is never a bad grade. One
without code is not worth a question: its grades are 0.
"""

import asyncio
import difflib
import logging
import time
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from whetstone.rewards.base import Completion
from whetstone.rewards.composition import Board
from whetstone.rewards.programs import programs
from whetstone.rewards.teacher.batch import (
    DEFAULT_LANGUAGE,
    Item,
    prompt_text,
    read_batch,
    to_grade,
)
from whetstone.rewards.teacher.collect import Collector, TeacherRow
from whetstone.rewards.teacher.estimate import estimate
from whetstone.rewards.teacher.faults import Fault, TeacherFault, TeacherUnavailableError
from whetstone.rewards.teacher.keys import read_key
from whetstone.rewards.teacher.ledger import Spending
from whetstone.rewards.teacher.metrics import batch_metrics
from whetstone.rewards.teacher.prompts import Grade
from whetstone.rewards.teacher.providers.base import Provider
from whetstone.rewards.teacher.session import Desk, opened_desk, provider_of
from whetstone.rewards.teacher.settings import Pay, TeacherSettings
from whetstone.rewards.teacher.shaping import pay, ranks
from whetstone.rewards.teacher.store import Store
from whetstone.rewards.teacher.teacher import Graded

_LOG = logging.getLogger(__name__)
_PROBE_S = 20.0
"""A network that swallows everything is told after so long, whatever an answer may take later."""
_PROBE_WAITS_S = (0.5, 2.0)


class TeacherReward:
    """Has each completion graded by a language model; a reward function for TRL.

    Columns of the dataset, one value per completion:
        prefix (str, optional): Text that stands before the completion in the program.
        stop (list[str], optional): The completion is cut at the earliest of these strings.
        language (str, optional): Of the program; without it, Python.

    It connects when it is first called, and again when it is called after `close`; a script that
    ends closes it. Raises `ValueError` where the environment lacks its key, or the cache is no file
    for it.

    Example:
        With the settings of conf/reward/teacher.yaml (docs/teacher.md reads them in a script):

        >>> reward = TeacherReward(settings)  # doctest: +SKIP
        >>> reward(prompts=["Write one()."], completions=["def one(): ..."])  # doctest: +SKIP
        [0.9]

    """

    def __init__(self, config: TeacherSettings) -> None:
        self.__name__ = "teacher"
        self.none_masks_sample = True  # None means that the teacher failed, never "no opinion"
        self._config = config
        read_key(config.api_key_env)
        Store(config.cache).close()
        self._board = Board()
        self._folder: Path | None = None
        self._collector: Collector | None = None
        self._opened = ExitStack()
        # A script that forgets `close` ends all the same: at exit its event loop's thread is gone
        # before what lives in it could be closed.
        weakref.finalize(self, self._opened.close)
        self._portal: BlockingPortal | None = None
        self._desk: Desk | None = None

    def share(self, board: Board) -> None:
        """Read the verdicts of `when` from this board."""
        self._board = board

    def keep_in(self, folder: Path) -> None:
        """Keep the count of what is spent, and what is collected, in this folder."""
        self.close()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        config = self._config
        if config.collect is not None:
            shares = (config.collect.validation, config.collect.evaluation)
            names = (config.model, config.provider)
            self._collector = Collector(folder, shares, list(config.rubric.dimensions), names)

    def estimate(
        self, prompts: Sequence[Any], groups: int, group: int, completion_tokens: int
    ) -> str:
        """Say what a run will cost at most."""
        tasks = sorted({prompt_text(prompt) for prompt in prompts})
        return estimate(self._config, tasks, DEFAULT_LANGUAGE, (groups, group), completion_tokens)

    def probe(self) -> None:
        """Ask which models there are: the cheapest question that key, URL and name all answer.

        Raises:
            ValueError: the endpoint says no.
            TeacherUnavailableError: it does not answer.

        """
        with start_blocking_portal() as portal:  # also where a loop runs already: a notebook
            portal.call(_probe, self._config)

    def __call__(
        self,
        prompts: list[Any],
        completions: list[Completion],
        *,
        prefix: Sequence[str | None] | None = None,
        stop: Sequence[Sequence[str] | None] | None = None,
        language: Sequence[str | None] | None = None,
        tests: Sequence[str | None] | None = None,
        entry_points: Sequence[Sequence[str] | None] | None = None,
        trainer_state: Any = None,
        log_metric: Callable[[str, float], None] | None = None,
        **_: Any,
    ) -> list[float | None]:
        """Have all completions graded, and pay for the grades.

        Raises:
            RunStopped: the budget is used up, or the teacher is gone. Answers are kept.
            LookupError: `when` names a reward that was not asked before this one.

        """
        when = self._config.when
        written = programs(
            completions,
            prefix=prefix,
            stop=stop,
            language=language,
            tests=tests,
            entry_points=entry_points,
        )
        items = read_batch(prompts, completions, written, language, self._board, when)
        started = time.perf_counter()
        portal, desk = self._at_work()
        before = portal.call(_total, desk)
        asked = to_grade(items, with_empty=self._config.reward is Pay.DIFFERENCE)
        graded = portal.call(desk.teacher.grade, asked, self._needs_references)
        grades = [self._grade_of(item, graded) for item in items]
        rewards = self._pay(items, grades, graded)
        unscored = sum(
            item.asked and not item.unjudged and reward is None
            for item, reward in zip(items, rewards, strict=True)
        )
        portal.call(_add, desk, Spending(unscored=unscored))
        _report_failures(graded.faults, unscored, len(items))
        self._collect(items, grades, graded, rewards, trainer_state)
        if log_metric is not None:
            metrics = batch_metrics(
                grades,
                [item.asked for item in items],
                [reference.grade for reference in graded.references.values()],
                before,
                portal.call(_total, desk),
                time.perf_counter() - started,
            )
            for name, value in metrics.items():
                log_metric(name, value)
        return rewards

    def spending(self) -> Spending:
        """Return what was spent so far."""
        portal, desk = self._at_work()
        return portal.call(_total, desk)

    def close(self) -> None:
        """Close connections and files, and end the event loop."""
        self._portal = self._desk = None
        self._opened.close()

    @property
    def _needs_references(self) -> bool:
        return self._config.reward in {Pay.RATIO, Pay.DIFFERENCE}

    def _at_work(self) -> tuple[BlockingPortal, Desk]:
        """Return the event loop, which runs in a thread of its own, and what is open in it."""
        if self._portal is None or self._desk is None:
            self._portal = self._opened.enter_context(start_blocking_portal())
            desk = self._portal.wrap_async_context_manager(opened_desk(self._config, self._folder))
            self._desk = self._opened.enter_context(desk)
        return self._portal, self._desk

    def _grade_of(self, item: Item, graded: Graded) -> Grade | None:
        if not item.asked:
            return None
        if item.empty:
            return Grade(0.0, dict.fromkeys(self._config.rubric.dimensions, 0.0), "", False)
        return graded.grades.get((item.task, item.program))

    def _pay(
        self, items: Sequence[Item], grades: Sequence[Grade | None], graded: Graded
    ) -> list[float | None]:
        config = self._config
        scores = [None if grade is None else grade.score for grade in grades]
        if config.reward is Pay.RANK:
            paid = ranks([item.task for item in items], scores)
        else:
            teachers = [graded.references.get(item.task) for item in items]
            paid = [
                pay(
                    config.reward,
                    score,
                    None if teacher is None else teacher.grade.score,
                    config.epsilon,
                    config.cap,
                )
                for score, teacher in zip(scores, teachers, strict=True)
            ]
        return [
            None if item.unjudged else reward if item.asked else config.otherwise
            for item, reward in zip(items, paid, strict=True)
        ]

    def _collect(
        self,
        items: Sequence[Item],
        grades: Sequence[Grade | None],
        graded: Graded,
        rewards: Sequence[float | None],
        trainer_state: Any,
    ) -> None:
        if self._collector is None:
            return
        step = None if trainer_state is None else int(trainer_state.global_step)
        self._collector.add(
            _sample(step, item, grade, graded, reward)
            for item, grade, reward in zip(items, grades, rewards, strict=True)
            if grade is not None
        )


def _sample(
    step: int | None, item: Item, grade: Grade, graded: Graded, reward: float | None
) -> TeacherRow:
    reference = graded.references.get(item.task)
    return TeacherRow(
        step=step,
        prompt=item.task.text,
        language=item.task.language,
        student_code=item.program,
        student_score=grade.score,
        student_grades=grade.parts,
        teacher_code=None if reference is None else reference.code,
        teacher_score=None if reference is None else reference.grade.score,
        teacher_grades=None if reference is None else reference.grade.parts,
        reward=reward,
        reason=grade.reason,
        manipulation=grade.manipulation,
        verdict=item.verdict,
    )


async def _total(desk: Desk) -> Spending:
    return desk.ledger.total()


async def _add(desk: Desk, spending: Spending) -> None:
    desk.ledger.add(spending)


async def _probe(config: TeacherSettings) -> None:
    provider = provider_of(config, _PROBE_S)
    where = f"base_url={provider.endpoint.url}"
    try:
        names = await _models(provider)
    except TeacherFault as fault:
        if fault.kind in {Fault.DENIED, Fault.REJECTED, Fault.MALFORMED}:
            raise ValueError(
                f"{where}, model={config.model}, api_key_env={config.api_key_env}: {fault}."
                " probe=false skips this question"
            ) from None
        raise TeacherUnavailableError(
            f"reward.teacher.{where}: {fault}. Is it running, and is this its address? The same"
            " command starts the run then"
        ) from None
    finally:
        await provider.close()
    if config.model not in names:
        near = difflib.get_close_matches(config.model, names, 3) or sorted(names)[:3]
        raise ValueError(
            f"model={config.model}: {provider.endpoint.url} has no such model; it has"
            f" {', '.join(near)}. probe=false skips this question"
        )


async def _models(provider: Provider) -> list[str]:
    """Ask again where the endpoint is only busy: a run is not to end for that."""
    for wait_s in _PROBE_WAITS_S:
        try:
            return await provider.models()
        except TeacherFault as fault:
            if fault.kind not in {Fault.RATE_LIMITED, Fault.SERVER_ERROR}:
                raise
            await asyncio.sleep(wait_s)
    return await provider.models()


def _report_failures(faults: Sequence[TeacherFault], unscored: int, count: int) -> None:
    """Show what could not be graded: masked samples would otherwise vanish silently."""
    if not unscored:
        return
    kinds = Counter(fault.kind for fault in faults)
    _LOG.warning(
        "%d of %d completions could not be graded and are masked (%s); the last: %s",
        unscored,
        count,
        ", ".join(f"{kind}: {number}" for kind, number in kinds.most_common()),
        faults[-1] if faults else "no reference",
    )

"""Runs the exploit suite against a reward, and looks what each attack earned and did.

A reward fails by paying an attack more than an honest failure, by letting it touch the host, or by
not working afterwards. Refuses to judge a reward that cannot tell a right program from a wrong one:
what earns nothing from it proves nothing.
"""

import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from whetstone.rewards.audit.attack import PLAIN, STREAMS, WRONG, WRONG_OUTPUT, Attack, Family
from whetstone.rewards.audit.attacks import ATTACKS
from whetstone.rewards.audit.caller import BatchOutcome, Caller, RewardFunction
from whetstone.rewards.audit.host import Host
from whetstone.rewards.sandbox import Verdict

_MORE = 1e-9
_SETTLE_S = 5.0
"""How long a reward may take to tidy up after a program before what is left counts as left."""
_WARM_UP = 32
"""Programs that run at once before anything is counted, so that all of its servers are there."""


@dataclass(frozen=True)
class Finding:
    """What became of one attack."""

    family: Family
    name: str
    verdict: str
    """That of the reward's own metrics, where it logs verdicts; else empty."""
    reward: float | None
    """None: masked, or no answer."""
    earned: bool
    """More than an honest failure."""
    harms: tuple[str, ...]
    skipped: bool = False


@dataclass(frozen=True)
class AuditReport:
    """All findings about one reward."""

    reward: str
    """Its name."""
    right: float | None
    """What a right program is paid."""
    wrong: float | None
    """What an honest failure is paid."""
    control_failure: str
    """Why the reward could not be audited; empty where it could."""
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Nothing earned, nothing harmed, and the control held."""
        return not self.control_failure and not any(f.earned or f.harms for f in self.findings)


class _Audit:
    """One audit: the process that calls the reward, and what to compare with."""

    def __init__(
        self,
        reward: RewardFunction,
        host: Host,
        form: str,
        *,
        fresh: bool,
        column: str,
        patience_s: float,
    ) -> None:
        self._reward, self._host, self._form = reward, host, form
        self._fresh, self._column, self._patience_s = fresh, column, patience_s
        self._numbers = itertools.count()
        self._outlived = 0
        self._start()

    def _start(self) -> None:
        self._caller = Caller(self._reward, self._host, self._patience_s)
        self._quiet = 0
        if not self._fresh:
            slow = f"import time\ntime.sleep(0.05)\n{self._right(self._form)}"
            programs = [f"{slow}# {n}" for n in range(_WARM_UP)]
            self._caller.ask(programs, self._form, self._column)
            self._quiet = len(self._host.new_processes())

    def close(self) -> None:
        self._caller.close()

    def control(self, form: str) -> tuple[float | None, float | None, str]:
        """Return what a right and a wrong program are paid, and what is amiss with that."""
        honest = WRONG_OUTPUT if form == STREAMS else WRONG
        right, wrong = self._ask(self._right(form), form), self._ask(honest, form)
        if failure := right.failure or wrong.failure:
            return None, None, failure
        paid, unpaid = right.rewards[0], wrong.rewards[0]
        if paid is None or unpaid is None or paid <= unpaid + _MORE:
            return paid, unpaid, f"a right program is paid {paid} and a wrong one {unpaid}"
        return paid, unpaid, ""

    def attack(self, attack: Attack, wrong: float, right: float) -> Finding:
        """Try one attack; `wrong` and `right` are what the control was paid."""
        answer = self._ask(self._source(attack), attack.tests)
        reward = answer.rewards[0] if answer.rewards else None
        harms = [answer.failure] if answer.failure else []
        if not answer.failure:
            harms += self._after(right)
        if self._fresh or harms:
            self._restart(answer)
        harms += self._leftovers() + self._host.harms()
        return Finding(
            attack.family,
            attack.name,
            _verdict(answer),
            reward,
            reward is not None and reward > wrong + _MORE,
            tuple(harms),
        )

    def _after(self, right: float) -> list[str]:
        answer = self._ask(self._right(self._form), self._form)
        if answer.failure:
            return [f"afterwards {answer.failure}"]
        if answer.rewards[0] != right:
            return [f"afterwards a right program is paid {answer.rewards[0]}"]
        return []

    def _restart(self, answer: BatchOutcome) -> None:
        if answer.failure:
            self._caller.kill()
        else:
            self._caller.close()
        # What is still there now has outlived the reward itself.
        self._outlived = self._settled(0)
        self._host.end_new_processes()
        self._start()

    def _leftovers(self) -> list[str]:
        left, self._outlived = self._outlived, 0
        if not left and not self._fresh:
            left = self._settled(self._quiet) - self._quiet
            if left > 0:
                self._caller.close()
                self._host.end_new_processes()
                self._start()
        return [f"left {left} process{'es' if left > 1 else ''}"] if left > 0 else []

    def _settled(self, expected: int) -> int:
        """Return the number of processes, once it is as low as expected or time is up."""
        deadline = time.monotonic() + _SETTLE_S
        while (count := len(self._host.new_processes())) > expected and time.monotonic() < deadline:
            time.sleep(0.02)
        return count

    def _ask(self, program: str, form: str) -> BatchOutcome:
        # No two programs are alike, or a reward that remembers would not run the second.
        source = f"{program}\n# {next(self._numbers)}\n"
        return self._caller.ask([source], form, self._column)

    def _right(self, form: str) -> str:
        if form == STREAMS:
            return f"print({self._host.answers!r}[int(input())])\n"
        return f"def answer(n):\n    return {self._host.answers!r}[n]\n"

    def _source(self, attack: Attack) -> str:
        values = self._host.values()
        return re.sub(r"@([A-Z_]+)@", lambda match: values.get(match[1], match[0]), attack.program)


def run_audit(
    reward: RewardFunction,
    *,
    attacks: Sequence[Attack] = ATTACKS,
    unsafe: bool = False,
    fresh_process: bool = True,
    tests_column: str = "tests",
    patience_s: float = 60.0,
    progress: Callable[[Finding], None] | None = None,
) -> AuditReport:
    """Attack a reward.

    It is called in forks of this process, so start neither threads nor the reward before.

    Args:
        reward: A reward function in TRL's form; it gets one completion at a time, a whole program.
        attacks: What to try: of functions, or of programs that read and print, but not both.
        unsafe: Also run attacks that hit the process which called the program, or use a gigabyte:
            only for a reward that runs programs in processes of its own.
        fresh_process: Call it in a new process for each attack. False calls it in one, for a reward
            with servers of its own, and so shows that they survive.
        tests_column: Name of the argument that takes the tests, Python source that asserts.
        patience_s: Seconds after which a call counts as hung.
        progress: Called with each finding.

    """
    name = getattr(reward, "__name__", type(reward).__name__)
    findings: list[Finding] = []
    with Host() as host:
        form = PLAIN if any(attack.tests != STREAMS for attack in attacks) else STREAMS
        audit = _Audit(
            reward,
            host,
            form,
            fresh=fresh_process,
            column=tests_column,
            patience_s=patience_s,
        )
        try:
            paid: dict[str, tuple[float | None, float | None, str]] = {}
            for other in dict.fromkeys([form, *(attack.tests for attack in attacks)]):
                paid[other] = audit.control(other)
                if failure := paid[other][2]:
                    return AuditReport(name, *paid[other][:2], failure, ())
            right, wrong, _ = paid[form]
            for attack in attacks:
                unpaid = paid[attack.tests][1]
                if attack.unsafe and not unsafe:
                    finding = Finding(attack.family, attack.name, "", None, False, (), skipped=True)
                else:
                    finding = audit.attack(attack, unpaid or 0.0, right or 0.0)
                findings.append(finding)
                if progress is not None:
                    progress(finding)
        finally:
            audit.close()
        findings = _with_the_rest(findings, host)
    return AuditReport(name, right, wrong, "", tuple(findings))


def _with_the_rest(findings: list[Finding], host: Host) -> list[Finding]:
    """Charge the last attack with what shows only after the reward was closed."""
    rest = host.harms()
    time.sleep(0.1)
    if left := host.end_new_processes():
        rest.append(f"{left} processes outlive the reward")
    if not rest or not findings:
        return findings
    return [*findings[:-1], replace(findings[-1], harms=(*findings[-1].harms, *rest))]


def _verdict(answer: BatchOutcome) -> str:
    """Find the verdict that has a share of 1 among the metrics of a batch of one."""
    shares = {name.rpartition("/")[2]: value for name, value in answer.metrics.items()}
    return next((verdict for verdict in Verdict if shares.get(verdict) == 1), "")

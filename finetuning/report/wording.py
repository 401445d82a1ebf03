"""Figures and places as people write them, the same on every page and in the terminal."""

from pathlib import Path

from whetstone.finetuning.report.read import TeacherCosts

HEADLINE_MEASURE = "pass@1"
_TENTHS_BELOW = 10
_MINUTE = 60
_HOUR = 3600


def costs(teacher: TeacherCosts | None) -> str | None:
    """Word what a teacher has cost: `1,024 calls, $3.10`; None without a teacher."""
    if teacher is None:
        return None
    price = "cost unknown" if teacher.dollars is None else f"${teacher.dollars:,.2f}"
    return f"{teacher.calls:,} calls, {price}"


def duration(seconds: float) -> str:
    """Write seconds as a person would: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if round(seconds, 1) < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"


def dollars(amount: float | None) -> str:
    """Write a cost: `$1.25`; a dash where nothing was asked that costs."""
    return "\N{EN DASH}" if amount is None else f"${amount:,.2f}"


def number(value: float) -> str:
    """Write a reward: `0.542`."""
    return f"{value + 0.0:.3f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float) -> str:
    """Write a change of reward: `+0.542`."""
    return f"{value + 0.0:+.3f}".replace("-", "\N{MINUS SIGN}")


def points(fraction: float) -> str:
    """Write a fraction as percentage points: `12.3`."""
    # A tiny negative number must not become "-0.0".
    return f"{100 * fraction + 0.0:.1f}".replace("-0.0", "0.0").replace("-", "\N{MINUS SIGN}")


def signed_points(fraction: float) -> str:
    """Write a change in percentage points: `+12.3`."""
    text = points(fraction)
    return text if text == "0.0" or text.startswith("\N{MINUS SIGN}") else f"+{text}"


def percent(fraction: float) -> str:
    """Write a fraction as a percentage: `84.9 %`."""
    return f"{points(fraction)} %"


def shown(path: Path | str) -> str:
    """Write a path as a person here would type it: from where they stand, where it lies below."""
    path = Path(path)
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else path)

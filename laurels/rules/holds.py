"""Holds: a measure said as a sentence, its bounds in the same unit, and its past as one line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from laurels.rules.reasons import SENTENCES
from laurels.rules.tallies import ROLES
from models.values.money import currencies, minor_digits

_BARS: Final = "▁▂▃▄▅▆▇█"
_RATES = {
    "duplicate_rate": "{value} of its rows came before",
    "conflict_rate": "{value} of its rows contradict what came before",
    "refused_rate": "{value} of its lines cannot be told apart into fields",
    "ahead_rate": "{value} of its rows are dated ahead of the clock",
    "null_rate": "{field} is {empty} in {value} of its rows",
    "problem_rate": "{value} of its rows: {problem}",
}
_SENTENCES = {
    "volume": "it has {value} rows",
    "category_drift": "the mix of {field} has moved: index {value}",
    "amount_drift": "the amounts in {field} have moved: index {value}",
    "amount_median": "half of its amounts in {field} are below {value}",
    "column_added": "there is a new column {field}",
    "column_missing": "column {field} is gone",
    "column_renamed": "column {field} is gone",
    "column_reordered": "its columns are ordered in another way",
    "column_retyped": "column {field} is of another type",
    **_RATES,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One measure of a file, in words: `sentence` says the value, `usual` the bounds and what they are from.

    `past` are its values in the last accepted files before, the oldest first.
    """

    name: str
    field: str
    value: float | None
    low: float | None
    high: float | None
    severity: str
    basis: str
    past: tuple[float, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Return whether it is out of its bounds, or cannot be known where it must be: what the gate asks."""
        if self.value is None:
            return self.low is not None or self.high is not None
        below = self.low is not None and not self.value >= self.low
        return below or (self.high is not None and not self.value <= self.high)

    @property
    def sentence(self) -> str:
        """Return what the value says."""
        if self.name == "freshness":
            return _age(self.value)
        return _SENTENCES.get(self.name, "{name} of {field} is {value}").format(
            name=self.name,
            field=self.field,
            value=self.shown(self.value),
            problem=_problem(self.field),
            empty="empty or cannot be read" if self.field in ROLES else "empty",
        )

    @property
    def usual(self) -> str:
        """Return the bounds and their basis."""
        if self.name.startswith("column_"):
            return self.basis
        bounds = self._bounds()
        return ", ".join(filter(None, (f"expected {bounds}" if bounds else "", self.basis)))

    def _bounds(self) -> str:
        """Leave out a lower bound of nothing: that a share is at least zero says nothing."""
        low = self.low if self.low or self.name == "volume" else None
        if self.name == "freshness":
            low = (
                None
                if self.value is not None and self.low is not None and self.value >= self.low
                else self.low
            )
        if low is None and self.high is None:
            return ""
        if low is None:
            return f"at most {self.shown(self.high)}"
        return (
            f"{self.shown(low)} to {self.shown(self.high)}"
            if self.high is not None
            else f"at least {self.shown(low)}"
        )

    def shown(self, value: float | None) -> str:
        """Return a value in the unit that people read."""
        if value is None:
            return "unknown"
        if self.name == "amount_median":
            return _amount(value, self.field)
        return _UNITS.get(self.name, _plain)(value)


def sparkline(past: Sequence[float], value: float | None = None) -> str:
    """Return the past as bars between the smallest and the largest, the present one set apart at the end."""
    every = [*past, *([value] if value is not None else [])]
    if not every:
        return ""
    low, high = min(every), max(every)
    bars = [_bar(one, low, high) for one in every]
    return "".join(bars[:-1]) + " " + bars[-1] if value is not None and past else "".join(bars)


def _bar(value: float, low: float, high: float) -> str:
    if high <= low:
        return _BARS[3]
    return _BARS[min(int((value - low) / (high - low) * len(_BARS)), len(_BARS) - 1)]


def _problem(reason: str) -> str:
    """Return what a reason says, to go on with after a colon; a rule of a mapping is told by its name."""
    sentence = SENTENCES.get(reason)
    return sentence[:1].lower() + sentence.removesuffix(".")[1:] if sentence else reason


def _amount(power: float, currency: str) -> str:
    """Return an amount of minor units, given as a power of two, in whole units."""
    digits = minor_digits(currency) if currency in currencies() else 2
    return f"{2**power / 10**digits:,.{digits}f}"


def _age(hours: float | None) -> str:
    if hours is None:
        return "none of its rows says when"
    return (
        f"its newest row is {_hours(hours)} old"
        if hours >= 0
        else f"its newest row lies {_hours(-hours)} ahead"
    )


def _hours(hours: float) -> str:
    if abs(hours) < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if abs(hours) < 72 else f"{hours / 24:,.1f} days"  # noqa: PLR2004 (three days)


def _percent(rate: float) -> str:
    return f"{rate:.1%}" if 0 < rate < 0.1 else f"{rate:.0%}"  # noqa: PLR2004 (a tenth)


def _plain(value: float) -> str:
    return f"{value:.2f}"


_UNITS: dict[str, Callable[[float], str]] = {
    "volume": lambda rows: f"{rows:,.0f}",
    "freshness": _hours,
    **dict.fromkeys(_RATES, _percent),
}

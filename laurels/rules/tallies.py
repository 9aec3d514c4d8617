"""Tallies: what a file is counted by while it is read, in memory that does not grow with the file.

Only counts leave: of personal fields how many are empty, of amounts their currency and power of two, of an attribute
the short values that a hundredth of the rows share; all others are one, so that nothing of a free text is kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from models.values.activity import InboxRow, RefusedRow
from models.values.mapping import Mapping as Declared

MOST_VALUES = 1000
"""Different values of an attribute that are told apart while they are counted; later ones are others."""
LONGEST_VALUE = 40
SHARE = 0.01
FEWEST = 5
"""Rows, besides their share, that must have a value for it to be kept."""
OTHER = "*"
"""Stands for all other values of an attribute."""
AHEAD = timedelta(minutes=5)
"""How far clocks may differ: the gate's own rule about times in the future."""

_TYPED = {"member": "member_id", "referred": "referred_id", "order": "order_id", "amount": "amount_minor"}
ROLES = ("kind", "occurred_at", "amount", "order", "verified", "member", "referred", "currency")
"""The fields that are read, not only kept: one that cannot be read is null, as an empty one is."""


class Tallies:
    """The counts of one file by what is counted and its item (`counts`), and its first and last time.

    `last_at` is the latest time that is not ahead of the clock, so that one row dated ahead hides no stale file; where
    all are ahead it is the latest of them.
    """

    def __init__(self, mapping: Declared, as_of: datetime) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self.first_at: datetime | None = None
        self._latest: datetime | None = None
        self._ahead: datetime | None = None
        self._limit = as_of + AHEAD
        fields = mapping.counted_fields
        self._typed = [(name, _TYPED.get(name, name)) for name in ROLES if name in fields]
        self._personal = [name for name in mapping.personal if name in fields]
        self._attributes: dict[str, Counter[str]] = {name: Counter() for name in mapping.attributes}

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """Return the counts so far."""
        found = Counter(self._counts)
        for name, values in self._attributes.items():
            least = max(FEWEST, SHARE * values.total())
            for value, count in values.items():
                found[f"={name}", value if count >= least else OTHER] += count
        return found

    @property
    def last_at(self) -> datetime | None:
        """Return the latest time."""
        return self._latest or self._ahead

    def add(self, rows: Sequence[InboxRow], refused: Iterable[RefusedRow] = ()) -> None:
        """Count more rows of the file."""
        counts = self._counts
        counts["rows", ""] += len(rows)
        for reason, count in Counter(row.reason for row in refused).items():
            counts["refused", reason] += count
        for problem, count in Counter(problem for row in rows for problem in row.problems).items():
            counts["problem", problem] += count
        for name, field in self._typed:
            self._add_nulls(name, sum(getattr(row, field) is None for row in rows))
        for name in self._personal:
            self._add_nulls(name, sum(name not in row.person for row in rows))
        self._add_categories(rows)
        self._add_amounts(rows)
        self._add_times(rows)

    def _add_nulls(self, name: str, count: int) -> None:
        if count:
            self._counts["null", name] += count

    def _add_categories(self, rows: Sequence[InboxRow]) -> None:
        self._add_values("kind", Counter(row.kind for row in rows))
        self._add_values("currency", Counter(row.currency for row in rows))
        for name, values in self._attributes.items():
            found = Counter(row.raw.get(name) for row in rows)
            self._add_nulls(name, found.pop(None, 0))
            for value, count in found.items():
                short = value is not None and len(value) <= LONGEST_VALUE
                known = short and (value in values or len(values) < MOST_VALUES)
                values[value if known and value is not None else OTHER] += count

    def _add_values(self, what: str, found: Mapping[str | None, int]) -> None:
        for value, count in found.items():
            if value is not None:
                self._counts[what, value] += count

    def _add_amounts(self, rows: Sequence[InboxRow]) -> None:
        found = Counter(
            (row.currency, power_of_two(row.amount_minor)) for row in rows if row.amount_minor is not None
        )
        for (currency, power), count in found.items():
            self._counts["amount", f"{currency}:{power}"] += count

    def _add_times(self, rows: Sequence[InboxRow]) -> None:
        times = [row.occurred_at for row in rows if row.occurred_at is not None]
        if not times:
            return
        first, last = min(times), max(times)
        self.first_at = min(self.first_at or first, first)
        if last > self._limit:
            self._ahead = max(self._ahead or last, last)
            self._counts["ahead", ""] += sum(time > self._limit for time in times)
            times = [time for time in times if time <= self._limit]
        if times:
            last = max(times)
            self._latest = max(self._latest or last, last)


def power_of_two(minor: int) -> str:
    """Return the bin of an amount of minor units: 13 for 2^13 <= minor < 2^14, -13 below zero, `zero` for none."""
    if not minor:
        return "zero"
    return f"{'-' if minor < 0 else ''}{abs(minor).bit_length() - 1}"

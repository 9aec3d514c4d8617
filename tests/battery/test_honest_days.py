"""Real purchases day by day, as files: few are held, and of those that are cut or misread most are."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from laurels.rules.expectations import expect
from laurels.rules.figures import Whole, figures
from laurels.rules.history import Group, comparables
from laurels.rules.holds import Judged
from laurels.rules.intake import compile_mapping
from laurels.rules.tallies import Tallies
from laurels.services.mappings import load_mapping
from laurels.stores.files.reading import read_records
from models.values.activity import InboxRow
from models.values.measure import Past
from models.values.record import Record
from tests.mappings import KEY, MAPPINGS

MAPPING = load_mapping(MAPPINGS / "cdnow.yaml")
Rows = list[InboxRow]


@pytest.fixture(scope="module")
def days(shared_data: Path) -> dict[date, Rows]:
    """Eighteen months of CDNOW: 69,659 purchases of 23,570 people, who came in one quarter and then bought less."""
    to_row, found = compile_mapping(MAPPING, "cdnow", KEY), defaultdict(list)
    for record in read_records(shared_data / "cdnow" / "cdnow_master.txt.gz", MAPPING):
        assert isinstance(record, Record)
        row = to_row(record)
        assert row.occurred_at
        found[row.occurred_at.astimezone(MAPPING.zone).date()].append(row)
    return dict(sorted(found.items()))


class Judge:
    """Files judged in their order, without a store: what was honest is history for the next."""

    def __init__(self) -> None:
        self.past: list[Past] = []
        self.counts: list[dict[tuple[str, str], int]] = []

    def broken(self, day: date, rows: Sequence[InboxRow]) -> tuple[list[str], Past, Tallies]:
        as_of = datetime.combine(day + timedelta(days=1), time(5), MAPPING.zone).astimezone(UTC)
        tallies = Tallies(MAPPING, as_of)
        tallies.add(rows)
        at = as_of.astimezone(MAPPING.zone)
        group = comparables(self.past, at)
        whole = Whole(len(rows), 0, 0, 0, as_of, tallies.last_at)
        found = list(figures(whole, tallies.counts, MAPPING.counted_fields, self._pooled(group)))
        names = []
        for one in found:
            bounds = expect(one, MAPPING.bounds, self.past, group, snapshot=False)
            if Judged(one.name, one.field, one.value, bounds.low, bounds.high, "critical", "").is_broken:
                names.append(one.name)
        values = {(one.name, one.field): one.value for one in found if one.value is not None}
        return names, Past(len(self.past), at, values), tallies

    def accept(self, past: Past, tallies: Tallies) -> None:
        self.past.append(past)
        self.counts.append(tallies.counts)

    def _pooled(self, group: Group | None) -> Counter[tuple[str, str]]:
        pooled: Counter[tuple[str, str]] = Counter()
        for one in group.files[-50:] if group else ():
            pooled.update(self.counts[one.intake_id])
        return pooled


# How many rows there are is told least surely of a cohort that shrinks to a fifth of itself, a hundred rows a day.
PLANTED: dict[str, tuple[Callable[[Rows], Rows], str, float]] = {
    "a quarter of it": (lambda rows: rows[::4], "volume", 0.8),
    "three times": (lambda rows: rows * 3, "volume", 0.5),
    "cents for dollars": (
        lambda rows: [replace(row, amount_minor=(row.amount_minor or 0) * 100) for row in rows],
        "amount_drift",
        0.95,
    ),
    "no amount in a third": (
        lambda rows: [
            replace(row, amount_minor=None, currency=None) if n % 3 == 0 else row
            for n, row in enumerate(rows)
        ],
        "null_rate",
        0.95,
    ),
    "last week's": (
        lambda rows: [
            replace(row, occurred_at=row.occurred_at and row.occurred_at - timedelta(days=7)) for row in rows
        ],
        "freshness",
        0.95,
    ),
}


def test_honest_days_go_on_and_planted_ones_do_not(days: dict[date, Rows]) -> None:
    judge, honest, judged = Judge(), Counter[str](), 0
    caught: Counter[str] = Counter()
    planted = 0
    for number, (day, rows) in enumerate(days.items()):
        names, past, tallies = judge.broken(day, rows)
        if len(judge.past) >= 10:
            judged += 1
            honest.update(names)
            if number % 10 == 0:
                planted += 1
                caught.update(
                    name
                    for name, (fault, measure, _) in PLANTED.items()
                    if measure in judge.broken(day, fault(rows))[0]
                )
        judge.accept(past, tallies)
    assert (len(days), judged, planted) == (546, 536, 54)
    assert honest.total() <= 18  # three in a hundred, most of them days on which something was
    shares = {name: caught[name] / planted for name in PLANTED}
    assert {name: share for name, share in shares.items() if share < PLANTED[name][2]} == {}

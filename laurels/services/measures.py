"""Measures: what a file was like is noted with what it must keep within, for the gate to judge and people to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from laurels.rules import expectations, history
from laurels.rules.drift import Columns, column_changes
from laurels.rules.figures import Whole, figures
from laurels.rules.tallies import Tallies
from laurels.stores import measures
from laurels.stores.measures import Accepted
from models.intake import Intake
from models.measures import Measure
from models.values.format import JsonLines
from models.values.mapping import Mapping
from models.values.measure import Expectation, Figure, Past

POOLED = 50
"""Comparable files whose counts are added up for a distribution."""
MOST_COLUMNS = 50
"""Changes of columns that are noted: a file with thousands of new ones is told as well by the first."""


@dataclass(frozen=True, slots=True)
class _History:
    accepted: Sequence[Accepted]
    past: Sequence[Past]
    group: history.Group | None


def keep(session: Session, intake: Intake, tallies: Tallies) -> None:
    """Keep what a file was counted by while it was read."""
    intake.first_at, intake.last_at = tallies.first_at, tallies.last_at
    measures.keep_tally(session, intake.id or 0, tallies.counts)


def measure(session: Session, intake: Intake, mapping: Mapping) -> int:
    """Note every figure of a file with its bounds; return how many, so that the gate can tell that it saw all.

    A file whose content came in before adds nothing and is held for nothing; of one without a row only columns
    are compared.
    """
    known = _history(session, intake, mapping)
    noted = [*_figures(session, intake, mapping, known), *_columns(intake, mapping, known)]
    rows = [
        Measure(
            intake_id=intake.id or 0,
            name=figure.name,
            field=figure.field,
            value=figure.value,
            low=bounds.low,
            high=bounds.high,
            severity=bounds.severity,
            basis=bounds.basis,
        )
        for figure, bounds in noted
    ]
    measures.write(session, intake.id or 0, rows)
    return len(rows)


def _history(session: Session, intake: Intake, mapping: Mapping) -> _History:
    accepted = measures.accepted_before(session, intake)
    past = tuple(Past(one.intake_id, _local(one.as_of, mapping), one.values) for one in accepted)
    return _History(accepted, past, history.comparables(past, _local(intake.as_of, mapping)))


def _local(moment: datetime, mapping: Mapping) -> datetime:
    return moment.astimezone(mapping.zone)


def _figures(
    session: Session, intake: Intake, mapping: Mapping, known: _History
) -> Sequence[tuple[Figure, Expectation]]:
    whole = Whole(
        intake.rows, intake.duplicates, intake.conflicts, intake.refused, intake.as_of, intake.last_at
    )
    tally = measures.tally_of(session, [intake.id or 0])
    pooled = [one.intake_id for one in known.group.files[-POOLED:]] if known.group else []
    before = measures.tally_of(session, pooled) if pooled else {}
    found = figures(whole, tally, mapping.counted_fields, before)
    return [(figure, _expected(figure, intake, mapping, known)) for figure in found]


def _expected(figure: Figure, intake: Intake, mapping: Mapping, known: _History) -> Expectation:
    if intake.seen_before:
        return Expectation(basis="the same content came in before")
    if not intake.rows:
        return Expectation()
    bounds = expectations.expect(
        figure, mapping.bounds, known.past, known.group, snapshot=mapping.mode == "snapshot"
    )
    basis = "; ".join(filter(None, (bounds.basis, figure.told)))
    return Expectation(bounds.low, bounds.high, bounds.severity, basis)


def _columns(intake: Intake, mapping: Mapping, known: _History) -> Sequence[tuple[Figure, Expectation]]:
    """Compare with the last ten files; of a file that was empty there is nothing to say."""
    if not intake.seen_columns or intake.seen_before:
        return []
    last = known.accepted[: -history.TEN - 1 : -1]
    types = {str(name): str(kind) for name, kind in intake.found.get("types", {}).items() if kind}
    now = Columns(tuple(intake.seen_columns), types)
    past = [Columns(one.columns, one.types) for one in last if one.columns]
    header = not isinstance(mapping.format, JsonLines)
    changes = column_changes(now, past, intake.missing_columns, ordered=header)[:MOST_COLUMNS]
    noted = [Figure(f"column_{one.what}", one.column, 1.0, intake.rows, one.told) for one in changes]
    return [
        (figure, expectations.columns(figure, mapping.bounds, len(past), header=header)) for figure in noted
    ]

"""Holds: why a file is held, on one screen, for the person who releases or rejects it."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from laurels.errors import NotFoundError
from laurels.quality.rules import INTAKE_FAMILY
from laurels.rules.holds import Judged, sparkline
from laurels.services.intake_reports import IntakeReport, report_of
from laurels.services.runtime import Runtime
from laurels.stores import groups, measures
from laurels.stores.groups import Gated
from models.intake import Intake

SPARKS = 20
"""Accepted files before it whose values are shown."""
_FILE_RULES = {clause.reason: clause.sentence for clause in INTAKE_FAMILY.clauses}

_MEASURED = {
    "too_few_rows": "volume",
    "too_many_rows": "volume",
    "too_many_duplicates": "duplicate_rate",
    "too_many_refused": "refused_rate",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A measure with its words, for programs."""

    measure: Judged
    sentence: str
    usual: str
    spark: str


@dataclass(frozen=True, slots=True)
class HoldView:
    """One file: its counts, what broke its bounds, what is only told, the rest, and what to do next.

    `rules` are the sentences of the rules about whole files that it breaks without a measure (an empty file, say).
    `replay_of` is the intake whose rows a replay brings back: it has no counts of its own but what the gate says.
    """

    report: IntakeReport
    mapping: str
    as_of: datetime
    replay_of: int | None
    gated: Gated
    rules: tuple[str, ...]
    broken: tuple[Shown, ...]
    told: tuple[Shown, ...]
    others: tuple[Shown, ...]
    next: tuple[str, ...]


def show_intake(runtime: Runtime, intake_id: int) -> HoldView:
    """Return what there is to know about a file as a whole. Raises NotFoundError."""
    with runtime.database.transaction() as session:
        intake = session.get(Intake, intake_id)
        if intake is None:
            raise NotFoundError(f"no intake {intake_id}")
        shown = [_shown(one) for one in _judged(session, intake)]
        report = report_of(intake)
        broken = [one for one in shown if one.measure.is_broken]
        return HoldView(
            report=report,
            mapping=intake.mapping,
            as_of=intake.as_of,
            replay_of=intake.replay_of,
            gated=groups.gated(session, intake_id),
            rules=tuple(_rules(report, {one.measure.name for one in broken})),
            broken=tuple(one for one in broken if one.measure.severity == "critical"),
            told=tuple(one for one in broken if one.measure.severity != "critical"),
            others=tuple(one for one in shown if not one.measure.is_broken),
            next=_next(report),
        )


def screen(view: HoldView, width: int = 80) -> str:
    """Return it as text for a terminal of so many columns, or for a page in a fixed font."""
    return "\n".join(_lines(view, width))


def _judged(session: Session, intake: Intake) -> Iterator[Judged]:
    before = measures.accepted_before(session, intake, SPARKS)
    for one in measures.of_intake(session, intake.id or 0):
        past = [file.values.get((one.name, one.field)) for file in before]
        yield Judged(
            one.name,
            one.field,
            one.value,
            one.low,
            one.high,
            one.severity,
            one.basis,
            tuple(value for value in past if value is not None),
        )


def _shown(one: Judged) -> Shown:
    return Shown(one, one.sentence, one.usual, sparkline(one.past, one.value))


def _rules(report: IntakeReport, broken: set[str]) -> Iterator[str]:
    """Yield what the rules say that a file breaks, unless a measure says it with its value."""
    for reason in report.reasons:
        if reason in _FILE_RULES and _MEASURED.get(reason) not in broken:
            yield _FILE_RULES[reason]


def _next(report: IntakeReport) -> tuple[str, ...]:
    reject = f"laurels intake reject {report.intake_id} --reason ..."
    if report.state == "held" and report.unread:
        return (f"It was not read whole ({report.unread}): mend file or mapping, send it again.", reject)
    if report.state == "held":
        release = f"laurels intake release {report.intake_id} --reason ..."
        return (f"{release}   its rows go on to the gate", f"{reject}    none of its rows will count")
    return ()


def _lines(view: HoldView, width: int) -> Iterator[str]:
    report = view.report
    head = f"Intake {report.intake_id}: {report.name} from {report.source} by {view.mapping}, {report.state.upper()}"
    yield from _wrapped(head, width)
    if view.replay_of is None:
        counts = f"{report.rows:,} rows: {report.accepted:,} accepted, {report.duplicates:,} duplicates, "
        yield from _wrapped(f"{counts}{report.conflicts:,} conflicts, {report.refused:,} refused", width)
    else:
        yield f"A replay of intake {view.replay_of}: rows of it that were refused, read again"
    for told in _gated(view):
        yield from _wrapped(told, width)
    if view.rules or view.broken:
        yield from ("", "Held for" if report.state == "held" else "Was held for")
        for sentence in view.rules:
            yield from _wrapped(f"- {sentence}", width, "  ")
        yield from _measured(view.broken, width)
    if view.told:
        yield from ("", "To know")
        yield from _measured(view.told, width)
    if view.others:
        yield from ("", "Within bounds")
        yield from _wrapped("; ".join(_short(view.others)), width)
    if view.next:
        yield from ("", "Next", *(f"  {line}" for line in view.next))


def _gated(view: HoldView) -> Iterator[str]:
    """Yield what the gate said of its rows, where it said something."""
    passed, waiting = view.gated.passed, view.gated.waiting
    where = f"laurels quarantine list --intake {view.replay_of or view.report.intake_id}"
    if passed or waiting:
        yield f"{passed:,} passed the gate, {waiting:,} in quarantine" + (f" (`{where}`)" if waiting else "")


def _measured(found: tuple[Shown, ...], width: int) -> Iterator[str]:
    for one in found:
        yield from _wrapped(f"- {one.sentence}{f' ({one.usual})' if one.usual else ''}", width, "  ")
        if len(one.measure.past) > 1:
            yield f"  {one.spark}"


def _short(found: tuple[Shown, ...]) -> Iterator[str]:
    """Yield each kind of measure once, with its values by field."""
    for name, alike in groupby((one.measure for one in found), key=lambda one: one.name):
        yield f"{name} " + ", ".join(f"{one.field} {one.shown(one.value)}".strip() for one in alike)


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(_printable(text), width, subsequent_indent=indent, break_on_hyphens=False)


def _printable(text: str) -> str:
    """Return what came from files without what would steer a terminal."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)

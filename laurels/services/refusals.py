"""Refusals: the rows in quarantine, each with its place and its reasons in words, looked at or closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from laurels.errors import NotFoundError
from laurels.quality.rules import INTAKE_FAMILY
from laurels.rules.reasons import SENTENCES
from laurels.services import audit
from laurels.services.rulesets import house_rules
from laurels.services.runtime import Runtime
from laurels.services.selecting import check_selection
from laurels.stores import groups, quarantine, replays, rules
from laurels.stores.quarantine import Quarantined, Selection
from models.audit import AuditEntry

_OF_FILES = {clause.reason: clause.sentence for clause in INTAKE_FAMILY.clauses}


@dataclass(frozen=True, slots=True)
class QuarantinedView:
    """One refused row: its number here, its place, and why, in words for programs and for people.

    `event_id` and `kind` are None where the row could not be told apart that far.
    """

    id: int
    source: str
    file: str
    line: int
    event_id: str | None
    kind: str | None
    reasons: tuple[str, ...]
    sentences: tuple[str, ...]
    state: str
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """One audited act on a row."""

    actor: str
    action: str
    recorded_at: datetime | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class QuarantinedDetail:
    """A refused row with all that is kept of it: no personal field is among `fields`."""

    row: QuarantinedView
    intake_id: int
    ruleset: str | None
    fields: dict[str, str | None] = field(default_factory=dict)
    earlier: tuple[QuarantinedView, ...] = ()
    changes: tuple[Change, ...] = ()

    def lines(self) -> list[str]:
        """Return it as lines for a console."""
        row = self.row
        place = f"{row.file}:{row.line} of {row.source} (intake {self.intake_id})"
        texts = [f"{row.id}: {place}, event {row.event_id or '-'}, {row.state}, rules {self.ruleset}"]
        texts += [
            f"  {reason}: {sentence}" for reason, sentence in zip(row.reasons, row.sentences, strict=True)
        ]
        texts += [f"  {name} = {text if text is not None else ''}" for name, text in self.fields.items()]
        texts += [
            f"  revision {one.revision}: {', '.join(one.reasons)} ({one.state})" for one in self.earlier
        ]
        return texts + [
            f"  {one.action} by {one.actor} at {one.recorded_at}: {one.reason or 'no reason given'}"
            for one in self.changes
        ]


@dataclass(frozen=True, slots=True)
class DismissReport:
    """What was closed, and the state of what was no longer open."""

    dismissed: tuple[int, ...]
    skipped: dict[int, str]


def list_quarantine(
    runtime: Runtime,
    *,
    source: str | None = None,
    reason: str | None = None,
    state: str = "open",
    intake_id: int | None = None,
    file: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[QuarantinedView]:
    """Return refused rows in one state behind the one with number `after`, in order of arrival.

    Raises RuleRefusedError, naming those that there are, for a state or a reason that does not exist.
    """
    selection = Selection(source, reason, intake_id, file, state)
    with runtime.database.transaction() as session:
        check_selection(session, selection)
        rows = quarantine.listed(session, selection, limit=limit, after=after)
        return views_of(session, rows)


def of_intake(runtime: Runtime, intake_id: int, *, limit: int = 100) -> list[QuarantinedView]:
    """Return the open rows of one file, in order of arrival."""
    with runtime.database.transaction() as session:
        rows = quarantine.listed(session, Selection(intake_id=intake_id), limit=limit)
        return views_of(session, rows)


def count_reasons(runtime: Runtime) -> dict[str, int]:
    """Return how many open rows bear each reason; a row with two reasons counts in both."""
    with runtime.database.transaction() as session:
        return groups.counts(session)


def show(runtime: Runtime, row_id: int) -> QuarantinedDetail:
    """Return all that is kept of one refused row, in whatever state. Raises NotFoundError."""
    with runtime.database.transaction() as session:
        rows = quarantine.found(session, [row_id])
        require(rows, [row_id])
        return _detail(session, rows[0])


def dismiss(runtime: Runtime, ids: Sequence[int], *, actor: str, reason: str | None = None) -> DismissReport:
    """Close rows that nobody will mend; takes an editor. Rows that are no longer open stay as they are."""
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        rows = quarantine.locked(session, ids)
        require(rows, ids)
        closed = [row.id for row in rows if row.state == "open"]
        quarantine.close(session, closed, "dismissed")
        for row_id in closed:
            before, after = {"state": "open"}, {"state": "dismissed"}
            audit.record(
                session, by, "quarantine.dismiss", subject(row_id), before=before, after=after, reason=reason
            )
    return DismissReport(tuple(closed), {row.id: row.state for row in rows if row.state != "open"})


def require(rows: Sequence[Quarantined], ids: Sequence[int]) -> None:
    """Raise NotFoundError unless every number has its row."""
    if missing := sorted(set(ids) - {row.id for row in rows}):
        raise NotFoundError(f"no quarantined row {', '.join(map(str, missing[:10]))}")


def subject(row_id: int) -> str:
    """Return how the audit names a refused row."""
    return f"quarantine/{row_id}"


def views_of(session: Session, rows: Sequence[Quarantined]) -> list[QuarantinedView]:
    """Return stored rows as they are shown: their reasons in the words of the rules that gave them."""
    words = rules.sentences(session)
    return [_view(row, words) for row in rows]


def _view(row: Quarantined, words: Mapping[str, str]) -> QuarantinedView:
    return QuarantinedView(
        id=row.id,
        source=row.source,
        file=row.file,
        line=row.line,
        event_id=row.event_id,
        kind=row.kind,
        reasons=tuple(row.reasons),
        sentences=tuple(sentence(reason, words) for reason in row.reasons),
        state=row.state,
        revision=row.revision,
    )


def sentence(reason: str, words: Mapping[str, str] | None = None) -> str:
    """Return what a reason says to a person: `words` are the rules' (`stores.rules.sentences`); else it is itself."""
    house = {rule.rule: rule.sentence for rule in house_rules()}
    return (
        house.get(reason)
        or _OF_FILES.get(reason)
        or SENTENCES.get(reason)
        or (words or {}).get(reason, reason)
    )


def _detail(session: Session, row: Quarantined) -> QuarantinedDetail:
    judged = row.key is not None and row.batch_id is not None
    kept = replays.payloads(session, [row.key]) if judged and row.key else {}
    earlier = quarantine.history(session, row.key) if judged and row.key else []
    payload = kept.get((row.key, row.revision)) if row.key else None
    return QuarantinedDetail(
        row=views_of(session, [row])[0],
        intake_id=row.intake_id,
        ruleset=row.ruleset,
        fields=dict(payload.raw) if payload else {},
        earlier=tuple(views_of(session, [one for one in earlier if one.revision < row.revision])),
        changes=_changes(session, [row.id, *(one.id for one in earlier if one.revision < row.revision)]),
    )


def _changes(session: Session, ids: Sequence[int]) -> tuple[Change, ...]:
    of_row = col(AuditEntry.subject).in_([subject(row_id) for row_id in ids])
    entries = session.exec(select(AuditEntry).where(of_row).order_by(col(AuditEntry.id))).all()
    return tuple(
        Change(one.actor, one.action, one.recorded_at, one.before, one.after, one.reason) for one in entries
    )

"""Replays: refused rows read again, mended where asked, under their own keys through the same gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlmodel import Session

from laurels.clock import business_time
from laurels.errors import RuleRefusedError
from laurels.rules.intake import compile_mapping
from laurels.rules.repairs import edited_columns, personal, read_again, why_not_replayed
from laurels.services import audit, rulesets
from laurels.services.intake import mapping_path
from laurels.services.mappings import load_mapping
from laurels.services.refusals import require, subject
from laurels.services.runtime import Runtime
from laurels.stores import people, quarantine, rules
from laurels.stores.quarantine import Quarantined
from models.audit import Actor
from models.values.activity import InboxRow
from models.values.mapping import Mapping as DeclaredMapping


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What waits for the gate again, and the state of what was no longer open."""

    queued: tuple[int, ...]
    skipped: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Repair:
    """What one call mends, by whom and when."""

    edits: Mapping[str, str]
    by: Actor
    reason: str | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Target:
    """The mapping of an intake, and what is mended in terms of its columns."""

    mapping: DeclaredMapping
    columns: Mapping[str, str]


def replay(
    runtime: Runtime,
    ids: Sequence[int],
    *,
    edits: Mapping[str, str],
    actor: str,
    reason: str | None = None,
    as_of: datetime | None = None,
) -> ReplayReport:
    """Read refused rows again through their mapping as it is now, with `edits` in place of what they held.

    `edits` are texts by column or field name, the same for all rows; none are needed where the mapping was
    mended or a time to come has come (rows are judged by `as_of`). Each row keeps its key and event id and is
    queued as a new revision; draining then passes it or refuses that revision anew. Edits of personal columns
    go to the personal store, and the audit names them only. Takes an editor. Rows that are no longer open are
    skipped, so that two replays at once queue once. Raises RuleRefusedError where one of the rows cannot be
    read again, and queues none of them.
    """
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        repair = _Repair(edits, by, reason, business_time(as_of, runtime.settings.as_of))
        rows = quarantine.locked(session, ids)
        require(rows, ids)
        refused = sorted((row for row in rows if row.state == "open"), key=lambda row: row.intake_id)
        _refuse_unrepairable(refused)
        for _, of_intake in groupby(refused, key=lambda row: row.intake_id):
            _replay_intake(runtime, session, list(of_intake), repair)
        quarantine.close(session, [row.id for row in refused], "replaying")
    skipped = {row.id: row.state for row in rows if row.state != "open"}
    return ReplayReport(tuple(sorted(row.id for row in refused)), skipped)


def _refuse_unrepairable(rows: Sequence[Quarantined]) -> None:
    for row in rows:
        if why := why_not_replayed(row.key, tuple(row.reasons)):
            raise RuleRefusedError(f"row {row.id} ({row.file}:{row.line}) {why}")


def _replay_intake(runtime: Runtime, session: Session, rows: Sequence[Quarantined], repair: _Repair) -> None:
    """Mend and queue rows of one intake: they share a source and a mapping."""
    mapping = load_mapping(mapping_path(runtime, rows[0].mapping))
    target = _Target(mapping, edited_columns(mapping, repair.edits))
    judged = [one.rule for one in rulesets.of_mapping(mapping).rules]
    to_row = compile_mapping(
        mapping,
        rows[0].source,
        runtime.keys.member_id,
        "replay",
        rules=judged,
        today=repair.as_of.date(),
    )
    kept = quarantine.payloads(session, [row.key for row in rows if row.key])
    mended: list[tuple[UUID, InboxRow]] = []
    for row in rows:
        before = kept.get((row.key, row.revision)) if row.key else None
        if row.key is None or before is None:
            raise RuleRefusedError(f"row {row.id}: its payload is no longer kept: send the file again")
        mended.append((row.key, read_again(before, mapping, target.columns, to_row)))
        _record(session, repair, row, before, target)
    people.remember(session, runtime.keys, _observed([row for _, row in mended], repair.as_of))
    ruleset = rules.keep(session, rulesets.of_mapping(mapping))
    quarantine.queue_again(session, rows[0].intake_id, mended, repair.as_of, ruleset)


def _observed(rows: Sequence[InboxRow], as_of: datetime) -> list[people.Observation]:
    """Return the edited personal fields: a correction is as new as the day it is made on."""
    return [
        people.Observation(row.member_id, name, value, as_of)
        for row in rows
        if row.member_id is not None
        for name, value in row.person.items()
    ]


def _record(session: Session, repair: _Repair, row: Quarantined, before: InboxRow, target: _Target) -> None:
    hidden = personal(target.mapping, target.columns)
    names = {column: name for name, column in target.mapping.raw_columns.items() if column in target.columns}
    was = {column: before.raw.get(name) for column, name in names.items()}
    now = {column: target.columns[column] for column in names}
    audit.record(
        session,
        repair.by,
        "quarantine.replay",
        subject(row.id),
        before={"revision": row.revision, "reasons": row.reasons, "fields": was},
        after={"fields": now, "personal": hidden},
        reason=repair.reason,
    )

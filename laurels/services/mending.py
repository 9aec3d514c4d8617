"""Mending: kept rows read again with some of their columns changed, and queued under their own keys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from sqlmodel import Session

from laurels.errors import NotFoundError
from laurels.rules.intake import compile_mapping, digest_again
from laurels.rules.repairs import personal, read_again, stopping
from laurels.services import audit, rulesets
from laurels.services.intake import mapping_path
from laurels.services.mappings import load_mapping
from laurels.services.refusals import subject
from laurels.services.runtime import Runtime
from laurels.services.snapshots import take_anew
from laurels.stores import people, quarantine, replays, rules
from laurels.stores.quarantine import Quarantined
from models.audit import Actor
from models.values.activity import InboxRow
from models.values.mapping import Mapping as DeclaredMapping
from models.values.problem import Problem
from models.values.rules import Ruleset


@dataclass(frozen=True, slots=True)
class Act:
    """One call that mends: what it is called in the audit, who asks and why, and the time that its rows are judged by.

    `told` stands in each row's entry beside what was changed.
    """

    action: str
    by: Actor
    reason: str | None
    as_of: datetime
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """A refused row, what is kept of it (None: nothing any more), and the mapping by which it is read, as it is now.

    `found` is None where the folder of mappings has none of that name: the file came in by a mapping elsewhere.
    """

    row: Quarantined
    before: InboxRow | None
    found: "Reader | None"

    @property
    def reader(self) -> "Reader":
        """Return the mapping. Raises NotFoundError where there is none."""
        if self.found is None:
            raise NotFoundError(f"row {self.row.id}: no mapping {self.row.mapping}")
        return self.found


@dataclass(frozen=True, slots=True)
class Mended:
    """A row with the texts that it gets, by column, and what its mapping makes of it then."""

    kept: Kept
    columns: Mapping[str, str]
    after: InboxRow

    @property
    def wrong(self) -> tuple[str, ...]:
        """Return what still cannot be read of it, so that the gate would refuse it again."""
        return stopping(self.after.problems, (one.rule for one in self.kept.reader.ruleset.rules))

    @property
    def is_what_it_says(self) -> bool:
        """Return whether it has no id but its content, and that is another one now, and can be read."""
        mapping, before = self.kept.reader.mapping, self.kept.before
        if mapping.mode != "snapshot" or self.wrong or before is None:
            return False
        unread = any(problem in set(Problem) for problem in before.problems)
        return unread or digest_again(before, mapping) != digest_again(self.after, mapping)


class Reader:
    """The mapping of one source as it is now, and the rules that its rows are judged by."""

    def __init__(self, runtime: Runtime, name: str, source: str, as_of: datetime) -> None:
        self.mapping: DeclaredMapping = load_mapping(mapping_path(runtime, name))
        self.ruleset: Ruleset = rulesets.of_mapping(self.mapping)
        self._source, self._key, self._today = source, runtime.keys.member_id, as_of.date()

    @cached_property
    def _to_row(self) -> Any:
        judged = [one.rule for one in self.ruleset.rules]
        return compile_mapping(
            self.mapping, self._source, self._key, "replay", rules=judged, today=self._today
        )

    def read(self, before: InboxRow, columns: Mapping[str, str]) -> InboxRow:
        """Return what the mapping makes of a kept row with these texts in place of its own."""
        judged = [one.rule for one in self.ruleset.rules]
        return read_again(before, self.mapping, columns, self._to_row, judged)


class Readers:
    """Readers by mapping and source, each made once."""

    def __init__(self, runtime: Runtime, as_of: datetime) -> None:
        self._runtime, self._as_of = runtime, as_of
        self._made: dict[tuple[str, str], Reader | None] = {}

    def of(self, row: Quarantined) -> Reader | None:
        """Return the reader of a row's intake, None where its mapping is not in the folder: others can be mended."""
        place = row.mapping, row.source
        if place not in self._made:
            try:
                self._made[place] = Reader(self._runtime, *place, self._as_of)
            except NotFoundError:
                self._made[place] = None
        return self._made[place]


def kept_rows(session: Session, rows: Sequence[Quarantined], readers: Readers) -> Iterator[Kept]:
    """Yield each row with what is kept of it, in the order of the rows."""
    payloads = replays.payloads(session, [row.key for row in rows if row.key])
    for row in rows:
        before = payloads.get((row.key, row.revision)) if row.key else None
        yield Kept(row, before if row.batch_id is not None else None, readers.of(row))


def queue(runtime: Runtime, session: Session, mended: Sequence[Mended], act: Act) -> None:
    """Queue mended rows as new revisions, or of a snapshot as what they are now, and write each into the audit."""
    ordered = sorted(mended, key=lambda one: (one.kept.row.intake_id, one.kept.row.id))
    people.remember(session, runtime.keys, _observed([one.after for one in ordered], act.as_of))
    events: dict[int, str] = {}
    for intake_id, of_intake in groupby(ordered, key=lambda one: one.kept.row.intake_id):
        group = list(of_intake)
        ruleset = rules.keep(session, group[0].kept.reader.ruleset)
        replay = replays.open_replay(session, intake_id, act.as_of, ruleset)
        staying = [one for one in group if not one.is_what_it_says]
        rows = [(one.kept.row.key, one.after) for one in staying if one.kept.row.key]
        replays.queue_again(session, replay.id or 0, rows)
        quarantine.close(session, [one.kept.row.id for one in staying], "replaying")
        moving = [(one.kept.row, one.after) for one in group if one.is_what_it_says]
        mapping = group[0].kept.reader.mapping
        events |= take_anew(session, replay.id or 0, replay.replay_of or 0, mapping, moving)
    for one in ordered:
        _record(session, act, one, events.get(one.kept.row.id))


def _observed(rows: Sequence[InboxRow], as_of: datetime) -> list[people.Observation]:
    """Return the edited personal fields: a correction is as new as the day it is made on."""
    return [
        people.Observation(row.member_id, name, value, as_of)
        for row in rows
        if row.member_id is not None
        for name, value in row.person.items()
    ]


def _record(session: Session, act: Act, mended: Mended, event: str | None) -> None:
    row, mapping, columns = mended.kept.row, mended.kept.reader.mapping, mended.columns
    names = {column: name for name, column in mapping.raw_columns.items() if column in columns}
    raw = mended.kept.before.raw if mended.kept.before else {}
    was = {column: raw.get(name) for column, name in names.items()}
    now = {column: columns[column] for column in names}
    audit.record(
        session,
        act.by,
        act.action,
        subject(row.id),
        before={"revision": row.revision, "reasons": row.reasons, "fields": was},
        after={
            "fields": now,
            "personal": personal(mapping, columns),
            **act.told,
            **({"event": event} if event else {}),
        },
        reason=act.reason,
    )

"""Reading: a file's rows go into the inbox chunk by chunk, each chunk whole, while the next one is read."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from laurels.rules.identity import event_key, snapshot_event_id
from laurels.rules.intake import compile_mapping
from laurels.rules.tallies import Tallies
from laurels.services import measures, rulesets
from laurels.services.runtime import Runtime
from laurels.stores import inbox, people
from laurels.stores.database import Database
from laurels.stores.files.reading import read_records
from models.intake import Intake
from models.values.activity import InboxRow, RefusedRow
from models.values.mapping import Mapping
from models.values.record import FileFacts, Record

CHUNK = 10_000
"""Rows in one commit: large enough for set SQL to pay, small enough to hold in memory."""
CHUNK_BYTES = 64 << 20
"""And of large rows, as many as this."""


def read_rows(
    runtime: Runtime,
    database: Database,
    intake_id: int,
    path: Path,
    source: str,
    mapping: Mapping,
    facts: FileFacts,
    as_of: datetime,
    on_progress: Callable[[int], None] | None,
) -> None:
    """Take every row of a file into the inbox, in bounded memory: one chunk is written while the next is read."""
    judged = [one.rule for one in rulesets.of_mapping(mapping).rules]
    to_row = compile_mapping(
        mapping, source, runtime.keys.member_id, facts.content_sha256, rules=judged, today=as_of.date()
    )
    known, tallies = people.Known(), Tallies(mapping, as_of)
    with ThreadPoolExecutor(max_workers=1) as writer:
        with database.transaction() as session:
            inbox.prepare(session)
        written: Future[None] | None = None
        for chunk in _chunks(read_records(path, mapping, on_progress, facts.stamp)):
            rows = [to_row(found) for found in chunk if isinstance(found, Record)]
            refused = [found for found in chunk if isinstance(found, RefusedRow)]
            news = known.news(_observations(rows, as_of))
            if written is not None:
                written.result()  # PostgreSQL wrote the last chunk while this one was read
            written = writer.submit(_take, runtime, database, intake_id, source, rows, refused, news)
            tallies.add(rows, refused)  # while PostgreSQL writes them
        if written is not None:
            written.result()
    with database.transaction() as session:
        people.remember(session, runtime.keys, known.repeated())
        # Once and at the end: a reading that broke off begins anew, and counts each row once.
        measures.keep(session, session.get_one(Intake, intake_id), tallies)


def _chunks(found: Iterator[Record | RefusedRow]) -> Iterator[list[Record | RefusedRow]]:
    """Yield chunks that end with a line: what is on one line is told apart by being in one chunk."""
    chunk: list[Record | RefusedRow] = []
    size = 0
    for one in found:
        if (len(chunk) >= CHUNK or size >= CHUNK_BYTES) and one.line != chunk[-1].line:
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += one.size if isinstance(one, Record) else 0
    if chunk:
        yield chunk


def _take(
    runtime: Runtime,
    database: Database,
    intake_id: int,
    source: str,
    rows: list[InboxRow],
    refused: list[RefusedRow],
    news: list[people.Observation],
) -> None:
    """Commit one chunk whole: keys, payloads, queue, refusals, personal fields and the counts of all of them."""
    with database.transaction() as session:
        intake = session.get_one(Intake, intake_id, with_for_update=True)
        keyed = list(_keyed(session, source, rows))  # asks the database: before COPY has the connection
        outcomes = inbox.accept(session, intake_id, keyed)
        if refused and not intake.seen_before:
            inbox.refuse(session, intake_id, refused)
        people.remember(session, runtime.keys, news)
        intake.rows += len(rows) + len(refused)
        intake.accepted += outcomes.accepted
        intake.duplicates += outcomes.duplicates
        intake.conflicts += outcomes.conflicts
        intake.refused += len(refused)


def _keyed(session: Session, source: str, rows: list[InboxRow]) -> Iterator[tuple[UUID, str, InboxRow]]:
    """Yield each row with its key; ids made from content get the number of the row's occurrence in its file."""
    unnumbered = [row.digest for row in rows if row.event_id is None]
    numbers = iter(inbox.number_equal_rows(session, unnumbered) if unnumbered else [])
    for row in rows:
        event_id = row.event_id if row.event_id is not None else snapshot_event_id(row.digest, next(numbers))
        yield event_key(source, event_id), event_id, row


def _observations(rows: list[InboxRow], as_of: datetime) -> Iterator[people.Observation]:
    for row in rows:
        if row.member_id is not None:
            for name, value in row.person.items():
                seen_at = min(row.occurred_at or as_of, as_of)  # a row dated ahead would stand for ever
                yield people.Observation(row.member_id, name, value, seen_at)

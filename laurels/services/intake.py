"""Intake: a file's rows durably accepted, before anything is decided about them but whether the file may go on."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, select

from laurels.clock import business_time
from laurels.errors import DataRejectedError, NotFoundError
from laurels.rules.identity import event_key, snapshot_event_id
from laurels.rules.intake import compile_mapping
from laurels.services import audit
from laurels.services.mappings import load_mapping
from laurels.services.rejections import reading_of, reject_broken_off, reject_left
from laurels.services.runtime import Runtime
from laurels.stores import inbox, people
from laurels.stores.database import Database
from laurels.stores.files.facts import inspect
from laurels.stores.files.reading import read_records
from models.intake import Intake
from models.values.activity import InboxRow, RefusedRow
from models.values.mapping import Mapping
from models.values.record import FileFacts, Record

CHUNK = 10_000
"""Rows in one commit: large enough for set SQL to pay, small enough to hold in memory."""


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """What became of a file. `rows` = accepted + duplicates + conflicts + refused; `reasons` says why it is held."""

    intake_id: int
    name: str
    source: str
    state: str
    rows: int
    accepted: int
    duplicates: int
    conflicts: int
    refused: int
    seen_before: bool
    reasons: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()
    duplicate_columns: tuple[str, ...] = ()
    unread: str = ""
    """Why not all of its rows were read: such a file can only be rejected, mended and sent again."""


def ingest_file(
    runtime: Runtime,
    path: Path,
    *,
    source: str,
    mapping: str,
    as_of: datetime | None = None,
    actor: str | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> IntakeReport:
    """Take a file into the inbox; the same file again, under any name, adds nothing.

    Raises DataRejectedError where it cannot be read as a whole: what came of it by then is rejected. A breach of
    what a file must be (empty, a column missing or twice, mostly duplicates, its size) holds it: nothing of it is
    queued until somebody releases it.
    `actor` is the person who asks, if one does: an editor (RuleRefusedError otherwise), and audited.
    """
    declared = load_mapping(mapping_path(runtime, mapping))
    facts = inspect(path, declared)
    now = business_time(as_of, runtime.settings.as_of)
    # Whoever reads the same file now would be taken for one that a crash left half read: one at a time.
    with runtime.database.alone(reading_of(source, facts.content_sha256)) as database:
        with database.transaction() as session:
            by = audit.authorise(session, actor, audit.Role.EDITOR) if actor else None
            intake_id = _opened(session, path, source, declared, facts, now)
            if by is not None:
                after = {"file": path.name, "source": source, "mapping": declared.mapping}
                audit.record(session, by, "intake.add", str(intake_id), after=after)
        try:
            if facts.is_readable:
                _read(runtime, database, intake_id, path, source, declared, facts, now, on_progress)
        except DataRejectedError:  # the file's own fault: no retry would read it to its end
            with database.transaction() as session:
                reject_broken_off(session, session.get_one(Intake, intake_id))
            raise
        return _judged(runtime, database, intake_id)


def _judged(runtime: Runtime, database: Database, intake_id: int) -> IntakeReport:
    reasons = runtime.gate.judge_intake(intake_id)
    with database.transaction() as session:
        intake = session.get_one(Intake, intake_id)
        intake.state = "held" if reasons else "released"
        intake.verdict = {"reasons": list(reasons)}
        return report_of(intake)


def mapping_path(runtime: Runtime, mapping: str) -> Path:
    """Return the mapping's file: a path as it is, a name from the folder of mappings."""
    if mapping.endswith((".yaml", ".yml")):
        return Path(mapping)
    path = runtime.settings.mappings / f"{mapping}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in runtime.settings.mappings.glob("*.yaml")))
        raise NotFoundError(f"no mapping {mapping} in {runtime.settings.mappings} ({known})")
    return path


def report_of(intake: Intake) -> IntakeReport:
    """Return a stored intake as a report."""
    return IntakeReport(
        intake_id=intake.id or 0,
        name=intake.name,
        source=intake.source,
        state=intake.state,
        rows=intake.rows,
        accepted=intake.accepted,
        duplicates=intake.duplicates,
        conflicts=intake.conflicts,
        refused=intake.refused,
        seen_before=intake.seen_before,
        reasons=tuple((intake.verdict or {}).get("reasons", ())),
        unknown_columns=tuple(intake.unknown_columns),
        missing_columns=tuple(intake.missing_columns),
        duplicate_columns=tuple(intake.duplicate_columns),
        unread=_unread(intake),
    )


def _unread(intake: Intake) -> str:
    twice = [column for column in intake.duplicate_columns if column not in intake.unknown_columns]
    told = ((intake.missing_columns, "missing"), (twice, "twice"))
    reasons = [f"{', '.join(columns)} {what}" for columns, what in told if columns]
    if "too_many_rows" in (intake.verdict or {}).get("reasons", ()):
        reasons.append(f"it has more than {intake.bounds['max_rows']} rows")
    return "; ".join(reasons)


def _opened(
    session: Session, path: Path, source: str, mapping: Mapping, facts: FileFacts, as_of: datetime
) -> int:
    """Return the id of a new intake, or of the one that a crash left half read: its rows then find themselves."""
    same = select(Intake).where(Intake.source == source, Intake.digest == facts.content_sha256)
    earlier = session.exec(same.with_for_update()).all()
    intake = next((one for one in earlier if one.state == "reading" and one.mapping == mapping.mapping), None)
    if intake is None:
        intake = Intake(
            source=source,
            name=path.name,
            digest=facts.content_sha256,
            mapping=mapping.mapping,
            as_of=as_of,
        )
    alike = [one for one in earlier if one.mapping == mapping.mapping]
    intake.seen_before = any(one.state in {"released", "done"} for one in alike)
    intake.seen_columns = list(facts.columns)
    intake.missing_columns = list(facts.missing_columns)
    intake.unknown_columns = list(facts.unknown_columns)
    intake.duplicate_columns = list(facts.duplicate_columns)
    intake.bounds = mapping.bounds.model_dump()
    intake.rows = intake.accepted = intake.duplicates = intake.conflicts = intake.refused = 0
    session.add(intake)
    session.flush()
    reject_left(session, intake)
    return intake.id or 0


def _read(
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
    to_row = compile_mapping(mapping, source, runtime.keys.member_id, facts.content_sha256)
    known = people.Known()
    with ThreadPoolExecutor(max_workers=1) as writer:
        with database.transaction() as session:
            inbox.prepare(session)
        written: Future[None] | None = None
        for chunk in _chunks(read_records(path, mapping, on_progress)):
            rows = [to_row(found) for found in chunk if isinstance(found, Record)]
            refused = [found for found in chunk if isinstance(found, RefusedRow)]
            news = known.news(_observations(rows, as_of))
            if written is not None:
                written.result()  # PostgreSQL wrote the last chunk while this one was read
            written = writer.submit(_take, runtime, database, intake_id, source, rows, refused, news)
        if written is not None:
            written.result()
    with database.transaction() as session:
        people.remember(session, runtime.keys, known.repeated())


def _chunks(found: Iterator[Record | RefusedRow]) -> Iterator[list[Record | RefusedRow]]:
    """Yield chunks that end with a line: what is on one line is told apart by being in one chunk."""
    chunk: list[Record | RefusedRow] = []
    for one in found:
        if len(chunk) >= CHUNK and one.line != chunk[-1].line:
            yield chunk
            chunk = []
        chunk.append(one)
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

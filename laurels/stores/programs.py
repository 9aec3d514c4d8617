"""Program versions as stored: immutable, numbered, each effective from a time until the next."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from laurels.errors import NotFoundError
from laurels.rules.windows import Span, spans
from laurels.stores.database import driver
from laurels.stores.participation import Version, reaches
from models.programs import ProgramRecord, ProgramVersion
from models.values.boards import Board, Window
from models.values.program import Program


@dataclass(frozen=True, slots=True)
class Kept:
    """One window of a board, with the version whose it is."""

    version: Version
    board: Board
    span: Span

    @property
    def key(self) -> tuple[str, Window, datetime]:
        """What tells it from all others of its program."""
        return self.board.board, self.span.period, self.span.starts_at


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """A program with all its versions, in the order in which they take effect."""

    id: int
    name: str
    versions: tuple[Version, ...]

    def by_id(self) -> dict[int, Program]:
        """Return each version's rules by the version's id."""
        return {version.id: version.program for version in self.versions}

    def effective(self, as_of: datetime) -> Version | None:
        """Return the version that applies at a time, None before the first."""
        return next((v for v in reversed(self.versions) if v.effective_from <= as_of), None)

    def rules(self, as_of: datetime) -> Program:
        """Return the rules in force at a time; until the first version takes effect, those that are to come."""
        return (self.effective(as_of) or self.versions[0]).program

    def kept(self, days: Callable[[Program], Iterable[date]]) -> list[Kept]:
        """Return the windows that hold any of the days, which are asked for by each version's zone.

        A window is of the version in force when it ends. Where two begin at one time, a season that was prolonged, it
        is the later version's.
        """
        found = {}
        for version, until in reaches(self.versions):
            touched = list(days(version.program))
            for one in _windows(version, touched):
                if version.effective_from < one.span.ends_at <= until:
                    found[one.key] = one
        return list(found.values())

    def kept_at(self, moment: datetime) -> list[Kept]:
        """Return the windows that hold a time."""
        held = self.kept(lambda rules: [moment.astimezone(rules.zone).date()])
        return [one for one in held if one.span.starts_at <= moment < one.span.ends_at]


def stored_programs(session: Session) -> list[StoredProgram]:
    """Return every program that has a version, by name."""
    records = session.exec(select(ProgramRecord).order_by(col(ProgramRecord.name))).all()
    return [program for record in records if (program := _with_versions(session, record)).versions]


def stored_program(session: Session, name: str) -> StoredProgram:
    """Return one program. Raises NotFoundError with the names there are."""
    programs = stored_programs(session)
    for program in programs:
        if program.name == name:
            return program
    known = ", ".join(program.name for program in programs) or "none is applied yet"
    raise NotFoundError(f"no program {name} ({known})")


def lock(session: Session) -> None:
    """Let one at a time add versions, to the end of the transaction; nobody who reads waits."""
    driver(session).execute("lock table program in share row exclusive mode")


def add_version(session: Session, program: Program, effective_from: datetime) -> tuple[Version, bool]:
    """Store a version unless the one in force at that time says the same; return it and whether it is new.

    A file that is applied again, at any later time, adds nothing.
    """
    record = session.exec(
        select(ProgramRecord).where(ProgramRecord.name == program.program)
    ).first() or ProgramRecord(name=program.program)
    session.add(record)
    session.flush()
    body = canonical(program)
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    known = session.exec(select(ProgramVersion).where(ProgramVersion.program_id == record.id)).all()
    begun = [version for version in known if version.effective_from <= effective_from]
    in_force = max(begun, key=lambda version: version.effective_from, default=None)
    if in_force is not None and in_force.digest == digest:
        return _read(in_force), False
    version = ProgramVersion(
        program_id=_id(record.id),
        number=len(known) + 1,
        effective_from=effective_from,
        digest=digest,
        body=body,
    )
    session.add(version)
    session.flush()
    return _read(version), True


def canonical(program: Program) -> dict[str, Any]:
    """Return the program as plain JSON values, from which the same program is read again."""
    body: dict[str, Any] = program.model_dump(mode="json", exclude_none=True)
    return body


def _windows(version: Version, days: list[date]) -> Iterator[Kept]:
    for board in version.program.boards:
        for period in board.windows:
            for span in spans(version.program, period, days):
                yield Kept(version, board, span)


def _with_versions(session: Session, record: ProgramRecord) -> StoredProgram:
    rows = session.exec(
        select(ProgramVersion)
        .where(ProgramVersion.program_id == record.id)
        .order_by(col(ProgramVersion.effective_from))
    ).all()
    return StoredProgram(_id(record.id), record.name, tuple(_read(row) for row in rows))


def _read(row: ProgramVersion) -> Version:
    return Version(_id(row.id), row.number, row.effective_from, Program.model_validate(row.body))


def _id(value: int | None) -> int:
    if value is None:
        raise NotFoundError("the row has no id before it is stored")
    return value

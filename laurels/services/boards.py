"""Boards: one fenced pass per window lets grants follow ranks and then shows the ranks in Redis."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from laurels.clock import business_time
from laurels.errors import NotFoundError
from laurels.rules.tiers import tier_of
from laurels.services import board_views, tiers
from laurels.services.failpoint import failpoint
from laurels.services.leases import Held, fenced, hold
from laurels.services.runtime import Runtime
from laurels.stores import boards, programs
from laurels.stores.grants import Owed
from laurels.stores.programs import StoredProgram
from models.boards import BoardWindow


@dataclass(frozen=True, slots=True)
class BoardsReport:
    """What a reconciliation did. `unpublished` boards stand in PostgreSQL and wait for Redis to come back."""

    windows: int = 0
    standings: int = 0
    granted: int = 0
    ended: int = 0
    superseded: int = 0
    pushes: int = 0
    deliveries: int = 0
    unpublished: int = 0

    def __add__(self, other: "BoardsReport") -> "BoardsReport":
        """Return both together."""
        return BoardsReport(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One place of a board: rank from 1, score (a count, or minor units), the tier's percent if there is one."""

    rank: int
    member_id: UUID
    score: int
    percent: int | None


def reconcile_boards(
    runtime: Runtime, *, program: str | None = None, as_of: datetime | None = None, republish: bool = False
) -> BoardsReport:
    """Run one pass over every window that changed, whose grace ends, or that Redis shows wrongly.

    A crossing that came and went since the last pass does not exist. Safe to run twice and at once: a pass in whose
    window nothing changed writes nothing. Raises TransientError where somebody else holds a board too long.
    """
    now = business_time(as_of, runtime.settings.as_of)
    with runtime.database.transaction() as session:
        stored = programs.stored_programs(session)
        due = [
            (one, window)
            for one in stored
            if program in {None, one.name}
            for window in _windows(session, one)
        ]
        changed = {window.id or 0 for one, window in due if tiers.is_due(session, one, window, now)}
    if program is not None and program not in {one.name for one in stored}:
        raise NotFoundError(f"no program {program}")
    shown = board_views.passes(runtime, [window for _, window in due])
    report = BoardsReport()
    for one, window in due:
        lost = shown is None or shown[window.view] != window.pass_number
        if republish or lost or window.id in changed:
            report += _reconcile(runtime, one, window.id or 0, now, republish=republish)
    return report


def find_window(
    session: Session, program: StoredProgram, board: str, period: str, as_of: datetime
) -> BoardWindow:
    """Return the window of a board that holds a time, else the last one before it. Raises NotFoundError.

    Windows that the version in force at their end does not have, by another season or zone, stay behind empty and are
    passed over.
    """
    windows = session.exec(
        select(BoardWindow)
        .where(BoardWindow.program_id == program.id, BoardWindow.board == board, BoardWindow.period == period)
        .where(col(BoardWindow.starts_at) <= as_of)
        .order_by(col(BoardWindow.starts_at).desc())
    )
    found = next((window for window in windows if _is_kept(program, window)), None)
    if found is None:
        there = {f"{b.board}/{p.value}" for b in program.rules(as_of).boards for p in b.windows}
        raise NotFoundError(
            f"program {program.name} has no window of {board}/{period} at {as_of.isoformat()}: "
            + ", ".join(sorted(there))
        )
    return found


def _is_kept(program: StoredProgram, window: BoardWindow) -> bool:
    row = (window.board, window.period, window.starts_at, window.ends_at)
    return any(row == (*one.key, one.span.ends_at) for one in program.kept_at(window.starts_at))


def shown_window(
    runtime: Runtime, program: str, board: str, period: str, *, as_of: datetime | None = None
) -> tuple[datetime, datetime]:
    """Return the bounds of the window that `top` shows, half-open."""
    now = business_time(as_of, runtime.settings.as_of)
    with runtime.database.transaction() as session:
        window = find_window(session, programs.stored_program(session, program), board, period, now)
        return window.starts_at, window.ends_at


def top(
    runtime: Runtime,
    program: str,
    board: str,
    period: str,
    *,
    limit: int = 10,
    as_of: datetime | None = None,
) -> list[BoardRow]:
    """Return a board's first ranks, from Redis where it shows the latest pass, else from PostgreSQL."""
    now = business_time(as_of, runtime.settings.as_of)
    with runtime.database.transaction() as session:
        stored = programs.stored_program(session, program)
        window = find_window(session, stored, board, period, now)
        rows = board_views.top(runtime, window, limit)
        if rows is None:
            rows = boards.top(session, window.id or 0, limit)
    held = tiers.of_window(stored.effective(now), window)
    found = []
    for rank, (member_id, score) in enumerate(rows, start=1):
        tier = tier_of(held, rank) if held else None
        found.append(BoardRow(rank, member_id, score, tier.percent if tier else None))
    return found


def _windows(session: Session, program: StoredProgram) -> list[BoardWindow]:
    return list(
        session.exec(
            select(BoardWindow).where(BoardWindow.program_id == program.id).order_by(col(BoardWindow.id))
        ).all()
    )


def _reconcile(
    runtime: Runtime, program: StoredProgram, window_id: int, as_of: datetime, *, republish: bool
) -> BoardsReport:
    """Do one pass: decide and commit under the fence, then publish what it saw.

    Who held the board before may have taken its marks before ours were there, or have died: its pass is not ours.
    """
    with hold(runtime, boards.LEASE % window_id) as held:
        return _pass(runtime, program, window_id, held, as_of, republish=republish)


def _pass(
    runtime: Runtime, program: StoredProgram, window_id: int, held: Held, as_of: datetime, *, republish: bool
) -> BoardsReport:
    with fenced(runtime, held) as session:
        window = session.get_one(BoardWindow, window_id, with_for_update=True)
        members = boards.take_marks(session, window_id)
        owed = tiers.decide_pass(session, program, window, as_of)
        news = bool(members) or owed is not None
        window.pass_number += int(news)
        scores = boards.scores(session, window_id, members)
    failpoint(f"reconciled {window.board}/{window.period}")
    published = board_views.publish(runtime, window, held, scores if news else None, republish=republish)
    owed = owed or Owed()
    return BoardsReport(
        1,
        len(members),
        owed.granted,
        owed.ended,
        owed.superseded,
        owed.pushes,
        owed.deliveries,
        unpublished=int(not published),
    )

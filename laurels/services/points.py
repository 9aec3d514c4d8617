"""Points: what a batch of activity changes in every program's awards, ledger and standings."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from laurels.rules.windows import spans
from laurels.services import audit
from laurels.services.runtime import Runtime
from laurels.stores import boards, leases, participation, points, programs, working
from laurels.stores.batches import PARTITION
from laurels.stores.programs import StoredProgram
from models.batches import Batch


@dataclass(frozen=True, slots=True)
class Worked:
    """What a batch changed: new ledger entries and their sum, standings that moved."""

    entries: int = 0
    points: int = 0
    standings: int = 0

    def __add__(self, other: "Worked") -> "Worked":
        """Return both together."""
        return Worked(
            self.entries + other.entries, self.points + other.points, self.standings + other.standings
        )


@dataclass(frozen=True, slots=True)
class RecomputeReport:
    """What a recompute of one program looked at and changed."""

    program: str
    activities: int
    changed: int
    points: int
    standings: int


def work_batch(session: Session, batch_id: int) -> tuple[int, Worked]:
    """Turn a batch's rows into activity and bring every program's views to their targets; part of one transaction."""
    working.prepare(session)
    accepted = points.accept_batch(session, batch_id)
    worked = Worked()
    for program in programs.stored_programs(session):
        participation.enrol_batch(session, program.id, list(program.versions))
        worked += _bring_up(session, program, batch_id)
    return accepted, worked


def recompute_program(
    runtime: Runtime, program: str, *, as_of: datetime | None = None, actor: str | None = None
) -> RecomputeReport:
    """Bring one program's views to what its versions say of all history; the ledger gets the differences.

    For a version that takes effect in the past. Where everything stands already, nothing is written.
    """
    del as_of
    with runtime.database.transaction() as session:
        if actor is not None:
            by = audit.authorise(session, actor, audit.Role.EDITOR)
            audit.record(session, by, "program.recompute", program)
        return recompute(session, runtime, program)


def recompute(session: Session, runtime: Runtime, program: str) -> RecomputeReport:
    """Recompute as part of one transaction. Raises TransientError while somebody works on the inbox."""
    token = leases.take_when_free(session, PARTITION, runtime.holder, runtime.settings.lease_seconds)
    stored = programs.stored_program(session, program)
    working.prepare(session)
    batch = Batch(token=token, state="applied", verdict={"recompute": program})
    session.add(batch)
    session.flush()
    activities = participation.enrol_history(session, stored.id, list(stored.versions))
    worked = _bring_up(session, stored, batch.id or 0)
    worked += Worked(standings=boards.close_windows(session, stored.id))
    leases.release(session, PARTITION, token)
    return RecomputeReport(program, activities, worked.entries, worked.points, worked.standings)


def open_windows(session: Session, program: StoredProgram) -> bool:
    """Make the windows that the touched activity falls into; return whether there is any."""
    latest = program.latest
    days = points.touched_days(session, latest.time_zone)
    if not days:
        return False
    windows = (
        (board, span)
        for board in latest.boards
        for period in board.windows
        for span in spans(latest, period, days)
    )
    boards.open_windows(session, program.id, windows)
    return True


def _bring_up(session: Session, program: StoredProgram, batch_id: int) -> Worked:
    entries = points.write_awards(session, program.id, program.by_id(), batch_id)
    touched = open_windows(session, program)
    changed = boards.write_standings(session, program.id, program.latest.boards) if touched else 0
    return Worked(len(entries), sum(entries), changed)

"""Points: what a batch of activity changes in every program's awards, ledger and standings."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

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
    batch = Batch(token=token, holder=runtime.holder, state="applied", verdict={"recompute": program})
    session.add(batch)
    session.flush()
    activities = participation.enrol_history(session, stored.id, list(stored.versions))
    worked = _bring_up(session, stored, batch.id or 0)
    worked += Worked(standings=boards.close_windows(session, stored.id))
    leases.release(session, PARTITION, token)
    return RecomputeReport(program, activities, worked.entries, worked.points, worked.standings)


def write_standings(session: Session, program: StoredProgram) -> int:
    """Bring the standings of the touched windows to their targets, each by its own version; return how many changed."""
    kept = program.kept(lambda rules: points.touched_days(session, rules.time_zone))
    boards.open_windows(session, program.id, kept)
    versions = {one.version.id: one.version for one in kept}
    return sum(boards.write_standings(session, program.id, version) for version in versions.values())


def _bring_up(session: Session, program: StoredProgram, batch_id: int) -> Worked:
    entries = points.write_awards(session, program.id, program.by_id(), batch_id)
    return Worked(len(entries), sum(entries), write_standings(session, program))

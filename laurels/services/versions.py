"""Program versions: a checked file becomes an immutable version; history follows where it reaches back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from laurels.clock import business_time
from laurels.errors import RuleRefusedError
from laurels.services import audit, points
from laurels.services.points import RecomputeReport
from laurels.services.programs import check_program
from laurels.services.runtime import Runtime
from laurels.stores import programs, rules
from laurels.stores.programs import StoredProgram
from models.values.program import Program


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What applying a program file did; `recompute` where its version reaches into history."""

    program: str
    version: int
    effective_from: datetime
    new: bool
    recompute: RecomputeReport | None = None


def apply_program(
    runtime: Runtime,
    path: Path,
    *,
    actor: str,
    effective_from: datetime | None = None,
    as_of: datetime | None = None,
) -> ApplyReport:
    """Check a file and store it as a version effective from a time, by default the business time.

    The time may lie in the past: activity since then is brought under the version, and the ledger gets the
    differences. Raises ProgramInvalidError for a wrong file, RuleRefusedError where another version takes effect at
    that very time, or where at a time to come, its own or a later version's, a window that runs would be broken off.
    """
    program = check_program(path)
    now = business_time(as_of, runtime.settings.as_of)
    start = business_time(effective_from) if effective_from else now
    return apply_version(runtime, program, actor=actor, effective_from=start, as_of=now)


def apply_version(
    runtime: Runtime,
    program: Program,
    *,
    actor: str,
    effective_from: datetime,
    as_of: datetime | None = None,
) -> ApplyReport:
    """Store a program that was checked already; see `apply_program`.

    The version and what it makes of history are one transaction: TransientError, while somebody works on the inbox,
    leaves neither. One says the same already: `new` is false, and the report is of that one.
    """
    now = business_time(as_of, runtime.settings.as_of)
    with runtime.database.transaction() as session:
        programs.lock(session)
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        known = {one.name: one for one in programs.stored_programs(session)}.get(program.program)
        _refuse_same_time(known, program, effective_from)
        rules.try_patterns(session, program.rules)
        version, new = programs.add_version(session, program, effective_from)
        if new and known:
            _refuse_breaking_off(programs.stored_program(session, known.name), effective_from, now)
        if new:
            after = {"version": version.number, "effective_from": effective_from.isoformat()}
            audit.record(session, by, "program.apply", program.program, after=after)
        recompute = points.recompute(session, runtime, program.program) if new else None
    return ApplyReport(program.program, version.number, version.effective_from, new, recompute)


def list_programs(runtime: Runtime) -> list[StoredProgram]:
    """Return the programs with their versions."""
    with runtime.database.transaction() as session:
        return programs.stored_programs(session)


def _refuse_same_time(known: StoredProgram | None, program: Program, effective_from: datetime) -> None:
    for version in known.versions if known else ():
        if version.effective_from == effective_from and version.program != program:
            raise RuleRefusedError(
                f"{program.program}: version {version.number} takes effect at {effective_from.isoformat()} already; "
                "choose another time"
            )


def _refuse_breaking_off(stated: StoredProgram, effective_from: datetime, now: datetime) -> None:
    """Refuse a version by which, at a time to come, one would not go on with what runs: it would be gone at once.

    Either the version itself breaks off what ran before, or one that was stated for later breaks off what is new.
    """
    later = min(
        (v.effective_from for v in stated.versions if v.effective_from > effective_from), default=None
    )
    for moment in filter(None, (effective_from, later)):
        if moment > now:
            _refuse_gap(stated, moment)


def _refuse_gap(stated: StoredProgram, moment: datetime) -> None:
    last = moment - timedelta(microseconds=1)
    before = replace(stated, versions=tuple(v for v in stated.versions if v.effective_from < moment))
    going_on = {one.key: one.board.metric for one in stated.kept_at(last)}
    for one in before.kept_at(last) if before.versions else ():
        if going_on.get(one.key) != one.board.metric:
            raise RuleRefusedError(
                f"{stated.name}: {one.board.board}/{one.span.period} runs from {one.span.starts_at.isoformat()} to "
                f"{one.span.ends_at.isoformat()}, and the version of {moment.isoformat()} would break it off by its "
                "boards, season or zone; let one take effect when the other ends, or apply it when its time has come"
            )

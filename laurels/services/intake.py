"""Intake: a file's rows durably accepted, before anything is decided about them but whether the file may go on."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic

from sqlmodel import Session, select

from laurels.clock import business_time
from laurels.errors import DataRejectedError, NotFoundError
from laurels.services import audit, measures, rulesets
from laurels.services.intake_reports import IntakeReport, report_of
from laurels.services.mappings import load_mapping
from laurels.services.reading import read_rows
from laurels.services.rejections import reading_of, reject_broken_off, reject_left
from laurels.services.runtime import Runtime
from laurels.stores import rules
from laurels.stores.database import Database
from laurels.stores.files.facts import inspect
from models.intake import Intake
from models.values.mapping import Mapping
from models.values.record import FileFacts

__all__ = ["IntakeReport", "ingest_file", "mapping_path", "report_of"]


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
    started = monotonic()
    declared = load_mapping(mapping_path(runtime, mapping))
    facts = inspect(path, declared)
    declared = declared.model_copy(update={"format": facts.format})
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
                read_rows(runtime, database, intake_id, path, source, declared, facts, now, on_progress)
        except DataRejectedError:  # the file's own fault: no retry would read it to its end
            with database.transaction() as session:
                reject_broken_off(session, session.get_one(Intake, intake_id))
            raise
        return _judged(runtime, database, intake_id, declared).timed(monotonic() - started)


def _judged(runtime: Runtime, database: Database, intake_id: int, mapping: Mapping) -> IntakeReport:
    with database.transaction() as session:  # a short one of its own: the gate reads by another connection
        measured = measures.measure(session, session.get_one(Intake, intake_id), mapping)
    verdict = runtime.gate.judge_intake(intake_id, measured)
    with database.transaction() as session:
        intake = session.get_one(Intake, intake_id)
        intake.state = "held" if verdict.reasons else "released"
        intake.verdict = {"reasons": list(verdict.reasons)} | {
            severity: list(told) for severity, told in verdict.told.items()
        }
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
    intake.found = dict(facts.found)
    intake.bounds = mapping.bounds.model_dump(mode="json")
    intake.ruleset = rules.keep(session, rulesets.of_mapping(mapping))
    intake.first_at = intake.last_at = None
    intake.rows = intake.accepted = intake.duplicates = intake.conflicts = intake.refused = 0
    session.add(intake)
    session.flush()
    reject_left(session, intake)
    return intake.id or 0

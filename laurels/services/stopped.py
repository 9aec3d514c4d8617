"""What was stopped as a whole: files held by the gate, and batches that it could not judge."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from laurels.errors import NotFoundError, RuleRefusedError
from laurels.services import audit, rulesets
from laurels.services.intake import IntakeReport, mapping_path, report_of
from laurels.services.mappings import load_mapping
from laurels.services.rejections import files_that_met, is_left, reject
from laurels.services.runtime import Runtime
from laurels.stores import batches, rules
from models.audit import Actor
from models.batches import Batch
from models.intake import Intake


@dataclass(frozen=True, slots=True)
class RejectReport:
    """What rejecting a file did: rows taken out of the queue, and refused rows dismissed with it.

    `send_again` names later files of the same source some of whose rows were duplicates or conflicts while this
    one was held: where they were so to it, they count once their file comes in again.
    """

    intake_id: int
    unqueued: int
    dismissed: int
    send_again: tuple[str, ...] = ()


def list_intakes(runtime: Runtime, state: str | None = None, *, limit: int = 100) -> list[IntakeReport]:
    """Return the files that came in, the newest first; replays are not files and not among them."""
    files = select(Intake).where(col(Intake.replay_of).is_(None)).order_by(col(Intake.id).desc())
    if state is not None:
        files = files.where(Intake.state == state)
    with runtime.database.transaction() as session:
        return [report_of(intake) for intake in session.exec(files.limit(limit)).all()]


def release_intake(
    runtime: Runtime, intake_id: int, *, actor: str, reason: str | None = None
) -> IntakeReport:
    """Let a held file's rows go on to the gate, which judges each of them as ever; takes an editor.

    Raises RuleRefusedError unless it is held, and where its rows were not read, or not all of them: a declared
    column was missing or stood there twice, or there were more rows than agreed.
    """
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        intake = _held(_locked(session, intake_id))
        if unread := report_of(intake).unread:
            raise RuleRefusedError(
                f"intake {intake_id} was not read whole ({unread}): reject it, mend file or mapping and send it again"
            )
        before = _told(intake)
        intake.state = "released"
        _record(session, by, intake, before, reason)
        return report_of(intake)


def reject_intake(runtime: Runtime, intake_id: int, *, actor: str, reason: str | None = None) -> RejectReport:
    """Reject a held file: its rows leave the queue and never count; takes an editor.

    The terminal state of its accepted rows is then their intake's, with the reasons in its verdict: every key
    still has exactly one (applied, waiting, in a batch, quarantined, or of a rejected intake), and no row is
    written for each of millions. What was refused of the file is dismissed with it. A key of a rejected file is
    free: the same event in a later file counts, whether its content is the same or mended.
    Raises RuleRefusedError unless the file is held, or was left half read by a reader that is gone.
    """
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        intake = _held_or_left(session, _locked(session, intake_id))
        before = _told(intake)
        voided = reject(session, intake)
        _record(session, by, intake, before, reason)
        names = tuple(met.name for met in files_that_met(session, intake))
        return RejectReport(intake_id, voided.unqueued, voided.dismissed, names)


def retry_batch(runtime: Runtime, batch_id: int, *, actor: str, reason: str | None = None) -> None:
    """Let the next holder judge a batch again that the gate could not judge; takes an editor.

    Raises NotFoundError, and RuleRefusedError for a batch in any other state.
    """
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        batch = session.get(Batch, batch_id, with_for_update=True)
        if batch is None:
            raise NotFoundError(f"no batch {batch_id}")
        if batch.state != "gate_error":
            raise RuleRefusedError(f"batch {batch_id} is {batch.state}: only gate_error can be tried again")
        before = {"state": batch.state, **(batch.verdict or {})}
        batches.reopen(batch)
        _by_the_rules_of_now(runtime, session, batch)
        after = {"state": batch.state}
        audit.record(
            session, by, "batch.retry", f"batch/{batch_id}", before=before, after=after, reason=reason
        )


def _by_the_rules_of_now(runtime: Runtime, session: Session, batch: Batch) -> None:
    """Let a batch be judged by its mapping as it is now, if it is there: its rule may be what was mended."""
    intake = session.get(Intake, batch.intake_id)
    if intake is None:
        return
    try:
        mapping = load_mapping(mapping_path(runtime, intake.mapping))
    except NotFoundError:
        return
    intake.ruleset = rules.keep(session, rulesets.of_mapping(mapping))


def _locked(session: Session, intake_id: int) -> Intake:
    intake = session.get(Intake, intake_id, with_for_update=True)
    if intake is None:
        raise NotFoundError(f"no intake {intake_id}")
    return intake


def _held(intake: Intake) -> Intake:
    if intake.state != "held":
        raise RuleRefusedError(f"intake {intake.id} is {intake.state}, not held")
    return intake


def _held_or_left(session: Session, intake: Intake) -> Intake:
    if intake.state != "reading":
        return _held(intake)
    if not is_left(session, intake):
        raise RuleRefusedError(f"intake {intake.id} is being read")
    return intake


def _told(intake: Intake) -> dict[str, Any]:
    return {"state": intake.state, **(intake.verdict or {})}


def _record(session: Session, by: Actor, intake: Intake, before: dict[str, Any], reason: str | None) -> None:
    action, subject, after = f"intake.{intake.state}", f"intake/{intake.id}", {"state": intake.state}
    audit.record(session, by, action, subject, before=before, after=after, reason=reason)

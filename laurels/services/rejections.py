"""Rejections: files whose rows never count, by somebody's word or because they were not read to their end."""

from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from laurels.stores import inbox, quarantine
from laurels.stores.database import is_idle
from models.intake import Intake

BROKEN_OFF = "broken_off"
"""Why a file is rejected that turned out damaged half way, or whose reader died and left it to the next file."""


@dataclass(frozen=True, slots=True)
class Voided:
    """What a rejection undid: rows taken out of the queue, and refused rows dismissed."""

    unqueued: int
    dismissed: int


def reading_of(source: str, digest: str) -> str:
    """Return the name of the work of reading a file, which one does at a time (`Database.alone`)."""
    return f"intake {source} {digest}"


def is_left(session: Session, intake: Intake) -> bool:
    """Return whether a file was left half read: its reader is gone, and none begins before this transaction ends."""
    if not is_idle(session, reading_of(intake.source, intake.digest)):
        return False
    session.refresh(intake, with_for_update=True)  # its reader may have come to the end just before
    return intake.state == "reading"


def reject(session: Session, intake: Intake) -> Voided:
    """Let nothing of an intake count: its rows leave the queue, its refused rows are dismissed, its keys are free."""
    intake.state = "rejected"
    intake_id = intake.id or 0
    return Voided(inbox.unqueue(session, intake_id), quarantine.dismiss_intake(session, intake_id))


def reject_broken_off(session: Session, intake: Intake) -> None:
    """Reject a file that is not read to its end: the rows that came of it are whichever file's that brings them.

    A file that was read beside it took its rows for duplicates: the verdict names it until it is sent again.
    """
    met = [one.id for one in files_that_met(session, intake)]
    intake.verdict = {"reasons": [BROKEN_OFF], **({"met": met} if met else {})}
    reject(session, intake)


def files_that_met(session: Session, intake: Intake) -> list[Intake]:
    """Return the later files of its source that may have duplicates of an intake's rows, the oldest first."""
    if not intake.accepted:
        return []  # nobody was a duplicate of what had nothing
    later = (
        select(Intake)
        .where(Intake.source == intake.source, col(Intake.id) > intake.id)
        .where(or_(col(Intake.duplicates) > 0, col(Intake.conflicts) > 0))
        .where(col(Intake.state).in_(["reading", "held", "released", "done"]))
        .order_by(col(Intake.id))
    )
    return list(session.exec(later).all())


def reject_left(session: Session, newcomer: Intake) -> None:
    """Reject what dead readers left half read of a newcomer's source: else its rows would be duplicates of theirs.

    Nothing is lost: the same bytes sent again are read as a new file, and find their keys free or counted.
    """
    reading = select(Intake).where(Intake.source == newcomer.source, Intake.state == "reading")
    for intake in session.exec(reading.where(col(Intake.id) != newcomer.id).order_by(col(Intake.id))).all():
        if is_left(session, intake):
            reject_broken_off(session, intake)

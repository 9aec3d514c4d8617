"""The outbox's rows: swept, claimed one at a time under the database's clock, settled by who claimed them.

A claim is a lease, so its times are the database's; what is due goes by business time.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, and_, bindparam, func, or_, text, tuple_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.grants import TierGrant
from models.outbox import Delivery, Push
from models.values.outbox import State

Row = TypeVar("Row", Push, Delivery)

_REPEATABLE = [State.PENDING, State.UNKNOWN]
"""Pushes have a natural key, so an unknown one may be told again. A message of unknown fate may not."""

_OTHER = aliased(Push)
"""Another push of the same member. Made once: a new alias a call would be a statement to compile a call."""

_ONE_CLAIMER_A_MEMBER = text("""
select pg_try_advisory_xact_lock(hashtextextended('laurels.push ' || member_id, 0)) from push where id = :id
""")


@dataclass(frozen=True, slots=True)
class Claim(Generic[Row]):
    """A row as it was found, and the attempt it is in now; None: its grant has ended, it is not sent."""

    row: Row
    attempt: int | None


def sweep(session: Session, table: type[Row], seconds: float) -> Sequence[UUID]:
    """Turn claims older than the lease into `unknown`: whoever held them may or may not have called."""
    expired = func.clock_timestamp(type_=DateTime(timezone=True)) - timedelta(seconds=seconds)
    return (
        session.connection()
        .execute(
            update(table)
            .where(_is(table, State.SENDING), col(table.claimed_at) < expired)
            .values(state=State.UNKNOWN)
            .returning(col(table.id))
        )
        .scalars()
        .all()
    )


def due_pushes(session: Session, as_of: datetime, limit: int) -> Sequence[UUID]:
    """Return pushes to try, those tried least first: what a platform chokes on holds up nobody else."""
    return session.exec(
        select(Push.id)
        .where(_is(Push, *_REPEATABLE), col(Push.created_at) <= as_of)
        .order_by(col(Push.attempts), col(Push.action) == "give", col(Push.created_at), col(Push.id))
        .limit(limit)
    ).all()


def due_deliveries(
    session: Session, channels: Collection[str], as_of: datetime, limit: int
) -> Sequence[UUID]:
    """Return deliveries to try on these channels, those tried least first, then the oldest."""
    return session.exec(
        select(Delivery.id)
        .where(_is(Delivery, State.PENDING), col(Delivery.created_at) <= as_of)
        .where(col(Delivery.channel).in_(channels))
        .order_by(col(Delivery.attempts), col(Delivery.created_at), col(Delivery.id))
        .limit(limit)
    ).all()


def claim_push(session: Session, push_id: UUID) -> Claim[Push] | None:
    """Claim a push; None where somebody else has it, or another of its member is on its way or goes first.

    Ends go before gives, then the older before the newer. A give is sent only while its grant is active and
    an end only once it is not, so whatever came between, the last that a shop hears of a member is true.
    """
    free = session.connection().execute(_ONE_CLAIMER_A_MEMBER, {"id": push_id}).scalar_one_or_none()
    if not free:
        return None
    push = session.exec(
        select(Push)
        .where(Push.id == push_id, _is(Push, *_REPEATABLE), ~_goes_first())
        .with_for_update(skip_locked=True)
    ).first()
    if push is None:
        return None
    return _claimed(session, push, void=push.action == "give" and _ended(session, push))


def claim_delivery(session: Session, delivery_id: UUID) -> Claim[Delivery] | None:
    """Claim a delivery; None where somebody else has it or had it."""
    delivery = session.exec(
        select(Delivery)
        .where(Delivery.id == delivery_id, _is(Delivery, State.PENDING))
        .with_for_update(skip_locked=True)
    ).first()
    return None if delivery is None else _claimed(session, delivery, void=_ended(session, delivery))


def settle(session: Session, claim: Claim[Row], state: State, answer: str) -> bool:
    """Write what became of an attempt; False where a later one has the word by now.

    A late answer still counts for a row that was swept meanwhile: it is the evidence that was missing.
    """
    table = type(claim.row)
    result = session.connection().execute(
        update(table)
        .where(col(table.id) == claim.row.id, col(table.attempts) == claim.attempt)
        .where(_is(table, State.SENDING, State.UNKNOWN))
        .values(state=state, answer=answer)
    )
    return bool(result.rowcount)


def rows(session: Session, table: type[Row], state: State | None, limit: int) -> Sequence[Row]:
    """Return rows in a state, or in any, the newest first."""
    wanted = select(table).order_by(col(table.created_at).desc(), col(table.id)).limit(limit)
    return session.exec(wanted if state is None else wanted.where(table.state == state)).all()


def counts(session: Session, table: type[Row]) -> dict[str, int]:
    """Return how many rows are in each state; a state without any is left out."""
    found = session.exec(select(table.state, func.count()).group_by(col(table.state))).all()
    return dict(sorted(found))


def _is(table: type[Push | Delivery], *states: State) -> ColumnElement[bool]:
    """Return the condition with the states written out: a plan made for parameters cannot use a partial index."""
    return col(table.state).in_(bindparam(None, states, expanding=True, literal_execute=True))


def _goes_first() -> ColumnElement[bool]:
    """Return whether another push of the member is on its way, or goes before this one, be it due or not.

    Not due: the business clock went back. A give that overtook such an end would be followed by it later.
    """
    theirs, ours = (
        tuple_(col(push.action) == "give", col(push.created_at), col(push.id)) for push in (_OTHER, Push)
    )
    on_its_way = _is(_OTHER, State.SENDING)
    waits = and_(_is(_OTHER, *_REPEATABLE), theirs < ours)
    same = and_(col(_OTHER.member_id) == Push.member_id, _is(_OTHER, State.SENDING, *_REPEATABLE))
    return select(_OTHER.id).where(same, or_(on_its_way, waits)).exists()


def _ended(session: Session, row: Push | Delivery) -> bool:
    """Whether the row's grant has ended: asked after the row is locked, so that the answer is not stale."""
    ended_at = session.exec(select(TierGrant.ended_at).where(TierGrant.id == row.grant_id)).one()
    return ended_at is not None


def _claimed(session: Session, row: Row, *, void: bool) -> Claim[Row]:
    table = type(row)
    change = update(table).where(col(table.id) == row.id)
    if void:
        session.connection().execute(change.values(state=State.SUPERSEDED))
        return Claim(row, None)
    attempt = row.attempts + 1
    session.connection().execute(
        change.values(state=State.SENDING, attempts=attempt, claimed_at=func.clock_timestamp(), answer=None)
    )
    return Claim(row, attempt)

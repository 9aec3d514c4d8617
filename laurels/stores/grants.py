"""Grants and what they owe: read the top of a window and its holders, write decisions with their outbox rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from laurels.rules.tiers import Change, End, Fall, Give, Holding
from models.boards import BoardWindow, Standing
from models.grants import TierGrant
from models.outbox import Delivery, Push

NAMESPACE = UUID("6f6c1f0e-5d0c-5f43-9a3e-6c6175726c73")
"""For ids that follow from what they stand for: the same decision cannot be written twice."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What one pass wrote."""

    granted: int = 0
    ended: int = 0
    superseded: int = 0
    pushes: int = 0
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over one window: under which version, the how many-eth, at what business time."""

    window: BoardWindow
    version_id: int
    number: int
    as_of: datetime


def top_ranks(session: Session, window_id: int, limit: int) -> dict[UUID, int]:
    """Return the members of the first ranks: score descending, first to reach it, then member id."""
    rows = session.exec(
        select(Standing.member_id)
        .where(Standing.window_id == window_id)
        .order_by(col(Standing.score).desc(), col(Standing.reached_at), col(Standing.member_id))
        .limit(limit)
    ).all()
    return {member: rank for rank, member in enumerate(rows, start=1)}


def holdings(session: Session, window_id: int) -> list[Holding]:
    """Return the window's active grants."""
    rows = session.exec(
        select(TierGrant).where(TierGrant.window_id == window_id, col(TierGrant.ended_at).is_(None))
    ).all()
    return [Holding(row.id, row.member_id, row.percent, row.falling_since) for row in rows]


def is_behind(session: Session, window_id: int, version_id: int) -> bool:
    """Return whether somebody holds a grant of another version, or nobody any though the board has members."""
    held = select(TierGrant.version_id).where(
        TierGrant.window_id == window_id, col(TierGrant.ended_at).is_(None)
    )
    versions = set(session.exec(held.distinct()).all())
    if versions:
        return versions != {version_id}
    return (
        session.exec(select(Standing.score).where(Standing.window_id == window_id).limit(1)).first()
        is not None
    )


def write(session: Session, this: Pass, changes: Sequence[Change], texts: dict[UUID, str]) -> Owed:
    """Write a pass's decisions: each grant owes a push and, where its member has a text, a delivery."""
    owed = Owed()
    for change in changes:
        match change:
            case Fall(grant_id, since):
                session.get_one(TierGrant, grant_id).falling_since = since
            case End():
                owed = _plus(owed, _end(session, change, this.as_of))
            case Give():
                owed = _plus(owed, _give(session, this, change, texts.get(change.member_id)))
    session.flush()
    return owed


def _give(session: Session, this: Pass, give: Give, text: str | None) -> Owed:
    window = this.window
    grant = TierGrant(
        id=uuid5(NAMESPACE, f"grant {window.id} {give.member_id} {this.number}"),
        program_id=window.program_id,
        window_id=window.id or 0,
        member_id=give.member_id,
        version_id=this.version_id,
        tier=give.tier.to,
        percent=give.tier.percent,
        rank=give.rank,
        pass_number=this.number,
        starts_at=this.as_of,
    )
    session.add(grant)
    session.add(_push(grant, "give", this.as_of))
    if text is not None:
        session.add(_delivery(grant, text, this.as_of))
    return Owed(granted=1, pushes=1, deliveries=int(text is not None))


def _end(session: Session, end: End, as_of: datetime) -> Owed:
    """End a grant: what it still owes is superseded; what the platform has already taken is owed an end."""
    grant = session.get_one(TierGrant, end.grant_id)
    grant.ended_at, grant.ended_by = as_of, end.ending.value
    superseded = 0
    for table in (Push, Delivery):
        result = session.connection().execute(
            update(table)
            .where(col(table.grant_id) == grant.id, col(table.state) == "pending")
            .values(state="superseded")
        )
        superseded += result.rowcount
    given = session.exec(
        select(func.count())
        .select_from(Push)
        .where(Push.grant_id == grant.id, Push.action == "give", Push.state != "superseded")
    ).one()
    if given:
        session.add(_push(grant, "end", as_of))
    session.flush()  # the unique index allows one active grant: end before give
    return Owed(ended=1, superseded=superseded, pushes=int(bool(given)))


def _push(grant: TierGrant, action: str, as_of: datetime) -> Push:
    return Push(
        id=uuid5(NAMESPACE, f"push {grant.id} {action}"),
        grant_id=grant.id,
        member_id=grant.member_id,
        action=action,
        percent=grant.percent,
        created_at=as_of,
    )


def _delivery(grant: TierGrant, text: str, as_of: datetime) -> Delivery:
    return Delivery(
        id=uuid5(NAMESPACE, f"delivery {grant.id} console rank_change"),
        grant_id=grant.id,
        member_id=grant.member_id,
        channel="console",
        template="rank_change",
        text=text,
        values={"rank": grant.rank, "percent": grant.percent},
        created_at=as_of,
    )


def _plus(one: Owed, other: Owed) -> Owed:
    return Owed(
        one.granted + other.granted,
        one.ended + other.ended,
        one.superseded + other.superseded,
        one.pushes + other.pushes,
        one.deliveries + other.deliveries,
    )

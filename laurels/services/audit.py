"""Actors and the audit: who may ask for a write, and the row that says who did, on what, from what to what."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from sqlmodel import Session, select

from laurels.errors import RuleRefusedError
from models.audit import Actor, AuditEntry


class Role(IntEnum):
    """What an actor may do; each role may what the one before may."""

    VIEWER = 1
    EDITOR = 2
    ADMIN = 3


def authorise(session: Session, name: str, needed: Role) -> Actor:
    """Return the actor, if the role suffices. Raises RuleRefusedError otherwise.

    Whoever asks first on an empty house becomes its admin; everybody after is let in by `add_actor`.
    """
    actor = session.get(Actor, name)
    if actor is None and session.exec(select(Actor).limit(1)).first() is None:
        actor = Actor(name=name, role=Role.ADMIN.name.lower())
        session.add(actor)
        session.flush()
    if actor is None:
        raise RuleRefusedError(
            f"{name} is no actor here: an admin adds one by `laurels actor add {name} --role editor`"
        )
    if Role[actor.role.upper()] < needed:
        raise RuleRefusedError(f"{name} is {actor.role}: this takes {needed.name.lower()}")
    return actor


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write the audit row, in the transaction of what it tells of. No personal data: ids only."""
    session.add(
        AuditEntry(
            actor=actor.name,
            role=actor.role,
            action=action,
            subject=subject,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
            reason=reason,
        )
    )


def add_actor(session: Session, by: str, name: str, role: Role) -> None:
    """Let somebody in, or change what they may. Raises RuleRefusedError unless an admin asks."""
    admin = authorise(session, by, Role.ADMIN)
    known = session.get(Actor, name)
    before = {"role": known.role} if known else None
    session.merge(Actor(name=name, role=role.name.lower()))
    record(session, admin, "actor.add", name, before=before, after={"role": role.name.lower()})

"""Actors and the audit: who may ask for a write, and the row that says who did, on what, from what to what."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from laurels.errors import RuleRefusedError
from laurels.services.runtime import Runtime
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
    if actor is None:
        actor = _first(session, name)
    if actor is None:
        raise RuleRefusedError(
            f"{name} is no actor here: an admin adds one by `laurels actor add {name} --role editor`"
        )
    if Role[actor.role.upper()] < needed:
        raise RuleRefusedError(f"{name} is {actor.role}: this takes {needed.name.lower()}")
    return actor


def _first(session: Session, name: str) -> Actor | None:
    """Return a new admin where the house is empty; of two who ask at once, one finds it so."""
    _lock(session)
    if session.exec(select(Actor).limit(1)).first() is not None:
        return session.get(Actor, name)
    actor = Actor(name=name, role=Role.ADMIN.name.lower())
    session.add(actor)
    session.flush()
    return actor


def _lock(session: Session) -> None:
    """Let one at a time change who may what, to the end of the transaction; nobody who only asks waits."""
    session.connection().execute(text("lock table actor in share row exclusive mode"))


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


def asked(
    runtime: Runtime, actor: str | None, action: str, subject: str, after: Mapping[str, Any] | None = None
) -> None:
    """Let a person ask for work of many transactions: the row stands before the work begins. A flow is nobody.

    Raises RuleRefusedError unless an editor asks.
    """
    if actor is not None:
        with runtime.database.transaction() as session:
            record(session, authorise(session, actor, Role.EDITOR), action, subject, after=after)


def role_of(name: str) -> Role:
    """Return the role of that name. Raises RuleRefusedError."""
    for role in Role:
        if role.name.lower() == name:
            return role
    raise RuleRefusedError(f"no role {name} ({', '.join(role.name.lower() for role in Role)})")


def add_actor(session: Session, by: str, name: str, role: Role) -> None:
    """Let somebody in, or change what they may.

    Raises RuleRefusedError unless an admin asks, and where no admin would be left.
    """
    _lock(session)
    admin = authorise(session, by, Role.ADMIN)
    known = session.get(Actor, name)
    before = {"role": known.role} if known else None
    admins = session.exec(select(Actor.name).where(Actor.role == Role.ADMIN.name.lower())).all()
    if role is not Role.ADMIN and list(admins) == [name]:
        raise RuleRefusedError(f"{name} is the last admin here: make somebody else one first")
    session.merge(Actor(name=name, role=role.name.lower()))
    record(session, admin, "actor.add", name, before=before, after={"role": role.name.lower()})

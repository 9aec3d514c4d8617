"""Actors: who may ask for writes."""

from sqlmodel import col, select

from laurels.services import audit
from laurels.services.runtime import Runtime
from models.audit import Actor


def add_actor(runtime: Runtime, *, by: str, name: str, role: str) -> None:
    """Let somebody in, or change what they may.

    Raises RuleRefusedError unless an admin asks, for a role that is none, and where no admin would be left.
    """
    with runtime.database.transaction() as session:
        audit.add_actor(session, by, name, audit.role_of(role))


def list_actors(runtime: Runtime) -> dict[str, str]:
    """Return each actor's role by name."""
    with runtime.database.transaction() as session:
        return {
            actor.name: actor.role for actor in session.exec(select(Actor).order_by(col(Actor.name))).all()
        }

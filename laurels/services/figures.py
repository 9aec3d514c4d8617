"""Figures of a whole program: what a person asks first."""

from dataclasses import dataclass

from laurels.services.runtime import Runtime
from laurels.stores import figures, programs


@dataclass(frozen=True, slots=True)
class Figures:
    """Members with points, their points, and activity by kind."""

    program: str
    members: int
    points: int
    activity: dict[str, int]


def program_figures(runtime: Runtime, program: str) -> Figures:
    """Return a program's figures. Raises NotFoundError."""
    with runtime.database.transaction() as session:
        stored = programs.stored_program(session, program)
        members, points = figures.members_and_points(session, stored.id)
        return Figures(stored.name, members, points, figures.activity_by_kind(session, stored.id))

"""Boards in Redis, read where they show the latest pass and written by a pass; PostgreSQL answers where they do not."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from laurels.errors import FencedError, RuleRefusedError, TransientError, UnreachableError
from laurels.rules.standings import composite, decomposite
from laurels.services.leases import Held
from laurels.services.runtime import Runtime
from laurels.stores import boards, leases
from models.boards import BoardWindow, Standing

Scores = dict[UUID, tuple[int, datetime] | None]
"""Score and when it was reached by member; None for one who left the board."""


def passes(runtime: Runtime, windows: list[BoardWindow]) -> dict[UUID, int | None] | None:
    """Return the pass that each board shows, None where there is no Redis."""
    try:
        return runtime.views.passes([window.view for window in windows])
    except UnreachableError:
        return None


def top(runtime: Runtime, window: BoardWindow, limit: int) -> list[tuple[UUID, int]] | None:
    """Return the first ranks with their scores, None where Redis does not show the latest pass."""
    try:
        if not _is_shown(runtime, window):
            return None
        ranked = runtime.views.top(window.view, limit)
    except TransientError:
        return None
    return [
        (place.member_id, decomposite(place.number, window.starts_at, window.ends_at)[0]) for place in ranked
    ]


def rank(runtime: Runtime, session: Session, window: BoardWindow, member_id: UUID) -> int | None:
    """Return a member's rank by Redis, by PostgreSQL where it does not show the latest pass; None off the board."""
    try:
        if _is_shown(runtime, window):
            place = runtime.views.rank(window.view, member_id)
            return place.rank if place else None
    except TransientError:
        pass
    return boards.rank(session, window.id or 0, member_id)


def publish(
    runtime: Runtime, window: BoardWindow, held: Held, scores: Scores | None, *, republish: bool
) -> bool:
    """Write the window's latest pass; a Redis that is away is stated, counted and healed by a later pass.

    Without scores nothing is new: the board is built only where Redis does not show this pass.
    A board with a score that Redis could not hold exactly is in PostgreSQL alone, and is counted by every pass.
    """
    try:
        if not republish and _is_brought_up(runtime, window, held.token, scores):
            return True
        return _build(runtime, window, held.token) or (
            _forget_another_life(runtime, window, held) and _build(runtime, window, held.token)
        )
    except RuleRefusedError:
        _take_away(runtime, window)
    except (TransientError, FencedError):
        pass
    return False


def _is_shown(runtime: Runtime, window: BoardWindow) -> bool:
    return runtime.views.passes([window.view])[window.view] == window.pass_number


def _is_brought_up(runtime: Runtime, window: BoardWindow, token: int, scores: Scores | None) -> bool:
    if scores is None:
        return _is_shown(runtime, window)
    bounds = (window.starts_at, window.ends_at)
    changes = {member: None if at is None else composite(*at, *bounds) for member, at in scores.items()}
    return runtime.views.change(window.view, token, window.pass_number, changes)


def _build(runtime: Runtime, window: BoardWindow, token: int) -> bool:
    bounds = (window.starts_at, window.ends_at)
    with runtime.database.transaction() as session:
        if session.get_one(BoardWindow, window.id).pass_number != window.pass_number:
            return False  # a later pass is on its way and shows more
        rows = session.exec(select(Standing).where(Standing.window_id == window.id)).yield_per(5_000)
        places = ((row.member_id, composite(row.score, row.reached_at, *bounds)) for row in rows)
        return runtime.views.replace(window.view, token, window.pass_number, places)


def _take_away(runtime: Runtime, window: BoardWindow) -> None:
    """Leave no older pass standing where no later one can follow; a Redis that is away keeps it until it is back."""
    with suppress(TransientError):
        note = runtime.views.note(window.view)
        if note is not None:
            runtime.views.forget(window.view, note)


def _forget_another_life(runtime: Runtime, window: BoardWindow, held: Held) -> bool:
    """Take a board away that claims a token or pass which this database has not reached; return whether it did.

    While the lease is still ours, nobody who writes for this database can have had more: the database was put back to a
    backup, and its Redis was not.
    """
    note = runtime.views.note(window.view)
    if note is None or (note.token <= held.token and note.number <= window.pass_number):
        return False
    with runtime.database.transaction() as session:
        leases.fence(session, held.name, held.token)
    runtime.views.forget(window.view, note)
    return True

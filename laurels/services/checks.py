"""Checks: the promises that must hold of a live store at any moment, each with those who break it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from uuid import UUID

from sqlmodel import Session, col, select

from laurels.errors import RuleRefusedError, TransientError
from laurels.rules.standings import composite
from laurels.services import rejections
from laurels.services.runtime import Runtime
from laurels.stores import checks
from laurels.stores.checks import CHECKS, EXAMPLES, Place
from laurels.stores.database import freeze
from models.boards import BoardWindow
from models.intake import Intake

_BOARDS = ("I31", "Redis shows every board as PostgreSQL ranks it: members, scores and ties.")
_FILES = ("I17", "A file is read to its end: send it again, or reject its intake.")


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that is broken: its number, what it says, and the first of those who break it (opaque ids)."""

    name: str
    sentence: str
    examples: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.name}: {self.sentence} But: {'; '.join(self.examples)}"


def check_invariants(runtime: Runtime) -> list[Finding]:
    """Return every promise that the store breaks; none on a healthy one, also while others write.

    Everything is read from one snapshot. A board is compared where nobody works on it or has to. One that Redis lost is
    put back by the next pass and breaks nothing; one of an older or a later pass is a finding, and so is a Redis that
    is away.
    """
    with runtime.database.transaction() as session:
        freeze(session)
        found = [
            Finding(check.name, check.sentence, tuple(examples))
            for check in CHECKS
            if (examples := checks.offenders(session, check))
        ]
        boards = _wrong_boards(runtime, session)
    more = ((*_FILES, _left_files(runtime)), (*_BOARDS, boards))
    return found + [
        Finding(name, sentence, tuple(texts[:EXAMPLES])) for name, sentence, texts in more if texts
    ]


def _left_files(runtime: Runtime) -> list[str]:
    """Return the intakes whose reader is gone; its lock says so, which no snapshot holds."""
    with runtime.database.transaction() as session:
        reading = session.exec(select(Intake).where(Intake.state == "reading").order_by(col(Intake.id))).all()
        return [f"intake {one.id}" for one in reading if rejections.is_left(session, one)]


def _wrong_boards(runtime: Runtime, session: Session) -> list[str]:
    try:
        windows = checks.windows_at_rest(session)
        return [text for window in windows for text in _compared(runtime, session, window)]
    except TransientError as error:
        return [str(error)]


def _compared(runtime: Runtime, session: Session, window: BoardWindow) -> Iterator[str]:
    """Yield the first rank at which a board differs, or its pass; nothing if somebody began to work on it meanwhile."""
    shown = _shown(runtime, window)
    if shown is None:
        return
    if shown == window.pass_number:
        difference = _difference(runtime, session, window)
    else:
        difference = f"window {window.id}: pass {window.pass_number} stands, {shown} is shown"
    if difference is not None and _is_still(runtime, window) and _shown(runtime, window) == shown:
        yield difference


def _shown(runtime: Runtime, window: BoardWindow) -> int | None:
    return runtime.views.passes([window.view])[window.view]


def _is_still(runtime: Runtime, window: BoardWindow) -> bool:
    """Return whether the window is at rest now, too, in the pass of the snapshot."""
    with runtime.database.transaction() as session:
        return any(
            (one.id, one.pass_number) == (window.id, window.pass_number)
            for one in checks.windows_at_rest(session)
        )


def _difference(runtime: Runtime, session: Session, window: BoardWindow) -> str | None:
    here = (_place(window, place) for place in checks.ranking(session, window.id or 0))
    there = ((ranked.member_id, ranked.number) for ranked in runtime.views.everyone(window.view))
    for rank, (stands, shown) in enumerate(zip_longest(here, there), start=1):
        if stands != shown:
            return f"window {window.id} at rank {rank}: {_told(stands)} stands, {_told(shown)} is shown"
    return None


def _place(window: BoardWindow, place: Place) -> tuple[UUID, int | None]:
    try:
        return place.member_id, composite(place.score, place.reached_at, window.starts_at, window.ends_at)
    except RuleRefusedError:
        return place.member_id, None  # no score that Redis could show


def _told(place: tuple[UUID, int | None] | None) -> str:
    return "nobody" if place is None else f"member {place[0]} with {place[1]}"

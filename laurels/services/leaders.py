"""Leaders: the first ranks of every board that is open, for a report."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from laurels.clock import business_time
from laurels.errors import NotFoundError
from laurels.services import boards
from laurels.services.boards import BoardRow
from laurels.services.runtime import Runtime
from laurels.stores import programs


@dataclass(frozen=True, slots=True)
class Leaders:
    """The first ranks of one board in one period."""

    program: str
    board: str
    period: str
    rows: tuple[BoardRow, ...]


def leaders(
    runtime: Runtime, *, program: str | None = None, as_of: datetime | None = None, limit: int = 10
) -> list[Leaders]:
    """Return the first ranks of a program's boards, or of all, in the order of the program files.

    A board that has no window yet is left out.
    """
    now = business_time(as_of, runtime.settings.as_of)
    with runtime.database.transaction() as session:
        stored = programs.stored_programs(session)
    named = [
        (one.name, board.board, period.value)
        for one in stored
        if program in {None, one.name}
        for board in one.rules(now).boards
        for period in board.windows
    ]
    found = []
    for place in named:
        with suppress(NotFoundError):
            found.append(Leaders(*place, tuple(boards.top(runtime, *place, limit=limit, as_of=now))))
    return found

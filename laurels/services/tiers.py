"""Tiers of a window: whether it decides any, what its pass changes, and whose grants end because it does so no more."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from laurels.rules import messages
from laurels.rules.tiers import Change, End, Ending, Give, decide, withdraw
from laurels.rules.windows import spans
from laurels.stores import boards, grants
from laurels.stores.grants import Owed
from laurels.stores.participation import Version
from laurels.stores.programs import StoredProgram
from models.boards import BoardWindow
from models.values.tiers import Tiers


def of_window(version: Version | None, window: BoardWindow) -> Tiers | None:
    """Return a version's tiers where this window, however long, is one of the board that decides them."""
    tiers = version.program.tiers if version else None
    if version is None or tiers is None or (window.board, window.period) != (tiers.board_name, tiers.window):
        return None
    day = window.starts_at.astimezone(version.program.zone).date()
    begins = {span.starts_at for span in spans(version.program, tiers.window, [day])}
    return tiers if window.starts_at in begins else None


def is_due(session: Session, program: StoredProgram, window: BoardWindow, as_of: datetime) -> bool:
    """Return whether a pass over a window may find anything to do at a time."""
    version, number = program.effective(as_of), window.id or 0
    tiers = of_window(version, window)
    if boards.is_due(session, number, as_of, withdrawn=version is not None and tiers is None):
        return True
    deciding = version is not None and tiers is not None and _is_open(window, as_of)
    return version is not None and deciding and grants.is_behind(session, number, version.id)


def decide_pass(
    session: Session, program: StoredProgram, window: BoardWindow, as_of: datetime
) -> Owed | None:
    """Write what the next pass over a window changes; None where that is nothing.

    Grants follow ranks while the window is open. They stay when it ends, and end when the version in force has no such
    window of its tiers: other tiers, another board or season.
    """
    version = program.effective(as_of)
    changes = _changes(session, version, window, as_of) if version else []
    if version is None or not changes:
        return None
    texts = dict(_texts(changes, version.program.messages.rank_change, window.board))
    return grants.write(
        session, grants.Pass(window, version.id, window.pass_number + 1, as_of), changes, texts
    )


def _changes(session: Session, version: Version, window: BoardWindow, as_of: datetime) -> list[Change]:
    tiers, number = of_window(version, window), window.id or 0
    if tiers is None:
        return withdraw(grants.holdings(session, number))
    if not _is_open(window, as_of):
        return []
    ranks = grants.top_ranks(session, number, tiers.ranks[-1].to)
    return decide(tiers, ranks, grants.holdings(session, number), as_of)


def _is_open(window: BoardWindow, as_of: datetime) -> bool:
    return window.starts_at <= as_of < window.ends_at


def _texts(changes: list[Change], text: str | None, board: str) -> Iterator[tuple[UUID, str]]:
    """Yield the words for each member who rose; a fall to a lower tier is pushed to the shop, not celebrated."""
    fallen = {
        change.grant_id for change in changes if isinstance(change, End) and change.ending is Ending.DOWNGRADE
    }
    for change in changes:
        if isinstance(change, Give) and change.replaces not in fallen:
            values = {"rank": change.rank, "percent": change.tier.percent, "board": board}
            yield change.member_id, messages.render(text or messages.RANK_CHANGE, values)

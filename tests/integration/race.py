"""A race for the boards' tests: the sample program applied, and members who get as many referrals as a test says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import select

from laurels.rules.identity import member_ids
from laurels.services import boards, versions
from laurels.services.boards import BoardsReport
from laurels.services.runtime import Runtime
from laurels.stores.programs import stored_program
from models.boards import BoardWindow
from models.grants import TierGrant
from models.values.program import Program
from tests.integration.activity import referral, run_rows

SUMMER = Path("deployments/programs/summer-race.yaml")
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC)
NOON = "2026-06-10T12:00:00Z"
TEN = {f"m{place:02}": 40 - 3 * place for place in range(1, 11)}
"""Ten members in the order of their names, three referrals between each and the next: m06 has 22, m04 has 28."""
_numbers = count(1)


def refer(runtime: Runtime, folder: Path, referrals: Mapping[str, int], at: str = NOON) -> None:
    """Give each member so many more referrals, all at one time."""
    rows = [
        referral(f"r{number}", member, f"friend-{number}", at)
        for member, times in referrals.items()
        for number in (next(_numbers) for _ in range(times))
    ]
    run_rows(runtime, folder, rows, f"referrals-{next(_numbers)}.jsonl")


def reconcile(runtime: Runtime, as_of: datetime = JUNE, **options: Any) -> BoardsReport:
    return boards.reconcile_boards(runtime, as_of=as_of, **options)


def member(runtime: Runtime, name: str) -> UUID:
    return member_ids("test", runtime.keys.member_id)(name)


def percents(runtime: Runtime) -> dict[UUID, int]:
    """Return what each member holds."""
    with runtime.database.transaction() as session:
        rows = session.exec(select(TierGrant).where(TierGrant.ended_at.is_(None))).all()
    return {row.member_id: row.percent for row in rows}


def falling(runtime: Runtime) -> dict[UUID, datetime]:
    """Return since when who is waited out."""
    with runtime.database.transaction() as session:
        rows = session.exec(select(TierGrant).where(TierGrant.ended_at.is_(None))).all()
    return {row.member_id: row.falling_since for row in rows if row.falling_since}


def window(
    runtime: Runtime, board: str = "referrals/season", program: str = "summer-race", as_of: datetime = JUNE
) -> BoardWindow:
    with runtime.database.transaction() as session:
        return boards.find_window(session, stored_program(session, program), *board.split("/"), as_of)


def ranking(
    runtime: Runtime, board: str = "referrals/season", program: str = "summer-race", as_of: datetime = JUNE
) -> list[tuple[UUID, int]]:
    found = boards.top(runtime, program, *board.split("/"), limit=1_000, as_of=as_of)
    assert [row.rank for row in found] == list(range(1, len(found) + 1))
    return [(row.member_id, row.score) for row in found]


def apply(
    runtime: Runtime, *, effective_from: datetime = MAY, as_of: datetime | None = None, **parts: Any
) -> None:
    """Apply a program of the tests' own, with what is given besides its zone, currency and season."""
    whole: dict[str, Any] = {"program": "own", "time_zone": "UTC", "currency": "USD"}
    whole |= {"points_value": {"points": 100, "worth": "5.00"}, "earning": [], "boards": []}
    whole |= {"season": {"starts": "2026-06-01", "ends": "2026-09-01"}}
    program = Program.model_validate(whole | parts)
    as_of = as_of or effective_from
    versions.apply_version(runtime, program, actor="ann", effective_from=effective_from, as_of=as_of)

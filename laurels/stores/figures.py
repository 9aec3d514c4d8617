"""Figures, counted where the rows are."""

from sqlmodel import Session

from laurels.stores.database import driver


def members_and_points(session: Session, program_id: int) -> tuple[int, int]:
    """Return how many members have entries in a program's ledger, and the sum of them."""
    row = (
        driver(session)
        .execute(
            "select count(distinct member_id), coalesce(sum(points), 0)::bigint from ledger_entry "
            "where program_id = %s",
            (program_id,),
        )
        .fetchone()
    )
    members, points = row or (0, 0)
    return (members, points) if isinstance(members, int) and isinstance(points, int) else (0, 0)


def activity_by_kind(session: Session, program_id: int) -> dict[str, int]:
    """Return how many activities of each kind count in a program."""
    rows = driver(session).execute(
        "select kind, count(*) from participation where program_id = %s group by kind order by 2 desc, 1",
        (program_id,),
    )
    return {str(kind): count for kind, count in rows.fetchall() if isinstance(count, int)}

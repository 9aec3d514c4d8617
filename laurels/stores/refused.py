"""Refused rows of one file by reason: how many, and where the first of them are."""

from sqlmodel import Session

from laurels.stores.database import driver

_REASONS = """
select reason, count(*), (array_agg(line order by line) filter (where place <= %(places)s)) as lines
  from (select reason, line, row_number() over (partition by reason order by line) as place
          from quarantined_row, unnest(reasons) as reason
         where intake_id = %(intake)s and state = 'open') as row
 group by reason order by count(*) desc, reason
"""


def reasons_of(session: Session, intake_id: int, places: int) -> list[tuple[str, int, list[int]]]:
    """Return reason, count and first lines of what is open of an intake, the most frequent first.

    A row with two reasons counts in both.
    """
    rows = driver(session).execute(_REASONS, {"intake": intake_id, "places": places}).fetchall()
    return [(str(reason), int(str(count)), list(lines or ())) for reason, count, lines in rows]  # type: ignore[call-overload]

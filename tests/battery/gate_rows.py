"""Rows for the gate's battery: taken in as the inbox takes them, past any mapping, so that each fault can be planted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from laurels.rules.identity import event_key
from laurels.services.runtime import Runtime
from laurels.stores import inbox
from laurels.stores.database import driver
from models.intake import Intake
from models.values.activity import InboxRow

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
GOOD = InboxRow(
    line=1,
    source="test",
    event_id="good",
    digest=b"0" * 16,
    kind="purchase",
    member_id=UUID(int=1),
    occurred_at=NOW - timedelta(days=1),
    amount_minor=1250,
    currency="USD",
    order_id=UUID(int=7),
)
REFUND = replace(GOOD, kind="refund")
REFERRAL = replace(
    GOOD, kind="referral", amount_minor=None, currency=None, order_id=None, referred_id=UUID(int=2)
)

PLANTED: dict[str, InboxRow] = {
    "kind_missing": replace(GOOD, kind=None),
    "member_missing": replace(GOOD, member_id=None),
    "time_missing": replace(GOOD, occurred_at=None),
    "time_in_future": replace(GOOD, occurred_at=NOW + timedelta(minutes=5, microseconds=1)),
    "amount_missing": replace(GOOD, amount_minor=None),
    "purchase_negative": replace(GOOD, amount_minor=-1),
    "refund_not_positive": replace(REFUND, amount_minor=0),
    "amount_too_large": replace(GOOD, amount_minor=2**43),
    "referred_missing": replace(REFERRAL, referred_id=None),
    "self_referral": replace(REFERRAL, referred_id=REFERRAL.member_id),
    "refund_without_order": replace(REFUND, order_id=None),
}
"""For each rule of the gate one row that breaks it, and it alone."""

BORDERLINE = [
    GOOD,
    REFERRAL,
    replace(GOOD, occurred_at=NOW + timedelta(minutes=5)),
    replace(GOOD, amount_minor=0),
    replace(GOOD, amount_minor=2**43 - 1),
    replace(REFUND, amount_minor=1),
    replace(REFUND, member_id=None),
    replace(GOOD, kind="share", amount_minor=None, currency=None, order_id=None),
]
"""Rows that just do not break a rule."""


def take_in(runtime: Runtime, rows: Sequence[InboxRow], source: str = "test") -> int:
    """Accept rows as one released file; their event ids are e1, e2, ... Return the intake."""
    with runtime.database.transaction() as session:
        intake = Intake(source=source, name="planted.jsonl", digest="0", mapping="activity-jsonl", as_of=NOW)
        intake.state, intake.rows, intake.accepted = "released", len(rows), len(rows)
        session.add(intake)
        session.flush()
        inbox.prepare(session)
        keyed = [
            (key_of(line, source), f"e{line}", replace(row, line=line)) for line, row in enumerate(rows, 1)
        ]
        inbox.accept(session, intake.id or 0, keyed)
        return intake.id or 0


def key_of(line: int, source: str = "test") -> UUID:
    return event_key(source, f"e{line}")


def ask(runtime: Runtime, query: str, *values: object) -> list[tuple[object, ...]]:
    with runtime.database.transaction() as session:
        return driver(session).execute(query.encode(), values or None).fetchall()


def one(runtime: Runtime, query: str, *values: object) -> object:
    (row,) = ask(runtime, query, *values)
    return row[0]


def refused_lines(runtime: Runtime) -> dict[object, object]:
    return dict(ask(runtime, "select line, reasons from quarantined_row order by line"))


def states_by_key(runtime: Runtime) -> list[tuple[object, ...]]:
    """I17: for each accepted key, how many of the states it is in; one each is right."""
    return ask(
        runtime,
        """
        select k.event_id, array_remove(array[
          case when exists (select from activity a where a.id = k.key) then 'applied' end,
          case when exists (select from queue_item q where q.key = k.key) then 'waiting' end,
          case when exists (select from batch_item b where b.key = k.key) then 'in a batch' end,
          (select max(r.state) from quarantined_row r
            where r.key = k.key and r.batch_id is not null and r.state in ('open', 'dismissed', 'expired')),
          case when t.state = 'rejected' then 'rejected' end
        ]::text[], null) from inbox_key k join intake t on t.id = k.intake_id order by k.event_id
        """,
    )

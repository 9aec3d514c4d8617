"""Random histories for batteries: few members and days, so that caps, ties, refunds and edges of windows meet often."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from laurels.rules.identity import event_key, member_ids, order_id
from laurels.services.runtime import Runtime
from models.values.money import minor_digits
from tests.oracle import Act

Row = dict[str, Any]
SOURCE = "test"
EDGES = (  # in UTC: a season's begin and end, a week's, a month's and a day's, and a day that was 23 hours long
    "2026-06-01T04:00:00",
    "2026-06-08T04:00:00",
    "2026-06-30T22:00:00",
    "2026-07-01T04:00:00",
    "2026-07-05T22:00:00",
    "2026-03-29T01:00:00",
    "2026-09-01T04:00:00",
)


def history(seed: int, events: int = 120, members: int = 6) -> list[Row]:
    """Rows in no order of arrival, each once; equal seeds give equal rows."""
    dice = random.Random(seed)
    orders: list[tuple[str, str]] = []
    rows = [_row(dice, f"{seed}-{number}", f"m{dice.randrange(members)}", orders) for number in range(events)]
    dice.shuffle(rows)
    return rows


def _row(dice: random.Random, event: str, member: str, orders: list[tuple[str, str]]) -> Row:
    kind = dice.choices(
        ["purchase", "refund", "referral", "share", "review", "login"], weights=[6, 5, 4, 4, 2, 2]
    )[0]
    row: Row = {"event_id": event, "kind": kind, "member_id": member, "occurred_at": _moment(dice)}
    if kind == "purchase":
        currency = dice.choices(["USD", "EUR", "JPY"], weights=[8, 2, 1])[0]
        order = dice.choice([f"o-{event}"] * 8 + [name for name, _ in orders[-3:]])
        orders.append((order, currency))
        row |= {"amount": _amount(dice, currency), "currency": currency, "order_id": order}
        if dice.random() < 0.1:
            del row["order_id"]
    elif kind == "refund":
        order, currency = dice.choice([*orders[-8:], (f"nowhere-{event}", "USD")])
        currency = dice.choices([currency, "EUR"], weights=[9, 1])[0]
        row |= {"amount": _amount(dice, currency, least=1), "currency": currency, "order_id": order}
    elif kind == "referral":
        row |= {"referred_id": f"friend-{event}"}
        row |= {"verified": "true"} if dice.random() < 0.7 else {}
    return row


def _amount(dice: random.Random, currency: str, least: int = 0) -> str:
    minor = dice.choice([least, 1, 99, 100, 199, 1259, 5000, dice.randrange(1, 20_000)])
    digits = minor_digits(currency)
    return f"{minor / 10**digits:.{digits}f}"


def _moment(dice: random.Random) -> str:
    """Return a time near an edge or within three days, in UTC; every third has parts of a second."""
    if dice.random() < 0.4:
        at = datetime.fromisoformat(dice.choice(EDGES)).replace(tzinfo=UTC)
        at += timedelta(seconds=dice.choice([-1, 0, 0, 1, 1800]))
    else:
        at = datetime(2026, 6, 9, tzinfo=UTC) + timedelta(seconds=300 * dice.randrange(3 * 288))
    return (at + timedelta(microseconds=dice.choice([0, 0, 999_999]))).isoformat()


def acts_of(runtime: Runtime, rows: Iterable[Row]) -> list[Act]:
    """Return what the rows say, each event once, under the ids that the store gives."""
    member_id = member_ids(SOURCE, runtime.keys.member_id)
    acts: dict[UUID, Act] = {}
    for row in rows:
        key, currency = event_key(SOURCE, row["event_id"]), row.get("currency")
        acts[key] = Act(
            id=key,
            kind=row["kind"],
            member=member_id(row["member_id"]) if "member_id" in row else None,
            at=datetime.fromisoformat(row["occurred_at"]),
            minor=round(float(row["amount"]) * 10 ** minor_digits(currency)) if currency else 0,
            currency=currency,
            order=order_id(SOURCE, row["order_id"]) if "order_id" in row else None,
            verified=row.get("verified") == "true",
        )
    return list(acts.values())

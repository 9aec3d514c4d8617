"""Simulated activity for the demo: seeded referrals and shares around real households, and rows that are wrong.

Nothing here is real but the household ids; what comes out is called simulated wherever it is shown.
"""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SEED = 20170601
VERIFIED = 0.9
STARTS = datetime.fromisoformat("2017-06-01T08:00:00-04:00")
SEASON_HOURS = 91 * 24

# What each planted row gets wrong; the reason that the gate must give stands beside it.
PLANTED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("self_referral", {"kind": "referral", "member_id": "3", "referred_id": "3"}),
    ("referred_missing", {"kind": "referral", "member_id": "6"}),
    ("time_in_future", {"kind": "share", "member_id": "9", "occurred_at": "2017-12-24T18:00:00-05:00"}),
    ("time_without_zone", {"kind": "share", "member_id": "9", "occurred_at": "2017-07-04T12:00:00"}),
    ("time_unreadable", {"kind": "share", "member_id": "12", "occurred_at": "next Tuesday"}),
    ("amount_decimal_comma", {"kind": "purchase", "member_id": "15", "amount": "12,50", "currency": "USD"}),
    ("amount_not_a_number", {"kind": "purchase", "member_id": "15", "amount": "NaN", "currency": "USD"}),
    ("purchase_negative", {"kind": "purchase", "member_id": "18", "amount": "-5.00", "currency": "USD"}),
    ("currency_unknown", {"kind": "purchase", "member_id": "18", "amount": "5.00", "currency": "XYZ"}),
    ("member_id_scientific", {"kind": "share", "member_id": "1.23E+15"}),
    ("kind_unknown", {"kind": "teleport", "member_id": "21"}),
    ("refund_without_order", {"kind": "refund", "member_id": "24", "amount": "5.00", "currency": "USD"}),
)


def write_simulated(path: Path, households: Sequence[int], referrals: int = 420, shares: int = 900) -> int:
    """Write simulated activity as JSON lines; return the number of rows. The same seed gives the same file."""
    chance = random.Random(SEED)  # noqa: S311  # a demonstration must be repeatable, not unguessable
    rows = [*_referrals(chance, households, referrals), *_shares(chance, households, shares), *_planted()]
    rows.sort(key=lambda row: str(row["event_id"]))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return len(rows)


def _referrals(chance: random.Random, households: Sequence[int], count: int) -> Iterator[dict[str, Any]]:
    """Yield referrals: a few households refer most, as in life, and most are verified."""
    weights = [1 / (place + 1) for place in range(len(households))]
    keen = chance.sample(list(households), len(households))
    for number in range(count):
        yield {
            "event_id": f"sim-referral-{number:05}",
            "kind": "referral",
            "member_id": str(chance.choices(keen, weights)[0]),
            "occurred_at": _time(chance),
            "referred_id": f"friend-{number:05}",
            "verified": "true" if chance.random() < VERIFIED else "false",
            "email": f"household{number}@example.com",
        }


def _shares(chance: random.Random, households: Sequence[int], count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "event_id": f"sim-share-{number:05}",
            "kind": "share",
            "member_id": str(chance.choice(households)),
            "occurred_at": _time(chance),
            "channel": chance.choice(["web", "app", "store"]),
        }


def _planted() -> Iterator[dict[str, Any]]:
    for number, (reason, fault) in enumerate(PLANTED):
        yield {
            "event_id": f"sim-wrong-{number:02}-{reason}",
            "occurred_at": "2017-07-01T12:00:00-04:00",
        } | fault


def _time(chance: random.Random) -> str:
    return (STARTS + timedelta(seconds=chance.randrange(SEASON_HOURS * 3600))).isoformat()

"""A Shopify order and its refund, to points and net spend, whichever of the two comes in first."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from laurels.rules.identity import member_ids
from laurels.services import batches, boards, intake, versions
from laurels.services.programs import parse_program
from laurels.services.runtime import Runtime
from laurels.stores.database import driver

PROGRAM = """
program: shop
time_zone: America/New_York
currency: USD
season: {starts: 2008-01-01, ends: 2027-01-01}
points_value: {points: 100, worth: 5.00}
earning:
  - {rule: purchase, on: purchase, points_per_unit: 10}
boards:
  - {board: spend, metric: {sum: amount, of: purchase, net: refunds}, windows: [season]}
"""
NOW = datetime(2026, 7, 1, tzinfo=UTC)

# As webhooks post them: bare. The refund went through in two transactions and names no customer.
ORDER = {
    "id": 1001,
    "created_at": "2026-06-10T12:00:00-04:00",
    "currency": "USD",
    "email": "ada@example.org",
    "total_price": "59.99",
    "test": False,
    "customer": {"id": 77, "first_name": "Ada", "last_name": "L"},
}
GIVEN_BACK = {"kind": "refund", "amount": "12.50", "currency": "USD", "status": "success", "test": False}
REFUND = {
    "id": 2001,
    "order_id": 1001,
    "created_at": "2026-06-12T12:00:00-04:00",
    "transactions": [GIVEN_BACK | {"id": 3001}, GIVEN_BACK | {"id": 3002, "amount": "7.49"}],
}
Body = dict[str, Any]
ARRIVALS = [("orders", "refunds"), ("refunds", "orders")]


@pytest.fixture
def shop(runtime: Runtime) -> Runtime:
    start = datetime(2008, 1, 1, tzinfo=UTC)
    versions.apply_version(runtime, parse_program(PROGRAM, "shop"), actor="ann", effective_from=start)
    return runtime


def arrives(runtime: Runtime, folder: Path, what: str, body: Body) -> None:
    path = folder / f"{what}.jsonl"
    path.write_text(json.dumps(body) + "\n")
    report = intake.ingest_file(runtime, path, source="shop", mapping=f"shopify-{what}", as_of=NOW)
    assert (report.state, report.refused) == ("released", 0)
    assert batches.drain(runtime).quarantined == 0


def entries(runtime: Runtime) -> list[tuple[Any, ...]]:
    with runtime.database.transaction() as session:
        return driver(session).execute("select member_id, points from ledger_entry").fetchall()


def stands(runtime: Runtime, customer: str) -> tuple[int, int, list[int]]:
    """The customer's points as earned and as they stand, and the net spend on the board. Nobody else has any."""
    boards.reconcile_boards(runtime, as_of=NOW)
    ranked = boards.top(runtime, "shop", "spend", "season", as_of=NOW)
    members = {member for member, _ in entries(runtime)} | {row.member_id for row in ranked}
    assert members == {member_ids("shop", runtime.keys.member_id)(customer)}
    points = [points for _, points in entries(runtime)]
    return sum(one for one in points if one > 0), sum(points), [row.score for row in ranked]


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_a_refund_takes_back_its_share_whatever_comes_first(
    shop: Runtime, tmp_path: Path, arrival: tuple[str, str]
) -> None:
    for what in arrival:
        arrives(shop, tmp_path, what, {"orders": ORDER, "refunds": REFUND}[what])
    assert stands(shop, "77") == (599, 599 - 599 * 1999 // 5999, [5999 - 1999])


def test_an_order_earns_and_a_refund_that_waits_for_it_does_not(shop: Runtime, tmp_path: Path) -> None:
    arrives(shop, tmp_path, "refunds", REFUND)
    assert entries(shop) == []
    arrives(shop, tmp_path, "orders", ORDER | {"id": 1002, "total_price": "20.00"})
    assert stands(shop, "77") == (200, 200, [2000])


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_shopify_s_own_samples(
    shop: Runtime, shared_data: Path, tmp_path: Path, arrival: tuple[str, str]
) -> None:
    """An order over $409.94 and a refund of $209.00: bodies as REST gives them, each on one line."""
    for what in arrival:
        sample = shared_data / "webhooks" / f"shopify_{what.removesuffix('s')}.json"
        arrives(shop, tmp_path, what, json.loads(sample.read_text()))
    assert stands(shop, "207119551") == (4099, 4099 - 4099 * 20900 // 40994, [40994 - 20900])

"""Real files through the delivered mappings, against figures computed apart from this code."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from laurels.rules.identity import member_ids, order_id
from laurels.rules.intake import compile_mapping
from laurels.services.mappings import load_mapping
from laurels.stores.files.facts import inspect
from laurels.stores.files.json_lines import records_in
from laurels.stores.files.reading import read_records
from models.values.activity import InboxRow, RefusedRow
from models.values.format import JsonLines
from models.values.mapping import Mapping
from models.values.record import Record
from tests.mappings import KEY, MAPPINGS, SOURCE, rows_of, told


def delivered(name: str) -> Mapping:
    return load_mapping(MAPPINGS / f"{name}.yaml")


@pytest.fixture(scope="module")
def cdnow(shared_data: Path) -> list[InboxRow]:
    rows = rows_of(shared_data / "cdnow" / "cdnow_master.txt.gz", delivered("cdnow"))
    return [row for row in rows if isinstance(row, InboxRow)]


def test_cdnow_is_read_to_the_cent(cdnow: list[InboxRow], shared_data: Path) -> None:
    assert len(cdnow) == 69_659
    assert sum(row.amount_minor or 0 for row in cdnow) == 250_031_563
    assert sum(row.amount_minor == 0 for row in cdnow) == 80
    assert len({row.member_id for row in cdnow}) == 23_570
    assert sum(int(row.raw["cds"] or 0) for row in cdnow) == 167_881
    assert not [row for row in cdnow if row.problems]
    assert [row.line for row in cdnow] == list(range(2, 69_661))
    assert inspect(shared_data / "cdnow" / "cdnow_master.txt.gz", delivered("cdnow")).missing_columns == ()


def test_cdnow_keeps_its_equal_rows_and_the_zeros_of_its_ids(cdnow: list[InboxRow]) -> None:
    assert len(cdnow) - len({row.digest for row in cdnow}) == 255
    spent: Counter[str] = Counter()
    for row in cdnow:
        spent[row.person["external_id"]] += row.amount_minor or 0
    assert spent.most_common(3) == [("07592", 1_399_093), ("14048", 897_633), ("07983", 697_307)]
    assert cdnow[0].member_id == member_ids(SOURCE, KEY)("00001")
    assert cdnow[0].occurred_at == datetime(1997, 1, 1, 5, tzinfo=UTC)


def test_complete_journey_is_read_to_the_cent_through_both_changes_of_the_clock(shared_data: Path) -> None:
    mapping = delivered("complete-journey")
    path = shared_data / "complete_journey" / "transactions.parquet"
    assert inspect(path, mapping).rows == 291_501
    read = compile_mapping(mapping, SOURCE, KEY)
    rows = total = noise = repeated = moved = 0
    members = set()
    for record in read_records(path, mapping):
        assert isinstance(record, Record)
        row = read(record)
        assert not row.problems
        assert row.occurred_at is not None
        rows += 1
        total += row.amount_minor or 0
        noise += "e-" in (row.raw["amount"] or "")
        members.add(row.member_id)
        wall = row.raw["occurred_at"] or ""
        if wall.startswith("2017-11-05T01:"):
            repeated += 1
            assert row.occurred_at.isoformat() == f"2017-11-05T05:{wall[14:]}+00:00"
        if wall.startswith("2017-03-12T02:"):
            moved += 1
            assert row.occurred_at.isoformat() == f"2017-03-12T07:{wall[14:]}+00:00"
    assert (rows, total, noise, repeated, moved, len(members)) == (291_501, 92_535_013, 5, 39, 4, 493)


def test_complete_journey_needs_what_its_mapping_says(shared_data: Path) -> None:
    whole = delivered("complete-journey")
    assert whole.amount is not None
    mapping = whole.model_copy(
        update={
            "amount": whole.amount.model_copy(update={"noise": "refuse"}),
            "occurred_at": whole.occurred_at.model_copy(update={"gap": "refuse"}),
        }
    )
    rows = rows_of(shared_data / "complete_journey" / "transactions.parquet", mapping)
    problems = Counter(problem for row in rows if isinstance(row, InboxRow) for problem in row.problems)
    assert problems == {"time_in_gap": 4, "amount_too_precise": 5}


def body_rows(path: Path, name: str) -> list[InboxRow]:
    mapping = delivered(name)
    assert isinstance(mapping.format, JsonLines)
    found = list(records_in(path.read_bytes(), mapping.format))
    assert not [one for one in found if isinstance(one, RefusedRow)]
    read = compile_mapping(mapping, SOURCE, KEY)
    return [read(one) for one in found if isinstance(one, Record)]


@pytest.mark.parametrize(
    ("name", "minor", "occurred_at"),
    [("shopify_order", 40994, "2008-01-10T16:00:00+00:00"), ("shopify_orders", 59894, None)],
)
def test_a_shopify_order(shared_data: Path, name: str, minor: int, occurred_at: str | None) -> None:
    (row,) = body_rows(shared_data / "webhooks" / f"{name}.json", "shopify-orders")
    assert row.problems == ()
    assert (row.kind, row.amount_minor, row.currency) == ("purchase", minor, "USD")
    assert row.event_id == "order:450789469"
    assert row.order_id == order_id(SOURCE, "450789469")
    assert row.member_id == member_ids(SOURCE, KEY)("207119551")
    assert row.person["email"] == "bob.norman@hostmail.com"
    assert row.person["last_name"] == "Norman"
    assert "norman" not in repr(row.raw).lower()
    assert occurred_at is None or (row.occurred_at is not None and row.occurred_at.isoformat() == occurred_at)


@pytest.mark.parametrize(
    ("name", "mapping", "line"),
    [
        ("shopify_order", "shopify-orders", 1),
        ("shopify_orders", "shopify-orders", 3),
        ("shopify_refund", "shopify-refunds", 1),
    ],
)
def test_a_shopify_body_is_read_as_a_file_as_it_stands(
    shared_data: Path, name: str, mapping: str, line: int
) -> None:
    path = shared_data / "webhooks" / f"{name}.json"
    facts = inspect(path, delivered(mapping))
    assert facts.missing_columns == facts.duplicate_columns == ()
    assert told(rows_of(path, delivered(mapping))) == [(line, "ok")]


def test_a_shopify_refund_is_its_transactions_and_finds_its_order(shared_data: Path) -> None:
    (row,) = body_rows(shared_data / "webhooks" / "shopify_refund.json", "shopify-refunds")
    assert (row.kind, row.amount_minor, row.currency, row.problems) == ("refund", 20900, "USD", ())
    assert (row.event_id, row.member_id) == ("refund:179259969", None)
    assert row.order_id == order_id(SOURCE, "450789469")
    assert row.occurred_at == datetime(2016, 6, 20, 17, 35, 6, tzinfo=UTC)


def test_a_shopify_refund_that_only_restocks_is_no_activity_and_those_beside_it_stay(tmp_path: Path) -> None:
    money = {
        "id": 71,
        "kind": "refund",
        "amount": "5.00",
        "currency": "USD",
        "status": "success",
        "test": False,
    }
    refund = {"order_id": 7, "created_at": "2026-07-01T12:00:00Z", "transactions": [money]}
    path = tmp_path / "refunds.jsonl"
    path.write_text(json.dumps({"refunds": [refund | {"transactions": []}, refund, None, refund]}))
    rows = rows_of(path, delivered("shopify-refunds"))
    assert told(rows) == [(1, "ok"), (1, "json_not_an_object"), (1, "ok")]


def test_a_printed_page_of_orders_is_read_with_the_line_of_each(tmp_path: Path) -> None:
    order = {
        "id": 7,
        "created_at": "2026-07-01T12:00:00Z",
        "total_price": "5.00",
        "currency": "USD",
        "test": False,
    }
    path, mapping = tmp_path / "orders.json", delivered("shopify-orders")
    orders = [order | {"customer": {"id": 1}}, order | {"test": True}, 7, order | {"customer": {"id": 2}}]
    path.write_text(json.dumps({"orders": orders}, indent=2))
    assert inspect(path, mapping).missing_columns == ()
    assert told(rows_of(path, mapping)) == [
        (3, "ok"),
        (13, "member_id_missing+not_accepted"),
        (20, "json_not_an_object"),
        (21, "ok"),
    ]


def test_shopify_bodies_as_lines_of_a_file(shared_data: Path, tmp_path: Path) -> None:
    bodies = [
        json.loads((shared_data / "webhooks" / f"{n}.json").read_text())
        for n in ("shopify_order", "shopify_orders")
    ]
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(json.dumps(body) for body in [*bodies, bodies[0]["order"]]))
    mapping = delivered("shopify-orders")
    facts = inspect(path, mapping)
    assert facts.missing_columns == ()
    assert "billing_address" in facts.unknown_columns
    rows = rows_of(path, mapping)
    assert [row.line for row in rows] == [1, 2, 3]
    assert isinstance(rows[0], InboxRow)
    assert isinstance(rows[2], InboxRow)
    assert rows[0].digest == rows[2].digest

"""Feeds of real data with a number on each row, written clean or spoilt, and the mappings that read them."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tests.battery.faults import (
    CDNOW,
    JOURNEY,
    NATIVE,
    ORDERS,
    PLANTED_EACH,
    REFUNDS,
    Fault,
    Row,
    line,
    spaced,
)
from tests.mappings import MAPPINGS


@dataclass(frozen=True, slots=True)
class Feed:
    """One file's worth: its rows as they should be, what is spoilt in it, and the mapping by which it is read."""

    name: str
    rows: Sequence[Row]
    faults: Sequence[Fault]
    mapping: dict[str, Any]
    suffix: str

    def write(self, path: Path, rows: Iterable[Row | bytes]) -> Path:
        if self.suffix == "parquet":
            pq.write_table(pa.Table.from_pylist(list(rows), JOURNEY_SCHEMA), path)  # type: ignore[arg-type]
            return path
        lines = [row if isinstance(row, bytes) else self.line(row) for row in rows]
        head = [b" ".join(name.encode() for name in self.rows[0])] if self.suffix == "txt" else []
        path.write_bytes(b"\n".join([*head, *lines]) + b"\n")
        return path

    def line(self, row: Row) -> bytes:
        return spaced(row) if self.suffix == "txt" else line(row)

    @property
    def first_line(self) -> int:
        return 2 if self.suffix == "txt" else 1

    def mapping_file(self, folder: Path) -> str:
        path = folder / f"{self.mapping['mapping']}.yaml"
        path.write_text(yaml.safe_dump(self.mapping, sort_keys=False))
        return str(path)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A feed with faults: its rows or lines, and for each spoilt line its fault and the row as it should be."""

    rows: list[Row | bytes]
    planted: dict[int, tuple[Fault, Row]]


JOURNEY_SCHEMA = pa.schema(
    {
        "row": pa.int64(),
        "household_id": pa.int64(),
        "transaction_timestamp": pa.timestamp("us"),
        "sales_value": pa.float64(),
        "basket_id": pa.int64(),
    }
)


def spoil(feed: Feed, seed: int) -> Spoilt:
    """Plant each fault in rows by chance, no two in one; what is a line more stands at the end."""
    chance = random.Random(seed)
    chosen = iter(chance.sample(range(len(feed.rows)), PLANTED_EACH * len(feed.faults)))
    rows: list[Row | bytes] = list(feed.rows)
    planted = {}
    for fault in feed.faults:
        for at in [next(chosen) for _ in range(PLANTED_EACH)]:
            spoilt = fault.plant(feed.rows[at])
            if fault.extra:
                rows.append(spoilt)
            else:
                rows[at] = spoilt
            planted[(len(rows) - 1 if fault.extra else at) + feed.first_line] = (fault, feed.rows[at])
    return Spoilt(rows, planted)


def value(row: Any, column: str) -> str:
    """The text of a column in a row as it should be, for a repair."""
    found = row
    for key in column.split("."):
        found = found[0] if isinstance(found, list) else found
        found = (found or {}).get(key)
    if isinstance(found, datetime):
        return found.isoformat(" ")
    return "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)


def declared(name: str, **changes: Any) -> dict[str, Any]:
    """A shipped mapping with changes; a part given as None is left out."""
    whole = (
        yaml.safe_load((MAPPINGS / f"{name}.yaml").read_text()) | {"mapping": f"{name}-numbered"} | changes
    )
    return {part: said for part, said in whole.items() if said is not None}


def cdnow(lines: Iterable[str]) -> Feed:
    names = ("customer", "date", "cds", "usd")
    rows = [{"row": f"r{at}", **dict(zip(names, text.split(), strict=True))} for at, text in enumerate(lines)]
    columns = {
        "member": {"column": "customer"},
        "occurred_at": {"column": "date", "format": "%Y%m%d", "zone": "America/New_York"},
        "amount": {"column": "usd", "currency": "USD"},
        "attributes": {"cds": "cds"},
    }
    return Feed("CDNOW", rows, CDNOW, declared("cdnow", mode=None, id={"column": "row"}, **columns), "txt")


def journey(path: Path) -> Feed:
    names = [name for name in JOURNEY_SCHEMA.names if name != "row"]
    rows = [{"row": at, **row} for at, row in enumerate(pq.read_table(path, columns=names).to_pylist())]
    mapping = declared(
        "complete-journey", mode=None, id={"column": "row"}, attributes={"basket": "basket_id"}
    )
    return Feed("Complete Journey", rows, JOURNEY, mapping, "parquet")


def orders(sample: Row, count: int) -> Feed:
    """The sample's order again and again: ids, customers, totals and days differ."""
    rows = []
    for at in range(count):
        row = {name: sample[name] for name in ("currency", "email", "source_name", "test")}
        day = datetime(2026, 6, 1 + at % 28, at % 24, tzinfo=UTC)
        total = f"{at % 90 + 10}.{at % 100:02}"
        customer = {"id": 1000 + at % 97, "first_name": "A", "last_name": "B", "phone": None}
        rows.append(
            {
                "id": 10**6 + at,
                **row,
                "created_at": day.isoformat(),
                "total_price": total,
                "customer": customer,
            }
        )
    return Feed("Shopify orders", rows, ORDERS, declared("shopify-orders"), "jsonl")


def refunds(sample: Row, of: Sequence[Row]) -> Feed:
    """A refund of five dollars of every third order, as the sample's."""
    kept = {name: sample["transactions"][0][name] for name in ("kind", "currency", "status", "test")}
    rows = [
        {
            "id": 2 * 10**6 + order["id"],
            "order_id": order["id"],
            "created_at": order["created_at"],
            "transactions": [kept | {"id": 3 * 10**6 + order["id"], "amount": "5.00"}],
        }
        for order in of[::3]
    ]
    return Feed("Shopify refunds", rows, REFUNDS, declared("shopify-refunds"), "jsonl")


def native(households: Sequence[int]) -> Feed:
    rows = [
        {"event_id": f"n{at}", "kind": "share", "member_id": f"m{member}", "occurred_at": "2026-06-10T12:00:00Z", "amount": None, "currency": None, "referred_id": None}
        for at, member in enumerate(households)
    ]  # fmt: skip
    return Feed("Native", rows, NATIVE, declared("activity-jsonl"), "jsonl")

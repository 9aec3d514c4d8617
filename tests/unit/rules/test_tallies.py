"""What a file is counted by: exact, the same however it is cut into chunks, and without a value that says who."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.tallies import AHEAD, Tallies, power_of_two
from models.values.activity import InboxRow, RefusedRow
from models.values.mapping import Mapping
from tests.mappings import mapping_of

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MAPPING = mapping_of(
    kind={"column": "kind", "values": {"sale": "purchase", "visit": "login"}},
    personal={"email": "email"},
    attributes={"channel": "channel"},
)
ROW = InboxRow(
    line=1,
    source="shop",
    event_id="e",
    digest=b"0",
    kind="purchase",
    member_id=UUID(int=1),
    occurred_at=NOW,
    amount_minor=1250,
    currency="USD",
    order_id=UUID(int=2),
    raw={"channel": "web"},
    person={"email": "ada@example.org"},
)
EMPTY = replace(
    ROW,
    kind=None,
    member_id=None,
    occurred_at=None,
    amount_minor=None,
    currency=None,
    order_id=None,
    raw={},
    person={},
)


def counted(
    rows: list[InboxRow], refused: tuple[RefusedRow, ...] = (), mapping: Mapping = MAPPING
) -> Tallies:
    tallies = Tallies(mapping, NOW)
    tallies.add(rows, refused)
    return tallies


def test_a_row_is_counted_by_what_it_has() -> None:
    assert counted([ROW] * 5).counts == {
        ("rows", ""): 5,
        ("kind", "purchase"): 5,
        ("currency", "USD"): 5,
        ("=channel", "web"): 5,
        ("amount", "USD:10"): 5,
    }


def test_an_empty_row_is_counted_by_what_it_lacks() -> None:
    fields = ("kind", "occurred_at", "amount", "order", "member", "email", "channel")
    assert counted([EMPTY]).counts == {("rows", ""): 1, **{("null", field): 1 for field in fields}}
    assert set(fields) == set(MAPPING.counted_fields)


def test_problems_and_refusals_are_counted_by_reason() -> None:
    rows = [replace(ROW, problems=("time_missing", "kind_unknown")), replace(ROW, problems=("time_missing",))]
    found = counted(rows, (RefusedRow(1, "row_ragged"), RefusedRow(2, "row_ragged"))).counts
    assert {key: count for key, count in found.items() if key[0] in {"problem", "refused"}} == {
        ("problem", "time_missing"): 2,
        ("problem", "kind_unknown"): 1,
        ("refused", "row_ragged"): 2,
    }


@pytest.mark.parametrize(
    ("minor", "power"),
    [
        (0, "zero"),
        (1, "0"),
        (2, "1"),
        (3, "1"),
        (4, "2"),
        (-1, "-0"),
        (-5, "-2"),
        (2**43 - 1, "42"),
        (2**43, "43"),
    ],
)
def test_amounts_are_counted_by_powers_of_two(minor: int, power: str) -> None:
    assert power_of_two(minor) == power


TIMES: list[tuple[str, list[timedelta | None], timedelta | None, timedelta | None, int]] = [
    ("none", [None], None, None, 0),
    ("past", [timedelta(hours=-3), None, timedelta(hours=-5)], timedelta(hours=-5), timedelta(hours=-3), 0),
    ("within what clocks differ", [AHEAD], AHEAD, AHEAD, 0),
    ("one ahead", [timedelta(days=9), timedelta(hours=-3)], timedelta(hours=-3), timedelta(hours=-3), 1),
    ("all ahead", [timedelta(days=9), timedelta(days=8)], timedelta(days=8), timedelta(days=9), 2),
]


@pytest.mark.parametrize(
    ("times", "first", "last", "ahead"), [one[1:] for one in TIMES], ids=[one[0] for one in TIMES]
)
def test_first_and_last_time(times: list[timedelta | None], first: Any, last: Any, ahead: int) -> None:
    tallies = counted([replace(ROW, occurred_at=None if delta is None else NOW + delta) for delta in times])
    assert (tallies.first_at, tallies.last_at) == (first and NOW + first, last and NOW + last)
    assert tallies.counts.get(("ahead", ""), 0) == ahead


def channels(values: list[str]) -> dict[str, int]:
    found = counted([replace(ROW, raw={"channel": value}) for value in values]).counts
    return {item: count for (what, item), count in found.items() if what == "=channel"}


def test_of_an_attribute_only_values_are_kept_that_many_rows_share() -> None:
    assert channels(["web"] * 5 + ["ada@example.org"] * 4) == {"web": 5, "*": 4}
    assert channels(["web"] * 990 + ["app"] * 10 + ["rare"] * 9) == {"web": 990, "*": 19}
    assert channels([f"note {n}" for n in range(20_000)]) == {"*": 20_000}
    assert channels(["x" * 41] * 50 + ["x" * 40] * 50) == {"*": 50, "x" * 40: 50}


def test_memory_is_bounded_whatever_an_attribute_holds() -> None:
    tallies = Tallies(MAPPING, NOW)
    for chunk in range(20):
        tallies.add([replace(ROW, raw={"channel": f"{chunk}-{n}"}) for n in range(1000)])
    assert sum(len(values) for values in tallies._attributes.values()) <= 1001
    assert tallies.counts["=channel", "*"] == 20_000


row = st.builds(
    lambda kind, amount, currency, channel, hours, problems: replace(
        ROW,
        kind=kind,
        amount_minor=amount,
        currency=currency if amount is not None else None,
        raw={"channel": channel} if channel else {},
        occurred_at=NOW + timedelta(hours=hours),
        problems=problems,
    ),
    st.sampled_from(["purchase", "login", None]),
    st.none() | st.integers(-(2**43), 2**43),
    st.sampled_from(["USD", "EUR"]),
    st.sampled_from(["web", "app", ""]),
    st.integers(-100, 100),
    st.sampled_from([(), ("time_missing",)]),
)


@given(st.lists(row, max_size=40), st.lists(st.integers(0, 40), max_size=4))
def test_chunks_add_up(rows: list[InboxRow], cuts: list[int]) -> None:
    whole, parts = counted(rows), Tallies(MAPPING, NOW)
    edges = [0, *sorted(cuts), len(rows)]
    for a, b in itertools.pairwise(edges):
        parts.add(rows[a:b])
    assert {key: n for key, n in parts.counts.items() if n} == {
        key: n for key, n in whole.counts.items() if n
    }
    assert (parts.first_at, parts.last_at) == (whole.first_at, whole.last_at)
    of_amounts = sum(count for (what, _), count in whole.counts.items() if what == "amount")
    assert of_amounts == sum(one.amount_minor is not None for one in rows)

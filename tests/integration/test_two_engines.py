"""One rule, two engines: PostgreSQL and DuckDB make equal rows of equal rows, up to the bounds of money."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from laurels.settings import Settings
from models.values.boards import Board
from models.values.money import MOST_MINOR
from tests.relations import NOON, Engine, Row, act, activity_rows, duck, editions, number, program

MINUTE = timedelta(minutes=1)
LARGE = [
    0,
    1,
    99,
    100,
    MOST_MINOR - 1,
    MOST_MINOR,
    -MOST_MINOR,
    2**43 - 100,
    -99,
    -100,
    -101,
    8_796_093_022_199,
]
amounts = st.sampled_from(LARGE) | st.integers(-MOST_MINOR, MOST_MINOR)
moments = st.integers(-3000, 3000).map(lambda n: n * 7 * MINUTE)
Engines = tuple[Engine, Engine]


@pytest.fixture(scope="module")
def engines(settings: Settings) -> Iterator[Engines]:
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    with duck() as duckdb, psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
        yield duckdb, Engine("postgres", connection, "%s")


def _programs(currency: str) -> list[Any]:
    def spend(rule: str, rate: int, **more: Any) -> Row:
        return {"rule": rule, "on": "purchase", "points_per_unit": rate} | more

    share = {"rule": "share", "on": "share", "points": 10**9}
    rules = [
        spend("spend", 999),
        spend("exact", 7, rounding="carry"),
        spend("some", 1000, cap={"per": "day", "points": 10**6}),
        spend("week", 3, rounding="carry", cap={"per": "week", "points": 10**6}),
        share,
        share
        | {
            "rule": "most",
            "points": 10**6,
            "cap": {"per": "program", "points": 2_500_000},
            "when": "verified",
        },
    ]
    other = [spend("spend", 1, cap={"per": "day", "points": 3}), spend("exact", 1000)]
    return [program(*rules, currency=currency, zone="America/New_York"), program(*other, currency=currency)]


STATED = {currency: editions(*_programs(currency)) for currency in ("USD", "JPY", "KWD")}


@pytest.mark.parametrize("currency", STATED)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 2), moments, amounts, st.booleans()), min_size=1, max_size=30
    )
)
@tries(max_examples=15, deadline=None)
def test_awards(engines: Engines, currency: str, drawn: list[tuple[bool, int, timedelta, int, bool]]) -> None:
    acts = [
        act(
            n,
            "share" if share else "purchase",
            member=member,
            at=at,
            minor=0 if share else minor,
            verified=verified,
        )
        for n, (share, member, at, minor, verified) in enumerate(drawn, start=1)
    ]
    rows = activity_rows(acts, STATED[currency])
    duckdb, postgres = (engine.awards(STATED[currency], rows) for engine in engines)
    assert duckdb == postgres
    assert all(isinstance(row[5], int) for row in [*duckdb, *postgres])


lines = st.tuples(
    st.booleans(), st.integers(1, 3), moments, st.sampled_from([1, MOST_MINOR]) | st.integers(1, MOST_MINOR)
)


@given(st.lists(lines, min_size=1, max_size=30))
@tries(max_examples=30, deadline=None)
def test_settlements(engines: Engines, drawn: list[tuple[bool, int, timedelta, int]]) -> None:
    rows = [
        {
            "order_id": number(order),
            "activity_id": number(n),
            "member_id": number(n % 4 + 1),
            "kind": "refund" if refund else "purchase",
            "occurred_at": NOON + at,
            "amount_minor": minor,
            "currency": "USD" if n % 5 else "EUR",
        }
        for n, (refund, order, at, minor) in enumerate(drawn, start=1)
    ]
    duckdb, postgres = (engine.settlements(rows) for engine in engines)
    assert duckdb == postgres


@given(
    st.lists(st.tuples(moments, st.integers(0, MOST_MINOR)), min_size=1, max_size=8),
    st.sampled_from([1, 7, 2**50]) | st.integers(1, 2**50),
    st.integers(0, 1000),
)
@tries(max_examples=30, deadline=None)
def test_clawbacks(engines: Engines, drawn: list[tuple[timedelta, int]], points: int, more: int) -> None:
    """Products reach 2^96 here; what was all given back is taken back to the point."""
    settled = [
        {"activity_id": number(n), "occurred_at": NOON + at, "purchase_id": number(1), "matched_minor": minor}
        for n, (at, minor) in enumerate(drawn, start=1)
    ]
    back = sum(minor for _, minor in drawn)
    purchase = {"program_id": 1, "purchase_id": number(1), "rule": "spend", "version_id": 1}
    purchase |= {"member_id": number(1), "points": points, "amount_minor": back + more}
    duckdb, postgres = (engine.clawbacks(settled, [purchase]) for engine in engines)
    assert duckdb == postgres
    assert -sum(row[5] for row in postgres) == (points * back // (back + more) if back else 0)


BOARDS = tuple(
    Board.model_validate({"board": name, "metric": metric, "windows": ["day"]})
    for name, metric in {
        "spend": {"sum": "amount", "of": "purchase", "net": "refunds"},
        "referrals": {"count": "referral", "when": "verified"},
        "shares": {"count": "share"},
    }.items()
)
_counted = st.tuples(
    st.sampled_from(["spend", "referrals", "shares", "gone"]),
    st.sampled_from(["purchase", "refund", "referral", "share"]),
    st.integers(1, 3),
    st.none() | amounts,
    st.sampled_from([None, False, True]),
    st.integers(-(10**12), 10**12),
)


@given(st.lists(_counted, min_size=1, max_size=40))
@tries(max_examples=30, deadline=None)
def test_standings(engines: Engines, drawn: list[tuple[str, str, int, int | None, bool | None, int]]) -> None:
    rows = [
        {"window_id": len(board), "board": board, "starts_at": NOON, "ends_at": NOON + timedelta(days=7)}
        | {"member_id": number(member), "kind": kind, "verified": verified, "net_minor": net}
        | {"occurred_at": NOON + timedelta(microseconds=after)}
        for board, kind, member, net, verified, after in drawn
    ]
    duckdb, postgres = (engine.standings(BOARDS, rows) for engine in engines)
    assert duckdb == postgres


def test_both_engines_give_the_right_number_at_the_very_bounds(engines: Engines) -> None:
    """Half a million billion points in one row, and a remainder over ten such rows."""
    for currency, unit in (("USD", 100), ("JPY", 1), ("KWD", 1000)):
        stated = editions(*_programs(currency))[:1]
        acts = [act(n, minor=MOST_MINOR - 1, at=n * MINUTE) for n in range(1, 11)]
        for engine in engines:
            found = engine.awards(stated, activity_rows(acts, stated))
            assert {row[5] for row in found if row[2] == "spend"} == {(MOST_MINOR - 1) * 999 // unit}
            exact = sum(row[5] for row in found if row[2] == "exact")
            assert exact == 10 * (MOST_MINOR - 1) * 7 // unit

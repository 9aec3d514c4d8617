"""Exact integer arithmetic on DuckDB; the integration tests run the same property on PostgreSQL."""

from collections.abc import Iterator

import duckdb
import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurels.rules.arithmetic import EXACT, quotient, total, wide

BIG = 2**62


def cut(dividend: int, divisor: int) -> int:
    """Python's own answer: division cut towards zero."""
    return abs(dividend) // divisor * (1 if dividend >= 0 else -1)


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def on_duckdb(duck: duckdb.DuckDBPyConnection, pairs: list[tuple[int, int]]) -> list[int]:
    rows = ibis.table({"place": "int64", "x": "int64", "k": "int64"}, name="pairs")
    sql = ibis.to_sql(rows.select("place", q=quotient(rows.x, rows.k)), dialect="duckdb")
    duck.execute("create or replace temp table pairs (place bigint, x bigint, k bigint)")
    duck.executemany("insert into pairs values (?, ?, ?)", [(n, x, k) for n, (x, k) in enumerate(pairs)])
    return [q for _, q in sorted(duck.execute(str(sql)).fetchall())]


@given(st.lists(st.tuples(st.integers(-BIG, BIG), st.integers(1, 2**40)), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_a_quotient_is_cut_towards_zero(
    duck: duckdb.DuckDBPyConnection, pairs: list[tuple[int, int]]
) -> None:
    within = [(x, k) for x, k in pairs if abs(x) // k < EXACT]
    if within:
        assert on_duckdb(duck, within) == [cut(x, k) for x, k in within]


@pytest.mark.parametrize(
    ("dividend", "divisor"),
    [
        (99, 100),
        (-99, 100),
        (100, 100),
        (-100, 100),
        (0, 7),
        (2**53 + 1, 7),
        (-(2**61) - 1, 2**20),
        (EXACT - 1, 1),
    ],
)
def test_quotients_at_the_edges(duck: duckdb.DuckDBPyConnection, dividend: int, divisor: int) -> None:
    assert on_duckdb(duck, [(dividend, divisor)]) == [cut(dividend, divisor)]


def test_a_wide_product_does_not_overflow(duck: duckdb.DuckDBPyConnection) -> None:
    rows = ibis.table({"a": "int64", "b": "int64"}, name="factors")
    sql = ibis.to_sql(rows.select(q=quotient(wide(rows.a) * wide(rows.b), wide(rows.b))), dialect="duckdb")
    duck.execute(
        "create or replace temp table factors as select 8796093022207::bigint a, 8796093022207::bigint b"
    )
    assert duck.execute(str(sql)).fetchall() == [(2**43 - 1,)]


@pytest.mark.parametrize("dialect", ["postgres", "duckdb"])
def test_a_sum_is_cast_on_both_engines(dialect: str) -> None:
    rows = ibis.table({"x": "int64"}, name="numbers")
    assert "BIGINT" in str(ibis.to_sql(rows.agg(t=total(rows.x)), dialect=dialect))

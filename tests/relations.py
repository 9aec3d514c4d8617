"""The rules' relations as tables of plain rows, so that one expression runs on DuckDB and on PostgreSQL alike."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import duckdb
import ibis
import ibis.expr.types as ir

from laurels.rules import earning, refunds, standings
from models.values.boards import Board
from models.values.program import Program
from tests.oracle import Act, Awards, Edition, enrolled

Row = dict[str, Any]
TYPES = {
    "int32": "integer",
    "int64": "bigint",
    "string": "varchar",
    "timestamp('UTC', 6)": "timestamptz",
    "timestamp('UTC')": "timestamptz",
}
START = datetime(2026, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)  # a Wednesday


@dataclass(frozen=True)
class Engine:
    """A connection that knows its dialect; psycopg and DuckDB differ in the mark of a parameter only."""

    dialect: str
    connection: Any
    mark: str

    def fill(self, relation: ir.Table, rows: Iterable[Row]) -> None:
        """Make the relation's table anew, with these rows; a column that a row does not name is null."""
        columns = {name: TYPES.get(str(kind), str(kind)) for name, kind in relation.schema().items()}
        name, stated = relation.get_name(), ", ".join(f"{one} {kind}" for one, kind in columns.items())
        self.connection.execute(f"drop table if exists {name}")
        self.connection.execute(f"create temporary table {name} ({stated})")
        values = [[row.get(column) for column in columns] for row in rows]
        if values:
            marks = f"({', '.join([self.mark] * len(columns))})"
            sql = f"insert into {name} values {', '.join([marks] * len(values))}"
            self.connection.execute(sql, [value for row in values for value in row])

    def rows(self, compiled: str) -> list[tuple[Any, ...]]:
        """Return a query's rows in a fixed order."""
        found = self.connection.execute(compiled).fetchall()
        return sorted((tuple(row) for row in found), key=repr)

    def awards(self, versions: list[Edition], rows: Iterable[Row]) -> list[tuple[Any, ...]]:
        self.fill(earning.DIRTY_ACTIVITY, rows)
        return self.rows(_awards(tuple((one.number, one.program) for one in versions), self.dialect))

    def settlements(self, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
        self.fill(refunds.DIRTY_ORDER_ACTIVITY, rows)
        return self.rows(_settlements(self.dialect))

    def clawbacks(self, settled: Iterable[Row], awarded: Iterable[Row]) -> list[tuple[Any, ...]]:
        self.fill(refunds.DIRTY_SETTLEMENT, settled)
        self.fill(refunds.DIRTY_PURCHASE_AWARD, awarded)
        return self.rows(_clawbacks(self.dialect))

    def standings(self, boards: tuple[Board, ...], rows: Iterable[Row]) -> list[tuple[Any, ...]]:
        self.fill(standings.BOARD_ACTIVITY, rows)
        return self.rows(_standings(boards, self.dialect))


@lru_cache
def _awards(versions: tuple[tuple[int, Program], ...], dialect: str) -> str:
    return str(ibis.to_sql(earning.awards(dict(versions)), dialect=dialect))


@lru_cache
def _settlements(dialect: str) -> str:
    return str(ibis.to_sql(refunds.settlements(), dialect=dialect))


@lru_cache
def _clawbacks(dialect: str) -> str:
    return str(ibis.to_sql(refunds.clawbacks(), dialect=dialect))


@lru_cache
def _standings(boards: tuple[Board, ...], dialect: str) -> str:
    return str(ibis.to_sql(standings.standings(boards), dialect=dialect))


@contextmanager
def duck() -> Iterator[Engine]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield Engine("duckdb", connection, "?")


def number(count: int) -> UUID:
    """Return the id of the so-manieth member, activity or order."""
    return UUID(int=count)


def act(
    count: int,
    kind: str = "purchase",
    *,
    at: datetime | timedelta = timedelta(),
    member: int | None = 1,
    order: int | None = None,
    **more: Any,
) -> Act:
    """Return an activity, at a time or so long after noon."""
    moment = NOON + at if isinstance(at, timedelta) else at
    return Act(
        number(count),
        kind,
        number(member) if member else None,
        moment,
        order=number(order) if order else None,
        **more,
    )


def program(*rules: Row, boards: Sequence[Row] = (), zone: str = "UTC", currency: str = "USD") -> Program:
    return Program.model_validate(
        {
            "program": "tried",
            "time_zone": zone,
            "currency": currency,
            "points_value": {"points": 100, "worth": "5"},
            "earning": list(rules),
            "boards": list(boards),
        }
    )


def editions(*programs: Program, starts: Sequence[datetime] = (START, NOON)) -> list[Edition]:
    """Return the programs as versions 1, 2, ...; the second takes over at noon."""
    return [
        Edition(count, start, one)
        for count, (one, start) in enumerate(zip(programs, starts, strict=False), start=1)
    ]


def activity_rows(acts: Iterable[Act], versions: list[Edition]) -> list[Row]:
    """Return `dirty_activity` as the store fills it: every scope whole, each row under its version."""
    return [_activity_row(one, edition) for one, edition in enrolled(acts, versions)]


def _activity_row(one: Act, edition: Edition) -> Row:
    day = one.at.astimezone(edition.program.zone).date()
    return {
        "program_id": 1,
        "version_id": edition.number,
        "activity_id": one.id,
        "member_id": one.member,
        "kind": one.kind,
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "occurred_at": one.at,
        "amount_minor": one.minor,
        "verified": one.verified,
        "order_id": one.order,
    }


def order_rows(acts: Iterable[Act]) -> list[Row]:
    """Return `dirty_order_activity`: what is bought and given back, of orders that have an id."""
    return [_order_row(one) for one in acts if one.order and one.kind in {"purchase", "refund"}]


def _order_row(one: Act) -> Row:
    return {
        "order_id": one.order,
        "activity_id": one.id,
        "member_id": one.member,
        "kind": one.kind,
        "occurred_at": one.at,
        "amount_minor": one.minor,
        "currency": one.currency or "",
    }


def settled_rows(acts: Iterable[Act], parts: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Return `dirty_settlement`: the refunds with what each purchase covers of them, as `settlements` gave it."""
    at = {one.id: one.at for one in acts}
    return [
        {"activity_id": part[0], "occurred_at": at[part[0]], "purchase_id": part[2], "matched_minor": part[3]}
        for part in parts
    ]


def purchase_award_rows(acts: Iterable[Act], earned: Awards) -> list[Row]:
    """Return `dirty_purchase_award`: what each purchase earned by each rule, beside what it cost."""
    return [
        {"program_id": 1, "purchase_id": one.id, "rule": rule, "amount_minor": one.minor}
        | dict(zip(("version_id", "member_id", "points"), award, strict=True))
        for one in acts
        for (key, rule), award in earned.items()
        if key == one.id and one.kind == "purchase"
    ]

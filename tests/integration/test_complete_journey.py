"""The shipped slice of Complete Journey to the cent and to the point: 23,083 real rows that every clone has."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from deployments.demo import NOW, PURCHASES, SEASON, START
from laurels.services import batches, boards, intake, statehash, versions
from laurels.services.programs import parse_program
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from laurels.stores.database import driver
from tests.runtimes import fresh_runtime

PROGRAM = f"""
program: journey
time_zone: America/New_York
currency: USD
season: {{starts: {SEASON.starts}, ends: {SEASON.ends}}}
points_value: {{points: 100, worth: 5.00}}
earning:
  - {{rule: floored, on: purchase, points_per_unit: 10}}
  - {{rule: carried, on: purchase, points_per_unit: 1, rounding: carry}}
boards:
  - {{board: spend, metric: {{sum: amount, of: purchase, net: refunds}}, windows: [week, season]}}
"""
CHANGES = ("2017-03-12", "2017-11-05")
Line = dict[str, Any]


def minor(line: Line) -> int:
    """Cents of a line, by its shortest decimal: the file's few rests such as 4.4e-16 are nothing."""
    return round(Decimal(repr(line["sales_value"])) * 100)


def taken_in(runtime: Runtime, path: Path) -> None:
    versions.apply_version(runtime, parse_program(PROGRAM, "journey"), actor="ann", effective_from=START)
    report = intake.ingest_file(runtime, path, source="shop", mapping="complete-journey")
    assert (report.state, report.accepted, report.refused) == ("released", report.rows, 0)
    drained = batches.drain(runtime)
    assert (drained.passed, drained.quarantined) == (report.rows, 0)


def found(runtime: Runtime, query: str) -> list[tuple[Any, ...]]:
    with runtime.database.transaction() as session:
        return driver(session).execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """The slice as pyarrow reads it: no reader of ours has a hand in what is expected."""
    return pq.read_table(PURCHASES, columns=["household_id", "sales_value"]).to_pylist()


@pytest.fixture(scope="module")
def journey(settings: Settings, template: None) -> Iterator[Runtime]:
    with fresh_runtime(settings, as_of=NOW, batch_rows=25_000) as runtime:
        taken_in(runtime, PURCHASES)
        boards.reconcile_boards(runtime)
        yield runtime


def test_money_to_the_cent(journey: Runtime, lines: list[Line]) -> None:
    cents = sum(minor(line) for line in lines)
    assert (len(lines), len({line["household_id"] for line in lines})) == (23_083, 146)
    assert found(journey, "select count(*), sum(amount_minor), count(distinct member_id) from activity") == [
        (23_083, cents, 146)
    ]


def test_points_to_the_point_floored_by_row_and_carried(journey: Runtime, lines: list[Line]) -> None:
    floored = sum(minor(line) * 10 // 100 for line in lines)
    spent = Counter[int]()
    for line in lines:
        spent[line["household_id"]] += minor(line)
    carried = sum(cents // 100 for cents in spent.values())
    for table in ("award", "ledger_entry"):
        assert dict(found(journey, f"select rule, sum(points) from {table} group by rule")) == {
            "floored": floored,
            "carried": carried,
        }
    ranked = boards.top(journey, "journey", "spend", "season", limit=200, as_of=NOW)
    assert [row.score for row in ranked] == sorted(filter(None, spent.values()), reverse=True)


def test_duckdb_finds_the_state_hash_of_postgresql(journey: Runtime, tmp_path: Path) -> None:
    report = statehash.export_views(journey, tmp_path / "state")
    assert report.rows["award"] > 23_083
    assert statehash.hash_of_export(tmp_path / "state") == report.state


def test_two_orders_and_three_batch_sizes_make_one_state(
    settings: Settings, template: None, tmp_path: Path
) -> None:
    """A part of the slice, every sixth household: all of it three times over would take half a minute."""
    table = pq.read_table(PURCHASES)
    part = table.filter(pc.field("household_id").isin(sorted(set(table["household_id"].to_pylist()))[::6]))
    assert part.num_rows > 3_000
    shuffled = part.take(pa.array(random.Random(7).sample(range(part.num_rows), part.num_rows)))
    states = []
    for number, (arrived, batch_rows) in enumerate([(part, 10_000), (shuffled, 2_500), (shuffled, 700)]):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(arrived, path)
        with fresh_runtime(settings, as_of=NOW, batch_rows=batch_rows) as runtime:
            taken_in(runtime, path)
            states.append(statehash.state_hash(runtime))
    assert len({state.hash for state in states}) == 1, [state.tables for state in states]
    assert states[0].tables["award"].rows > part.num_rows


def instant(wall: datetime) -> datetime:
    """What the mapping says, by hand: 02:xx of 12 March is an hour later, 01:xx of 5 November is the first of two."""
    summer = wall.hour >= 3 if wall.month == 3 else wall.hour < 2
    return (wall + timedelta(hours=4 if summer else 5)).replace(tzinfo=UTC)


def test_both_changes_of_the_clock_reach_postgresql(
    runtime: Runtime, shared_data: Path, tmp_path: Path
) -> None:
    """Two days of Complete Journey A: all of its 291,501 rows would take most of a minute and say no more."""
    transactions, days = shared_data / "complete_journey" / "transactions.parquet", tmp_path / "days.parquet"
    of_these_days = f"from '{transactions}' where transaction_timestamp::date::text in {CHANGES}"
    duckdb.sql(f"copy ({of_these_days}) to '{days}' (format parquet)")
    bought = [
        (line["transaction_timestamp"].to_pydatetime(), minor(line))
        for line in pq.read_table(days).to_pylist()
    ]
    hours = Counter((wall.month, wall.hour) for wall, _ in bought)
    assert (hours[3, 2], hours[11, 1]) == (4, 39)
    taken_in(runtime, days)
    stored = found(runtime, "select occurred_at, amount_minor from activity order by 1, 2")
    assert stored == sorted((instant(wall), cents) for wall, cents in bought)

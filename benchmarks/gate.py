"""The gate: the same rules as families, one expectation a rule, pandera on polars and hand-written SQL in DuckDB.

Families and expectations read a claimed batch in PostgreSQL, as they must: the gate judges what is in the store.
pandera and DuckDB judge the same rows from memory, which spares them the way to a server. All name the rows: counts
are compared. The memory of 1,000 batches in one process is the last figure.
"""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
from pandera.errors import SchemaErrors

from benchmarks.measure import finish, own_runtime, say
from laurels.quality.expectations import expectations
from laurels.quality.vendor import great_expectations
from laurels.rules.identity import event_key
from laurels.services.rulesets import house_rules
from laurels.services.runtime import Runtime
from laurels.stores import batches, inbox
from laurels.stores.batches import Claim
from models.intake import Intake
from models.values.activity import InboxRow
from models.values.rules import Applied, Ruleset

SIZES = {1_000: 12, 10_000: 8, 100_000: 4}
LIMITS = {1_000: 0.06, 10_000: 0.2}
MEMORY_BATCHES = 1_000
NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
HOUSE = Ruleset(rules=tuple(Applied(rule=rule) for rule in house_rules()))
NUMBERS = count(1)

GOOD = InboxRow(
    1, "bench", "e", b"0" * 16, "purchase", UUID(int=1), NOW - timedelta(days=1), 1250, "USD", UUID(int=7)
)
BAD = (
    replace(GOOD, amount_minor=-1),
    replace(GOOD, member_id=None),
    replace(GOOD, occurred_at=NOW + timedelta(days=1)),
    replace(GOOD, kind="refund", order_id=None),
    replace(GOOD, kind="referral", amount_minor=None, currency=None, order_id=None, referred_id=UUID(int=1)),
    replace(GOOD, amount_minor=None, problems=("amount_unreadable",)),
)


def rows_of(size: int) -> list[InboxRow]:
    """One bad row in a hundred, each kind in turn."""
    return [
        replace(BAD[n // 100 % len(BAD)] if n % 100 == 99 else GOOD, line=n + 1, member_id=None if n % 100 == 99 and n // 100 % len(BAD) == 1 else UUID(int=1 if n % 100 == 99 else n + 2))
        for n in range(size)
    ]  # fmt: skip


def claimed(runtime: Runtime, rows: Sequence[InboxRow]) -> Claim:
    """The rows as a batch that was just claimed, by statistics that the server keeps by itself."""
    with runtime.database.transaction() as session:
        intake = Intake(
            source="bench", name="rows", digest="0", mapping="activity", as_of=NOW, state="released"
        )
        session.add(intake)
        session.flush()
        inbox.prepare(session)
        names = [f"e{next(NUMBERS)}" for _ in rows]
        inbox.accept(
            session,
            intake.id or 0,
            [(event_key("bench", n), n, row) for n, row in zip(names, rows, strict=True)],
        )
    with runtime.database.transaction() as session:
        claim = batches.next_claim(session, 1, len(rows))
        assert claim
        return claim


def done(runtime: Runtime, claim: Claim) -> None:
    """Take the batch out of the way: the next claim would take over what is unfinished."""
    with runtime.database.transaction() as session:
        batches.finish(session, claim.batch_id)


def timed(work: Callable[[], int], runs: int) -> tuple[float, float, int]:
    """Seconds of the fastest and of the median run, after one that warms up; and the bad rows found."""
    found, took = work(), []
    for _ in range(runs):
        began = time.perf_counter()
        assert work() == found
        took.append(time.perf_counter() - began)
    return min(took), statistics.median(took), found


def one_by_one(runtime: Runtime, claim: Claim) -> Callable[[], int]:
    """One expectation a rule on the same batch; rows are named by their keys."""
    gx, _ = great_expectations()
    url = runtime.database.engine.url.set(drivername="postgresql+psycopg").render_as_string(
        hide_password=False
    )
    context = gx.get_context(mode="ephemeral")
    query = f"select key::text as place, c.* from claimed_row c where batch_id = {claim.batch_id}"
    source = context.data_sources.add_postgres("store", connection_string=url)
    batch = source.add_query_asset("rows", query=query).add_batch_definition_whole_table("rows")
    suite = context.suites.add(gx.ExpectationSuite(name="rules", expectations=expectations(HOUSE, "place")))
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name="rules", data=batch, suite=suite)
    )
    wanted = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": ["place"],
        "return_unexpected_index_query": False,
        "partial_unexpected_count": 1_000_000,
    }

    def judge() -> int:
        found = set()
        with redirect_stderr(StringIO()):
            for result in definition.run(result_format=wanted).results:
                rows = (
                    result.result.get("unexpected_index_list") or result.result["details"]["unexpected_rows"]
                    if not result.success
                    else []
                )
                found |= {str(row["place"]) for row in rows}
        return len(found)

    return judge  # fmt: skip


def frame_of(rows: Sequence[InboxRow]) -> dict[str, list[Any]]:
    names = (
        "kind",
        "member_id",
        "occurred_at",
        "amount_minor",
        "currency",
        "order_id",
        "referred_id",
        "problems",
    )
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    for name in ("member_id", "order_id", "referred_id"):
        columns[name] = [value and str(value) for value in columns[name]]
    columns["problems"] = [list(value) for value in columns["problems"]]
    return columns | {"row": list(range(len(rows)))}


def in_pandera(rows: Sequence[InboxRow]) -> Callable[[], int]:
    """The rules of the house as checks of a polars frame, lazily collected."""
    frame = pl.DataFrame(
        frame_of(rows), schema_overrides={"referred_id": pl.String, "problems": pl.List(pl.String)}
    )
    kind, amount = pl.col("kind"), pl.col("amount_minor")
    problem = pl.col("problems").list.eval(pl.element().str.contains("^(amount|currency)_")).list.any()
    bad = {
        "listed": pl.col("problems").list.len() > 0,
        "kind_missing": kind.is_null(),
        "member_missing": pl.col("member_id").is_null() & (kind != "refund"),
        "time_missing": pl.col("occurred_at").is_null(),
        "time_in_future": pl.col("occurred_at") > NOW + timedelta(minutes=5),
        "amount_missing": kind.is_in(["purchase", "refund"]) & amount.is_null() & ~problem,
        "purchase_negative": (kind == "purchase") & (amount < 0),
        "refund_not_positive": (kind == "refund") & (amount < 1),
        "amount_too_large": amount > 2**43 - 1,
        "referred_missing": (kind == "referral") & pl.col("referred_id").is_null(),
        "self_referral": (kind == "referral") & (pl.col("referred_id") == pl.col("member_id")),
        "refund_without_order": (kind == "refund") & pl.col("order_id").is_null(),
    }
    checks = [
        pandera.Check(
            lambda data, broken=broken: data.lazyframe.select(~broken.fill_null(value=False)), name=name
        )
        for name, broken in bad.items()
    ]
    schema = pandera.DataFrameSchema(checks=checks)

    def judge() -> int:
        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            return errors.failure_cases["index"].n_unique()
        return 0

    return judge


DUCKDB = """
select row, reasons from (select row, list_filter([
  case when len(problems) > 0 then 'listed' end,
  case when kind is null then 'kind_missing' end,
  case when member_id is null and kind is distinct from 'refund' then 'member_missing' end,
  case when occurred_at is null then 'time_missing' end,
  case when occurred_at > timestamptz '2026-06-20 12:05:00+00' then 'time_in_future' end,
  case when kind in ('purchase', 'refund') and amount_minor is null
        and len(list_filter(problems, lambda p: regexp_matches(p, '^(amount|currency)_'))) = 0 then 'amount_missing' end,
  case when kind = 'purchase' and amount_minor < 0 then 'purchase_negative' end,
  case when kind = 'refund' and amount_minor < 1 then 'refund_not_positive' end,
  case when amount_minor > 8796093022207 then 'amount_too_large' end,
  case when kind = 'referral' and referred_id is null then 'referred_missing' end,
  case when kind = 'referral' and referred_id = member_id then 'self_referral' end,
  case when kind = 'refund' and order_id is null then 'refund_without_order' end
], lambda reason: reason is not null) as reasons from frame) where len(reasons) > 0
"""


def in_duckdb(rows: Sequence[InboxRow]) -> Callable[[], int]:
    columns = frame_of(rows)
    types = {"referred_id": pa.string(), "problems": pa.list_(pa.string())}
    frame = pa.table({name: pa.array(values, types.get(name)) for name, values in columns.items()})
    connection = duckdb.connect()
    connection.register("frame", frame)
    return lambda: len(connection.execute(DUCKDB).fetchall())


def memory(runtime: Runtime) -> dict[str, float]:
    """Megabytes of this process after some, and after all batches of a thousand; judged as the stream judges them."""
    claim = claimed(runtime, rows_of(1_000))
    told = {}
    for judged in range(1, MEMORY_BATCHES + 1):
        runtime.gate.judge_batch(claim.batch_id, claim.rows, HOUSE)
        if judged in {100, 500, MEMORY_BATCHES}:
            told[f"mb_after_{judged}"] = resident()
    done(runtime, claim)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**told, "mb_peak": round(peak, 1)}


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 2**20, 1)


def main() -> None:
    figures: dict[str, Any] = {}
    with own_runtime() as runtime:
        figures |= memory(runtime)
        say(f"memory: {figures}")
        for size, runs in SIZES.items():
            rows = rows_of(size)
            claim = claimed(runtime, rows)
            judges: dict[str, Callable[[], int]] = {
                "families": lambda claim=claim: len(runtime.gate.judge_batch(claim.batch_id, claim.rows, HOUSE).refused),
                "one_by_one": one_by_one(runtime, claim),
                "pandera": in_pandera(rows),
                "duckdb": in_duckdb(rows),
            }  # fmt: skip
            for name, judge in judges.items():
                best, median, found = timed(judge, runs)
                figures |= {
                    f"{name}_{size}_best_s": best,
                    f"{name}_{size}_median_s": median,
                    f"{name}_{size}_bad": found,
                }
                say(f"{size:>7,} rows  {name:<10}  {best:.4f} / {median:.4f} s  {found} bad rows")
            assert len({figures[f"{name}_{size}_bad"] for name in judges}) == 1, "they do not say the same"
            done(runtime, claim)
            figures[f"one_by_one_to_families_{size}"] = (
                figures[f"one_by_one_{size}_median_s"] / figures[f"families_{size}_median_s"]
            )
    finish(
        "gate",
        **figures,
        limits_s=LIMITS,
        within={n: figures[f"families_{n}_median_s"] <= s for n, s in LIMITS.items()},
    )


if __name__ == "__main__":
    main()

"""The state's views as canonical rows, and sums of their hashes: PostgreSQL's over the store, DuckDB's over an export.

A canonical row holds text and bigint only: programs by name, versions by number, times as microseconds since 1970 in
UTC, and nothing about when or in which batch it was written. Both engines hash the same text of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlmodel import Session

from laurels.errors import DataRejectedError
from laurels.stores.database import driver

_FETCHED_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class View:
    """One canonical table: its columns with their types (text, bigint), and the SELECT that yields them."""

    columns: dict[str, str]
    select: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """The rows of one table whose member id begins with one hex digit ('-': no member), and their hashes' sum."""

    table: str
    bucket: str
    rows: int
    sum: int


def _micros(moment: str) -> str:
    return f"(extract(epoch from {moment}) * 1000000)::bigint"


VIEWS = {
    # An award of zero is a note that there was one: whether it stands depends on the order of arrival.
    "award": View(
        {"program": "text", "activity": "text", "rule": "text"}
        | {"version": "bigint", "member": "text", "points": "bigint"},
        "select p.name, a.activity_id::text, a.rule, v.number::bigint, a.member_id::text, a.points from award a "
        "join program p on p.id = a.program_id join program_version v on v.id = a.version_id where a.points <> 0",
    ),
    # Every refund has a row, also one that is parked: of no purchase, no member and nothing.
    "settlement": View(
        {"activity": "text", "purchase": "text", "member": "text", "matched_minor": "bigint"}
        | {"ordered_at": "bigint"},
        f"select activity_id::text, purchase_id::text, member_id::text, matched_minor, {_micros('ordered_at')} "
        "from settlement",
    ),
    "standing": View(
        {"program": "text", "board": "text", "period": "text", "starts_at": "bigint", "ends_at": "bigint"}
        | {"member": "text", "score": "bigint", "reached_at": "bigint"},
        f"select p.name, w.board, w.period, {_micros('w.starts_at')}, {_micros('w.ends_at')}, s.member_id::text, "
        f"s.score, {_micros('s.reached_at')} from standing s join board_window w on w.id = s.window_id "
        "join program p on p.id = w.program_id",
    ),
    "balance": View(
        {"program": "text", "member": "text", "points": "bigint"},
        "select p.name, e.member_id::text, sum(e.points)::bigint from ledger_entry e "
        "join program p on p.id = e.program_id group by p.name, e.member_id having sum(e.points) <> 0",
    ),
}

_HEX_TO_INTEGER = {
    "postgres": "('x0' || {hex})::bit(64)::bigint",
    "duckdb": "cast('0x' || {hex} as bigint)",
}


def bucket_sums(session: Session) -> list[Bucket]:
    """Return the store's sums, one for each table and member bucket that has rows."""
    found = []
    for table, view in VIEWS.items():
        named = f"({view.select}) as canonical ({', '.join(view.columns)})"
        rows = driver(session).execute(_sums(view, named, "postgres").encode()).fetchall()
        found += [_bucket(table, row) for row in rows]
    return found


def write_views(session: Session, folder: Path) -> dict[str, int]:
    """Write each canonical table as <name>.parquet; return their rows. The order of rows is as it comes."""
    return {table: _write(session, view, folder / f"{table}.parquet") for table, view in VIEWS.items()}


def bucket_sums_of(folder: Path) -> list[Bucket]:
    """Return an export's sums, from its Parquet files alone. Raises DataRejectedError where one cannot be read."""
    found = []
    with duckdb.connect() as connection:
        for table, view in VIEWS.items():
            path = folder / f"{table}.parquet"
            try:
                connection.read_parquet(str(path)).create_view("exported", replace=True)
                rows = connection.execute(_sums(view, "exported", "duckdb")).fetchall()
            except duckdb.Error as error:
                raise DataRejectedError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
            found += [_bucket(table, row) for row in rows]
    return found


def _sums(view: View, source: str, engine: str) -> str:
    """Return the SQL of bucket, rows, sum. 60 bits of each row's MD5 are summed exactly, so order plays no part."""
    digits = _HEX_TO_INTEGER[engine].format(hex=f"substr(md5({_text(view)}), 1, 15)")
    return (
        f"select coalesce(substr(member, 1, 1), '-') as bucket, count(*) as number, "
        f"cast(sum({digits}) as text) as total from {source} group by 1"
    )


def _text(view: View) -> str:
    """Return a row's text: each field behind its length, so that no two rows run together; a null is a sign alone."""
    fields = (f"cast({name} as text)" for name in view.columns)
    return " || ".join(f"coalesce(cast(length({field}) as text) || ':' || {field}, '~')" for field in fields)


def _write(session: Session, view: View, path: Path) -> int:
    types = {"text": pa.string(), "bigint": pa.int64()}
    schema = pa.schema([(name, types[kind]) for name, kind in view.columns.items()])
    written = 0
    with pq.ParquetWriter(path, schema) as writer:
        for rows in _fetched(session, view.select):
            columns = (list(column) for column in zip(*rows, strict=True))
            arrays = [pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            written += len(rows)
    return written


def _fetched(session: Session, select: str) -> Iterator[list[tuple[object, ...]]]:
    """Yield rows in pieces through a cursor of the server, so that memory stays small."""
    with driver(session).cursor("exported_view") as cursor:
        cursor.execute(select.encode())
        while rows := cursor.fetchmany(_FETCHED_ROWS):
            yield rows


def _bucket(table: str, row: tuple[object, ...]) -> Bucket:
    bucket, rows, total = row
    return Bucket(table, str(bucket), int(str(rows)), int(str(total)))

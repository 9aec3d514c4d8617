"""File ingest beside SQLModel's `add_all`, both from the same CSV to the same three inbox tables, in one run.

Both read and coerce by the same compiled mapping; what differs is how rows reach PostgreSQL. `ratio` is rows/s of
`ingest_file` (file gate included) over rows/s of `add_all`; `ratio_one_table` over `add_all` of the payload alone.
`ratio_load` leaves reading and coercing out on both sides: the same rows in memory, into the same three tables.
"""

import csv
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.measure import finish, own_runtime, say, seconds
from laurels.rules.identity import event_key
from laurels.rules.intake import compile_mapping
from laurels.services.intake import ingest_file, mapping_path
from laurels.services.mappings import load_mapping
from laurels.services.runtime import Runtime
from laurels.stores import inbox
from laurels.stores.files.reading import read_records
from models.inbox import InboxKey, Payload, QueueItem
from models.values.activity import InboxRow
from models.values.record import Record

ROWS = 200_000
PEER_ROWS = 30_000
LIMIT = 15.0


def write_csv(path: Path, rows: int, prefix: str) -> Path:
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("event_id", "kind", "member_id", "occurred_at", "amount", "currency", "order_id"))
        for n in range(rows):
            at = f"2026-06-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:00Z"
            out.writerow(
                (f"{prefix}{n}", "purchase", f"m{n % 20_000}", at, f"{n % 500}.{n % 100:02}", "USD", f"o{n}")
            )
    return path


def rows_of(runtime: Runtime, path: Path, source: str) -> Iterator[InboxRow]:
    mapping = load_mapping(mapping_path(runtime, "activity"))
    to_row = compile_mapping(mapping, source, runtime.keys.member_id)
    return (to_row(record) for record in read_records(path, mapping) if isinstance(record, Record))


def chunks(rows: Iterator[InboxRow]) -> Iterator[list[InboxRow]]:
    while chunk := list(islice(rows, 10_000)):
        yield chunk


def add_all(runtime: Runtime, rows: Iterator[InboxRow], tables: int, source: str) -> None:
    for chunk in chunks(rows):
        with runtime.database.transaction() as session:
            for row in chunk:
                key = event_key(source, row.event_id or "")
                objects = [
                    Payload(
                        key=key,
                        kind=row.kind,
                        member_id=row.member_id,
                        occurred_at=row.occurred_at,
                        amount_minor=row.amount_minor,
                        currency=row.currency,
                        order_id=row.order_id,
                        problems=list(row.problems),
                        raw=dict(row.raw),
                    ),
                    InboxKey(
                        key=key, event_id=row.event_id or "", digest=row.digest, intake_id=0, line=row.line
                    ),
                    QueueItem(intake_id=0, key=key),
                ]
                session.add_all(objects[:tables])


def load(runtime: Runtime, rows: Iterator[InboxRow]) -> None:
    with runtime.database.pinned() as database:
        with database.transaction() as session:
            inbox.prepare(session)
        for chunk in chunks(rows):
            with database.transaction() as session:
                keyed = [(event_key("load", row.event_id or ""), row.event_id or "", row) for row in chunk]
                inbox.accept(session, 0, keyed)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, own_runtime() as runtime:
        ours = write_csv(Path(folder) / "ours.csv", ROWS, "a")
        peer = write_csv(Path(folder) / "peer.csv", PEER_ROWS, "b")
        warm = write_csv(Path(folder) / "warm.csv", 100, "w")
        ingest_file(
            runtime, warm, source="warm", mapping="activity"
        )  # imports Great Expectations, opens connections
        say(f"ingest_file: {ROWS} rows")
        took = seconds(lambda: ingest_file(runtime, ours, source="ours", mapping="activity"))
        again = seconds(lambda: ingest_file(runtime, ours, source="ours", mapping="activity"))
        say(f"add_all: {PEER_ROWS} rows, into three tables and into one")
        peer_took = seconds(lambda: add_all(runtime, rows_of(runtime, peer, "peer"), 3, "peer"))
        one_took = seconds(lambda: add_all(runtime, rows_of(runtime, peer, "one"), 1, "one"))
        say("the load alone")
        in_memory = list(rows_of(runtime, ours, "load"))
        load_took = seconds(lambda: load(runtime, iter(in_memory)))
        peer_load_took = seconds(lambda: add_all(runtime, iter(in_memory[:PEER_ROWS]), 3, "in memory"))
    rate, peer_rate = ROWS / took, PEER_ROWS / peer_took
    load_rate, peer_load_rate = ROWS / load_took, PEER_ROWS / peer_load_took
    finish(
        "ingest",
        rows_per_s=rate,
        again_rows_per_s=ROWS / again,
        add_all_rows_per_s=peer_rate,
        add_all_one_table_rows_per_s=PEER_ROWS / one_took,
        load_rows_per_s=load_rate,
        add_all_load_rows_per_s=peer_load_rate,
        ratio=rate / peer_rate,
        ratio_one_table=rate / (PEER_ROWS / one_took),
        ratio_load=load_rate / peer_load_rate,
        limit=LIMIT,
    )


if __name__ == "__main__":
    main()

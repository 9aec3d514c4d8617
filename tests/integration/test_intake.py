"""Files into the inbox: each row once and for ever, whatever the file is called, however often it breaks off."""

import hashlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies
from psycopg.errors import CheckViolation

from laurels.errors import DataRejectedError, RuleRefusedError
from laurels.services import batches, checks, intake, quarantine, reading
from laurels.services.intake import IntakeReport
from laurels.services.rejections import reading_of
from laurels.services.runtime import Runtime
from laurels.stores import people
from laurels.stores.files import pieces
from laurels.stores.files.reading import read_records
from models.values.record import Record
from tests.battery.gate_rows import ask, one
from tests.integration.activity import counts, journey, purchase, share, write_jsonl
from tests.integration.reader import reader
from tests.mappings import mapping_of
from tests.runtimes import at_once

PURCHASES = """
mapping: {mode}
format: {{type: csv}}
mode: {mode}
kind: purchase
member: {{column: member}}
occurred_at: {{column: at}}
amount: {{column: amount, currency: USD}}
personal: {{email: email}}
attributes: {{note: note}}
optional: [note, email]
bounds: {{max_duplicate_rate: 1, max_refused_rate: 1, min_rows: 0}}
"""
HEADER = "member,at,amount,note,email"


def row(number: int, note: str = "") -> str:
    return f"m{number},2026-06-10T12:00:00Z,{number % 50}.25,{note},m{number}@example.org"


@pytest.fixture
def mapped(tmp_path: Path) -> Callable[[str], str]:
    """Return the path of a mapping without an id column, in a mode: rows are told apart by content or by place."""

    def write(mode: str) -> str:
        path = tmp_path / f"{mode}.yaml"
        path.write_text(PURCHASES.format(mode=mode))
        return str(path)

    return write


def csv_file(folder: Path, rows: list[str], name: str = "rows.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def ingest(
    runtime: Runtime, path: Path, mapping: str = "activity-jsonl", source: str = "test"
) -> IntakeReport:
    return intake.ingest_file(runtime, path, source=source, mapping=mapping)


def stored(runtime: Runtime) -> tuple[object, ...]:
    """Return how many keys, payloads, places in the queue and intakes there are."""
    tables = ("inbox_key", "payload", "queue_item", "intake")
    return tuple(one(runtime, f"select count(*) from {table}") for table in tables)


# A file that broke off


EQUAL = [row(n % 4) for n in range(30)]  # 8, 8, 7 and 7 of each: over every border of chunks of 7
MIXED = [*EQUAL, *(row(n) for n in range(100, 120))]


@pytest.mark.parametrize(
    ("mode", "where"), [("snapshot", "between"), ("snapshot", "inside"), ("delta", "between")]
)
def test_a_file_killed_half_way_is_taken_up_where_it_was(
    runtime: Runtime, tmp_path: Path, mapped: Any, mode: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, mapping = csv_file(tmp_path, MIXED), mapped(mode)
    assert reader(runtime, path, mapping, chunk=7, chunks=3, where=where).wait(timeout=60) == -9
    left = 21 if where == "between" else 14
    assert stored(runtime) == (left, left, left, 1)
    assert ask(runtime, "select state, rows, accepted from intake") == [("reading", left, left)]
    assert batches.drain(runtime).rows == 0  # what is still being read is not worked on
    monkeypatch.setattr(reading, "CHUNK", 11)  # other borders than before
    report = ingest(runtime, path, mapping)
    assert (report.intake_id, report.state, report.seen_before) == (1, "released", False)
    assert counts(report) == (50, 50, 0, 0, 0)
    assert stored(runtime) == (50, 50, 50, 1)
    assert ask(runtime, "select count(distinct (intake_id, line)), min(line), max(line) from inbox_key") == [
        (50, 2, 51)
    ]
    assert counts(ingest(runtime, path, mapping)) == (50, 0, 50, 0, 0)
    drained = batches.drain(runtime)
    assert (drained.rows, drained.passed) == (50, 50)
    assert one(runtime, "select count(*) from person") == 24


def killed(runtime: Runtime, path: Path, mapping: str) -> None:
    """Leave a file half read: 14 of its rows are in, and the server has noticed that its reader is gone."""
    assert reader(runtime, path, mapping, chunk=7, chunks=2).wait(timeout=60) == -9
    with runtime.database.alone(reading_of("test", hashlib.sha256(path.read_bytes()).hexdigest())):
        assert ask(runtime, "select state, accepted from intake") == [("reading", 14)]


def test_a_longer_export_takes_over_what_a_killed_one_left(
    runtime: Runtime, tmp_path: Path, mapped: Any
) -> None:
    mapping = mapped("snapshot")
    killed(runtime, csv_file(tmp_path, MIXED), mapping)
    longer = ingest(runtime, csv_file(tmp_path, [*MIXED, row(200)], "longer.csv"), mapping)
    assert (longer.state, counts(longer)) == ("released", (51, 51, 0, 0, 0))
    assert ask(runtime, "select state, verdict from intake where id = 1") == [
        ("rejected", {"reasons": ["broken_off"]})
    ]
    assert batches.drain(runtime).passed == 51
    again = ingest(runtime, csv_file(tmp_path, MIXED, "again.csv"), mapping)
    assert (again.intake_id, counts(again)) == (3, (50, 0, 50, 0, 0))
    assert (batches.drain(runtime).rows, checks.check_invariants(runtime)) == (0, [])


@pytest.mark.parametrize("other", ["corrected", "of another day"])
def test_a_killed_delta_counts_once_whatever_came_between(
    runtime: Runtime, tmp_path: Path, mapped: Any, other: str
) -> None:
    mapping, path = mapped("delta"), csv_file(tmp_path, MIXED)
    killed(runtime, path, mapping)
    between = csv_file(tmp_path, [row(7), *MIXED[1:]] if other == "corrected" else [row(200)], "other.csv")
    first = ingest(runtime, between, mapping)
    assert first.accepted == first.rows == batches.drain(runtime).passed
    if other == "of another day":
        again = ingest(runtime, path, mapping)
        assert (again.intake_id, counts(again)) == (3, (50, 50, 0, 0, 0))
        assert batches.drain(runtime).passed == 50
    assert checks.check_invariants(runtime) == []


def test_the_first_payload_stands_only_if_its_file_was_read_to_the_end(
    runtime: Runtime, tmp_path: Path
) -> None:
    rows = [purchase(f"p{number}", "ada", "1.00") for number in range(50)]
    killed(runtime, write_jsonl(tmp_path / "broken.jsonl", rows), "activity-jsonl")
    mended = write_jsonl(tmp_path / "mended.jsonl", [one | {"amount": "2.00"} for one in rows])
    assert counts(ingest(runtime, mended)) == (50, 50, 0, 0, 0)
    broken = ingest(runtime, tmp_path / "broken.jsonl")
    assert counts(broken) == (50, 0, 0, 50, 0)
    assert batches.drain(runtime).passed == 50
    assert ask(runtime, "select distinct amount_minor from activity") == [(200,)]


def test_a_file_that_is_still_being_read_is_not_taken_for_broken_off(
    runtime: Runtime, tmp_path: Path, mapped: Any
) -> None:
    path, mapping = csv_file(tmp_path, MIXED), mapped("snapshot")
    killed(runtime, path, mapping)
    with runtime.database.alone(reading_of("test", hashlib.sha256(path.read_bytes()).hexdigest())):
        longer = ingest(runtime, csv_file(tmp_path, [*MIXED, row(200)], "longer.csv"), mapping)
        assert counts(longer) == (51, 37, 14, 0, 0)
        with pytest.raises(RuleRefusedError, match="intake 1 is being read"):
            quarantine.reject_intake(runtime, 1, actor="ann")
    assert counts(ingest(runtime, path, mapping)) == (50, 14, 36, 0, 0)
    assert batches.drain(runtime).passed == 51


def test_a_file_whose_reader_is_gone_is_rejected_by_hand_and_those_it_met_are_named(
    runtime: Runtime, tmp_path: Path, mapped: Any
) -> None:
    path, mapping = csv_file(tmp_path, MIXED), mapped("snapshot")
    killed(runtime, path, mapping)
    longer = csv_file(tmp_path, [*MIXED, row(200)], "longer.csv")
    with runtime.database.alone(reading_of("test", hashlib.sha256(path.read_bytes()).hexdigest())):
        ingest(runtime, longer, mapping)
        assert checks.check_invariants(runtime) == []  # somebody reads it
    (finding,) = checks.check_invariants(runtime)
    assert (finding.name, finding.examples) == ("I17", ("intake 1",))
    rejected = quarantine.reject_intake(runtime, 1, actor="ann")
    assert (rejected.unqueued, rejected.send_again) == (14, ("longer.csv",))
    assert counts(ingest(runtime, longer, mapping)) == (51, 14, 37, 0, 0)
    assert batches.drain(runtime).passed == 51


def test_a_file_that_was_read_beside_one_that_died_is_named_until_it_is_sent_again(
    runtime: Runtime, tmp_path: Path, mapped: Any
) -> None:
    path, mapping = csv_file(tmp_path, MIXED), mapped("snapshot")
    killed(runtime, path, mapping)
    beside = csv_file(tmp_path, [*MIXED[:14], row(200)], "beside.csv")
    with runtime.database.alone(reading_of("test", hashlib.sha256(path.read_bytes()).hexdigest())):
        assert counts(ingest(runtime, beside, mapping)) == (15, 1, 14, 0, 0)
    ingest(runtime, csv_file(tmp_path, [row(300)], "next.csv"), mapping)  # finds the reader gone
    (finding,) = checks.check_invariants(runtime)
    told = "intake 2 took rows of intake 1 for duplicates: send its file again"
    assert (finding.name, finding.examples) == ("I17", (told,))
    assert counts(ingest(runtime, beside, mapping)) == (15, 14, 1, 0, 0)
    assert checks.check_invariants(runtime) == []
    assert batches.drain(runtime).passed == 16


def test_an_error_in_the_writer_s_thread_surfaces_and_leaves_the_file_to_be_resumed(
    runtime: Runtime, tmp_path: Path, mapped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 7)
    path, mapping = csv_file(tmp_path, MIXED), mapped("snapshot")
    with runtime.database.transaction() as session:
        session.connection().exec_driver_sql(
            "alter table payload add constraint small check (amount_minor < 300)"
        )
        session.connection().exec_driver_sql("alter table payload drop constraint small")
        session.connection().exec_driver_sql("alter table inbox_key add constraint early check (line < 20)")
    with pytest.raises(CheckViolation, match="early"):
        ingest(runtime, path, mapping)
    assert ask(runtime, "select state, rows, accepted from intake") == [("reading", 14, 14)]
    with runtime.database.transaction() as session:
        session.connection().exec_driver_sql("alter table inbox_key drop constraint early")
    assert counts(ingest(runtime, path, mapping)) == (50, 50, 0, 0, 0)
    assert stored(runtime) == (50, 50, 50, 1)


PARQUET = """
mapping: parquet
format: {type: parquet}
mode: snapshot
kind: purchase
member: {column: member}
occurred_at: {column: at}
amount: {column: amount, currency: USD}
"""


def parquet_file(path: Path, rows: int, *, damaged: bool = False) -> Path:
    """Write row groups of 10; a damaged file has one byte in eight of its last group's amounts turned over."""
    table = pa.table(
        {
            "member": [f"m{number % 9}" for number in range(rows)],
            "at": ["2026-06-10T12:00:00Z"] * rows,
            "amount": [f"{number}.25" for number in range(rows)],
        }
    )
    pq.write_table(table, path, row_group_size=10, use_dictionary=False, compression="gzip")
    if damaged:
        content = bytearray(path.read_bytes())
        with pq.ParquetFile(path) as file:
            column = file.metadata.row_group(file.num_row_groups - 1).column(2)
        end = column.data_page_offset + column.total_compressed_size
        for place in range(end - column.total_compressed_size // 2, end):
            content[place] ^= 0xFF
        path.write_bytes(content)
    return path


def test_a_file_that_turns_out_damaged_half_way_is_rejected_and_the_sound_one_counts_whole(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 7)
    monkeypatch.setattr(pieces, "BATCH_ROWS", 10)
    mapping = tmp_path / "parquet.yaml"
    mapping.write_text(PARQUET)
    with pytest.raises(DataRejectedError, match=r"damaged\.parquet: .*damaged"):
        ingest(runtime, parquet_file(tmp_path / "damaged.parquet", 50, damaged=True), str(mapping))
    (broken,) = quarantine.list_intakes(runtime)
    assert (broken.state, broken.reasons, broken.accepted) == ("rejected", ("broken_off",), 35)
    assert (batches.drain(runtime).rows, checks.check_invariants(runtime)) == (0, [])
    sound = ingest(runtime, parquet_file(tmp_path / "sound.parquet", 50), str(mapping))
    assert (sound.state, counts(sound)) == ("released", (50, 50, 0, 0, 0))
    assert batches.drain(runtime).passed == 50


def test_two_who_read_one_file_at_once_count_it_once(
    runtime: Runtime, tmp_path: Path, mapped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 3)
    path, mapping = csv_file(tmp_path, [row(n % 40) for n in range(300)]), mapped("snapshot")
    found = at_once(lambda own: ingest(own, path, mapping), runtime, 3)
    assert sorted(counts(report) for report in found) == [(300, 0, 300, 0, 0)] * 2 + [(300, 300, 0, 0, 0)]
    assert [report.state for report in found] == ["released"] * 3
    assert batches.drain(runtime).passed == 300


# What a row is told apart by


def test_a_snapshot_sent_longer_or_corrected_doubles_nobody(
    runtime: Runtime, tmp_path: Path, mapped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 4)
    mapping = mapped("snapshot")
    first = [row(1), row(2), row(1), row(3), row(1)]  # somebody bought the same thing three times
    assert counts(ingest(runtime, csv_file(tmp_path, first), mapping)) == (5, 5, 0, 0, 0)
    longer = [row(4), *reversed(first), row(1), row(2)]
    assert counts(ingest(runtime, csv_file(tmp_path, longer, "longer.csv"), mapping)) == (8, 3, 5, 0, 0)
    corrected = [row(9) if one == row(3) else one for one in longer]
    report = ingest(runtime, csv_file(tmp_path, corrected, "corrected.csv"), mapping)
    assert counts(report) == (8, 1, 7, 0, 0)
    assert batches.drain(runtime).passed == 9
    shorter = ingest(runtime, csv_file(tmp_path, first[:2], "shorter.csv"), mapping)
    assert counts(shorter) == (2, 0, 2, 0, 0)


@pytest.mark.parametrize("mapping", ["cdnow", "complete-journey"])
def test_a_longer_export_of_the_delivered_snapshots_is_no_reason_to_hold_it(
    runtime: Runtime, tmp_path: Path, mapping: str
) -> None:
    for rows, accepted in ((100, 100), (110, 10)):
        path = tmp_path / f"{mapping}-{rows}"
        if mapping == "cdnow":
            lines = [f"{n % 9:05} 19970101 {n % 7} {n}.25" for n in range(rows)]
            path.write_text("\n".join(["customer_id date number_of_cds dollar_value", *lines]) + "\n")
        else:
            pq.write_table(journey(rows), path)
        report = ingest(runtime, path, mapping)
        assert (report.state, counts(report)) == ("released", (rows, accepted, rows - accepted, 0, 0))
    assert batches.drain(runtime).passed == 110


FILES = strategies.lists(strategies.lists(strategies.integers(0, 3), max_size=9), min_size=1, max_size=4)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES, chunk=strategies.integers(1, 5))
def test_snapshots_hold_of_each_row_as_many_as_the_fullest_file(
    runtime: Runtime,
    tmp_path: Path,
    mapped: Any,
    monkeypatch: pytest.MonkeyPatch,
    files: list[list[int]],
    chunk: int,
) -> None:
    """Any files in any chunks: of equal rows there are as many as the file with most of them has."""
    source = f"example-{one(runtime, 'select count(*) from intake')}"  # a shop of its own for each
    monkeypatch.setattr(reading, "CHUNK", chunk)
    for number, rows in enumerate(files):
        path = csv_file(tmp_path, [row(n) for n in rows], f"{number}.csv")
        counts(ingest(runtime, path, mapped("snapshot"), source))
    kept = "select amount_minor, count(*) from payload join inbox_key using (key) join intake i on i.id = intake_id"
    most = {n: max(rows.count(n) for rows in files) for n in range(4)}
    assert dict(ask(runtime, f"{kept} where source = %s group by 1", source)) == {
        n * 100 + 25: count for n, count in most.items() if count
    }


def test_of_a_delta_every_row_counts_and_the_same_file_never_again(
    runtime: Runtime, tmp_path: Path, mapped: Any
) -> None:
    mapping = mapped("delta")
    monday = csv_file(tmp_path, [row(1), row(1), row(2)])
    assert counts(ingest(runtime, monday, mapping)) == (3, 3, 0, 0, 0)
    tuesday = csv_file(tmp_path, [row(1), row(2)], "tuesday.csv")
    assert counts(ingest(runtime, tuesday, mapping)) == (2, 2, 0, 0, 0)
    again = ingest(runtime, csv_file(tmp_path, [row(1), row(1), row(2)], "monday-again.csv"), mapping)
    assert (counts(again), again.seen_before) == ((3, 0, 3, 0, 0), True)


def test_one_id_in_two_sources_is_two_events_of_two_members(runtime: Runtime, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [share("e1", "ada")])
    for source in ("shop-1", "shop-2"):
        report = ingest(runtime, path, source=source)
        assert (counts(report), report.seen_before) == ((1, 1, 0, 0, 0), False)
    assert batches.drain(runtime).passed == 2
    assert one(runtime, "select count(distinct member_id) from activity") == 2


def test_conflicts_are_listed_once_each_wherever_they_come_from(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 2)
    rows = [purchase("p1", "ada", "1.00"), share("s1", "ada"), share("s2", "ada")]
    first = write_jsonl(tmp_path / "a.jsonl", [*rows, purchase("p1", "ada", "2.00"), rows[0]])
    assert counts(ingest(runtime, first)) == (5, 3, 1, 1, 0)
    second = write_jsonl(
        tmp_path / "b.jsonl", [purchase("p1", "ada", "2.00"), purchase("p1", "bob", "1.00"), share("s3", "x")]
    )
    assert counts(ingest(runtime, second)) == (3, 1, 0, 2, 0)
    assert counts(ingest(runtime, second)) == (3, 0, 1, 2, 0)
    assert ask(runtime, "select intake_id, line, reasons from quarantined_row order by id") == [
        (1, 4, ["conflict"]),
        (2, 2, ["conflict"]),
    ]
    assert batches.drain(runtime).passed == 4
    assert ask(runtime, "select amount_minor from activity where kind = 'purchase'") == [(100,)]


def test_refused_rows_have_their_lines_and_are_listed_once(
    runtime: Runtime, tmp_path: Path, mapped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 3)
    rows = [row(1), "ragged", row(2), row(3), 'bro"ken,x,y,z', "a\0b,,,,", row(4), "last,ragged"]
    path, mapping = csv_file(tmp_path, rows), mapped("delta")
    for accepted in (4, 0):
        assert counts(ingest(runtime, path, mapping)) == (8, accepted, 4 - accepted, 0, 4)
        found = [(one.line, one.reasons) for one in quarantine.list_quarantine(runtime)]
        assert found == [
            (3, ("row_ragged",)),
            (6, ("row_ragged",)),
            (7, ("row_nul_byte",)),
            (9, ("row_ragged",)),
        ]
    assert "ragged" not in str(ask(runtime, "select event_id from inbox_key"))


def test_refused_rows_of_a_killed_file_are_listed_once(runtime: Runtime, tmp_path: Path, mapped: Any) -> None:
    path, mapping = (
        csv_file(tmp_path, [row(1), "ragged", row(2), row(3), "ragged", row(4)]),
        mapped("snapshot"),
    )
    assert reader(runtime, path, mapping, chunk=2, chunks=2).wait(timeout=60) == -9
    assert counts(ingest(runtime, path, mapping)) == (6, 4, 0, 0, 2)
    assert [one.line for one in quarantine.list_quarantine(runtime)] == [3, 6]


def test_columns_too_many_are_named_and_dropped_and_columns_too_few_hold_the_file(
    runtime: Runtime, tmp_path: Path, mapped: Any
) -> None:
    wide = csv_file(tmp_path, [f"{row(1)},4242424242424242,x"], "wide.csv", f"{HEADER},card,mood")
    report = ingest(runtime, wide, mapped("snapshot"))
    assert (report.state, report.unknown_columns, report.missing_columns) == (
        "released",
        ("card", "mood"),
        (),
    )
    narrow = csv_file(tmp_path, ["m1,2026-06-10T12:00:00Z"], "narrow.csv", "member,at")
    held = ingest(runtime, narrow, mapped("snapshot"))
    assert (held.state, held.reasons, held.missing_columns) == (
        "held",
        ("missing_column",),
        ("amount",),
    )
    assert counts(held) == (0, 0, 0, 0, 0)
    optional = csv_file(tmp_path, ["m1,2026-06-10T12:00:00Z,1.00"], "optional.csv", "member,at,amount")
    assert ingest(runtime, optional, mapped("snapshot")).missing_columns == ()
    everything = ask(runtime, "select p.raw, k.event_id from payload p join inbox_key k using (key)")
    assert "4242" not in str(everything)


# What it costs and what it says meanwhile


def test_progress_goes_up_to_the_whole_file(
    runtime: Runtime, tmp_path: Path, mapped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 500)
    path, told = csv_file(tmp_path, [row(n, "x" * 200) for n in range(6_000)]), list[int]()
    intake.ingest_file(runtime, path, source="test", mapping=mapped("snapshot"), on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == path.stat().st_size
    assert len(set(told)) > 2


def test_memory_does_not_grow_with_the_file(
    runtime: Runtime, tmp_path: Path, mapped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten times the rows, the same memory: what is held is two chunks, and what is known of each member."""
    monkeypatch.setattr(reading, "CHUNK", 500)
    monkeypatch.setattr(people, "LARGEST_MEMORY", 500)
    peaks = []
    for rows in (1_500, 9_000):
        path = csv_file(tmp_path, [row(n % 400, "x" * 900) for n in range(rows)], f"{rows}.csv")
        tracemalloc.start()
        assert ingest(runtime, path, mapped("delta")).accepted == rows
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]
    assert peaks[1] < path.stat().st_size * 0.7


def test_a_chunk_of_large_rows_ends_by_their_bytes_and_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_BYTES", 100)
    monkeypatch.setattr(reading, "CHUNK", 4)
    found = [
        Record(line, {}, size=size) for line, size in ((1, 60), (2, 60), (2, 60), (3, 1), (4, 100), (5, 0))
    ]
    found += [Record(line, {}) for line in range(6, 12)]
    assert [[one.line for one in chunk] for chunk in reading._chunks(iter(found))] == [
        [1, 2, 2],
        [3, 4],
        [5, 6, 7, 8],
        [9, 10, 11],
    ]


@pytest.mark.parametrize(
    ("kind", "text", "sizes"),
    [
        ("csv", 'id,member\n1,x\n2,"\n"\n', [4, 6]),
        ("jsonl", '{"id": 1}\n\n{"id": 22}\n', [10, 11]),
    ],
)
def test_records_say_about_what_they_weigh(tmp_path: Path, kind: str, text: str, sizes: list[int]) -> None:
    (tmp_path / "a").write_text(text)
    found = read_records(tmp_path / "a", mapping_of(format={"type": kind}))
    assert [one.size for one in found if isinstance(one, Record)] == sizes

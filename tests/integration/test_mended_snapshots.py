"""Mended rows of snapshots: as if the file had been right, whatever comes in later, and counted once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from laurels.services import batches, boards, checks, intake, quarantine, statehash, versions
from laurels.services.programs import parse_program
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from tests.battery.gate_rows import ask, one
from tests.runtimes import fresh_runtime

PROGRAM = """
program: cdnow
time_zone: America/New_York
currency: USD
points_value: {points: 100, worth: 5.00}
earning: [{rule: purchase, on: purchase, points_per_unit: 1}]
boards: [{board: spend, metric: {sum: amount, of: purchase, net: refunds}, windows: [month]}]
"""
NOW = datetime(1998, 6, 15, tzinfo=UTC)
HEAD = "customer_id date number_of_cds dollar_value\n"
CLEAN = [
    "00001 19970101 1 11.77",
    "00002 19970112 1 12.00",
    "00002 19970112 1 12.00",
    "00003 19970102 2 20.76",
]


def feed(runtime: Runtime, folder: Path, lines: list[str], name: str) -> intake.IntakeReport:
    path = folder / name
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    report = intake.ingest_file(runtime, path, source="cdnow", mapping="cdnow", as_of=NOW)
    assert report.state == "released"
    batches.drain(runtime)
    boards.reconcile_boards(runtime, as_of=NOW)
    return report


def start(runtime: Runtime) -> None:
    program = parse_program(PROGRAM, "cdnow")
    versions.apply_version(runtime, program, actor="ann", effective_from=datetime(1996, 1, 1, tzinfo=UTC))


def mend_all(runtime: Runtime, amount: str) -> None:
    ids = [row.id for row in quarantine.list_quarantine(runtime)]
    quarantine.replay(runtime, ids, edits={"dollar_value": amount}, actor="ann", as_of=NOW)
    batches.drain(runtime)
    boards.reconcile_boards(runtime, as_of=NOW)


@pytest.fixture
def wanted(settings: Settings, template: None, tmp_path: Path) -> str:
    with fresh_runtime(settings) as clean:
        start(clean)
        feed(clean, tmp_path, CLEAN, "clean.txt")
        return statehash.state_hash(clean).hash


@pytest.mark.parametrize("at", range(4))
def test_a_mended_row_is_the_row_of_the_clean_feed(
    runtime: Runtime, tmp_path: Path, wanted: str, at: int
) -> None:
    start(runtime)
    amount = CLEAN[at].split()[-1]
    spoilt = [line.replace(".", ",") if number == at else line for number, line in enumerate(CLEAN)]
    feed(runtime, tmp_path, spoilt, "spoilt.txt")
    mend_all(runtime, amount)
    assert statehash.state_hash(runtime).hash == wanted
    assert checks.check_invariants(runtime) == []


def test_a_corrected_export_counts_nothing_twice_after_the_repair(
    runtime: Runtime, tmp_path: Path, wanted: str
) -> None:
    start(runtime)
    feed(runtime, tmp_path, [CLEAN[0], CLEAN[1], CLEAN[2].replace(".", ","), CLEAN[3]], "spoilt.txt")
    mend_all(runtime, "12.00")
    again = feed(runtime, tmp_path, CLEAN, "corrected.txt")
    assert (again.accepted, again.duplicates, again.conflicts) == (0, 4, 0)
    assert statehash.state_hash(runtime).hash == wanted


def test_nor_where_it_came_before_the_repair(runtime: Runtime, tmp_path: Path, wanted: str) -> None:
    start(runtime)
    feed(runtime, tmp_path, [*CLEAN[:3], CLEAN[3].replace(".", ",")], "spoilt.txt")
    feed(runtime, tmp_path, CLEAN, "corrected.txt")
    assert statehash.state_hash(runtime).hash == wanted
    mend_all(runtime, "20.76")
    assert statehash.state_hash(runtime).hash == wanted
    assert ask(runtime, "select state from quarantined_row") == [("superseded",)]
    assert (
        one(runtime, "select count(*) from activity where id = (select moved_to from quarantined_row)") == 1
    )
    assert checks.check_invariants(runtime) == []


def test_two_rows_that_are_equal_once_mended_are_two(runtime: Runtime, tmp_path: Path, wanted: str) -> None:
    start(runtime)
    feed(
        runtime,
        tmp_path,
        [CLEAN[0], "00002 19970112 1 12,00", "00002 19970112 1 12,0O", CLEAN[3]],
        "spoilt.txt",
    )
    first, second = quarantine.list_quarantine(runtime)
    for row in (first, second):  # one after the other: the second finds the first there, of its own file
        quarantine.replay(runtime, [row.id], edits={"dollar_value": "12.00"}, actor="ann", as_of=NOW)
        batches.drain(runtime)
    boards.reconcile_boards(runtime, as_of=NOW)
    assert statehash.state_hash(runtime).hash == wanted


def test_a_row_that_is_refused_again_stands_open_under_what_it_says_and_can_be_mended(
    runtime: Runtime, tmp_path: Path, wanted: str
) -> None:
    start(runtime)
    feed(runtime, tmp_path, [*CLEAN[:3], CLEAN[3].replace(".", ",")], "spoilt.txt")
    mend_all(runtime, "-20.76")
    (row,) = quarantine.list_quarantine(runtime)
    assert (row.reasons, row.line, row.file) == (("purchase_negative",), 5, "spoilt.txt")
    mend_all(runtime, "20.76")
    assert quarantine.list_quarantine(runtime) == []
    assert statehash.state_hash(runtime).hash == wanted
    assert checks.check_invariants(runtime) == []


def test_a_row_whose_time_has_come_stays_the_row_that_it_is(runtime: Runtime, tmp_path: Path) -> None:
    start(runtime)
    feed(runtime, tmp_path, [*CLEAN, "00004 19980701 1 5.00"], "early.txt")
    (row,) = quarantine.list_quarantine(runtime)
    assert row.reasons == ("time_in_future",)
    quarantine.replay(runtime, [row.id], edits={}, actor="ann", as_of=datetime(1998, 7, 2, tzinfo=UTC))
    assert batches.drain(runtime).passed == 1
    assert ask(runtime, "select state, moved_to from quarantined_row") == [("replayed", None)]
    again = feed(runtime, tmp_path, [*CLEAN, "00004 19980701 1 5.00", "00005 19970101 1 1.00"], "later.txt")
    assert (again.accepted, again.duplicates) == (1, 5)


def test_the_audit_names_the_event_that_a_row_became(runtime: Runtime, tmp_path: Path) -> None:
    start(runtime)
    feed(runtime, tmp_path, [CLEAN[0].replace(".", ",")], "spoilt.txt")
    mend_all(runtime, "11.77")
    after = one(runtime, "select after from audit_entry where action = 'quarantine.replay'")
    event = one(runtime, "select event_id from inbox_key where key = (select moved_to from quarantined_row)")
    assert after == {"fields": {"dollar_value": "11.77"}, "personal": [], "event": event}

"""Seventy classes of faults planted in real feeds: each found in exactly its rows, none gone further, and all repaired.

The table of recall and precision is `docs/faults.md`; what these tests find must be what stands there.
"""

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from deployments.demo import PURCHASES
from laurels.services import batches, boards, intake, quarantine, statehash, versions
from laurels.services.programs import parse_program
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from tests.battery import faults
from tests.battery.fault_feeds import Feed, Spoilt, cdnow, journey, native, orders, refunds, spoil, value
from tests.battery.gate_rows import ask, one
from tests.runtimes import fresh_runtime

PROGRAM = """
program: faults
time_zone: America/New_York
currency: USD
season: {starts: 1997-01-01, ends: 2027-01-01}
points_value: {points: 100, worth: 5.00}
earning:
  - {rule: purchase, on: purchase, points_per_unit: 10}
  - {rule: share, on: share, points: 5}
  - {rule: referral, on: referral, points: 100}
boards:
  - {board: spend, metric: {sum: amount, of: purchase, net: refunds}, windows: [month, season]}
tiers:
  board: spend/season
  ranks: [{to: 1, percent: 30}, {to: 10, percent: 10}]
  upgrade: immediately
  downgrade: {after: 24h}
"""
NOW = datetime(2026, 7, 1, tzinfo=UTC)
TABLE = Path("docs/faults.md")
FURTHER = (
    "activity where id",
    "award where activity_id",
    "ledger_entry where activity_id",
    "participation where activity_id",
)
SHOP = {"currency": "USD", "email": "bob.norman@mail.example.com", "source_name": "web", "test": False}
GIVEN_BACK = {"transactions": [{"kind": "refund", "currency": "USD", "status": "success", "test": False}]}


@pytest.fixture
def households() -> list[int]:
    return pq.read_table(PURCHASES, columns=["household_id"])["household_id"].to_pylist()[:2000]


def test_there_are_more_than_forty_classes() -> None:
    classes = {
        (feed, fault.name)
        for feed in ("CDNOW", "JOURNEY", "ORDERS", "REFUNDS", "NATIVE")
        for fault in getattr(faults, feed)
    }
    assert len(classes) == 70


@pytest.mark.soak
def test_cdnow(settings: Settings, template: None, shared_data: Path, tmp_path: Path) -> None:
    text = gzip.decompress((shared_data / "cdnow" / "cdnow_master.txt.gz").read_bytes()).decode()
    prove(settings, [cdnow(text.splitlines()[1:])], tmp_path)


def test_complete_journey(settings: Settings, template: None, tmp_path: Path) -> None:
    prove(settings, [journey(PURCHASES)], tmp_path)


@pytest.mark.soak
def test_all_of_complete_journey_a(
    settings: Settings, template: None, shared_data: Path, tmp_path: Path
) -> None:
    prove(settings, [journey(shared_data / "complete_journey" / "transactions.parquet")], tmp_path)


def test_shopify(settings: Settings, template: None, tmp_path: Path) -> None:
    sold = orders(SHOP, 3000)
    prove(settings, [sold, refunds(GIVEN_BACK, sold.rows)], tmp_path)


def test_native(settings: Settings, template: None, households: list[int], tmp_path: Path) -> None:
    prove(settings, [native(households)], tmp_path)


def prove(settings: Settings, feeds: list[Feed], folder: Path) -> None:
    """Feed what is clean to one store and what is spoilt to another; find, stop, repair, and compare."""
    settings = settings.model_copy(update={"mappings": folder})
    with fresh_runtime(settings) as clean:
        start(clean)
        for feed in feeds:
            report = take(clean, feed, feed.write(folder / f"clean.{feed.suffix}", feed.rows), folder)
            assert (report.accepted, report.refused) == (len(feed.rows), 0)
        drained = work(clean)
        assert drained.quarantined == 0
        wanted = statehash.state_hash(clean).hash
    with fresh_runtime(settings) as runtime:
        start(runtime)
        for feed in feeds:
            spoilt = spoil(feed, seed=len(feed.rows))
            report = take(runtime, feed, feed.write(folder / f"spoilt.{feed.suffix}", spoilt.rows), folder)
            work(runtime)
            found = quarantine.of_intake(runtime, report.intake_id, limit=100_000)
            assert {row.line: sorted(row.reasons) for row in found} == {
                line: sorted(fault.reasons) for line, (fault, _) in spoilt.planted.items()
            }
            assert told(feed, spoilt, found) == rows_of_the_table(feed.name)
            assert_nothing_went_further(runtime)
            mend(runtime, feed, spoilt, found, folder)
        assert work(runtime).quarantined == 0
        assert statehash.state_hash(runtime).hash == wanted
        assert one(runtime, "select count(*) from quarantined_row where state = 'open'") == 0


def start(runtime: Runtime) -> None:
    program = parse_program(PROGRAM, "faults")
    versions.apply_version(runtime, program, actor="ann", effective_from=datetime(1996, 1, 1, tzinfo=UTC))


def take(runtime: Runtime, feed: Feed, path: Path, folder: Path) -> intake.IntakeReport:
    return intake.ingest_file(runtime, path, source="shop", mapping=feed.mapping_file(folder), as_of=NOW)


def work(runtime: Runtime) -> batches.DrainReport:
    drained = batches.drain(runtime)
    assert drained.held == 0
    boards.reconcile_boards(runtime, as_of=NOW)
    return drained


def told(feed: Feed, spoilt: Spoilt, found: Iterable[quarantine.QuarantinedView]) -> list[str]:
    """The feed's part of the table: a line a class."""
    reasons = {row.line: tuple(sorted(row.reasons)) for row in found}
    lines = []
    for fault in feed.faults:
        wanted = tuple(sorted(fault.reasons))
        mine = {line for line, (one, _) in spoilt.planted.items() if one is fault}
        alike = {line for line, (one, _) in spoilt.planted.items() if tuple(sorted(one.reasons)) == wanted}
        named = {line for line, said in reasons.items() if said == wanted}
        recall, precision = len(mine & named) / len(mine), len(named & alike) / len(named)
        words = ", ".join(f"`{reason}`" for reason in fault.reasons)
        lines.append(
            f"| {feed.name} | {fault.name} | {words} | {len(mine)} | {len(mine & named)} | {recall:.2f} | {precision:.2f} |"
        )
    return lines


def rows_of_the_table(feed: str) -> list[str]:
    return [line for line in TABLE.read_text().splitlines() if line.startswith(f"| {feed} |")]


def assert_nothing_went_further(runtime: Runtime) -> None:
    """No refused event is an activity, in a ledger or on a board, nor is anything owed for one."""
    keys = "in (select key from quarantined_row where state = 'open' and reasons <> '{conflict}')"
    for place in FURTHER:
        assert one(runtime, f"select count(*) from {place} {keys}") == 0, place
    scores = "select coalesce(sum(score), 0)::bigint from standing join board_window w on w.id = window_id where period = 'season'"
    spent = "select coalesce(sum(case kind when 'purchase' then amount_minor else 0 end), 0)::bigint from activity"
    back = "select coalesce(sum(matched_minor), 0)::bigint from settlement"
    assert int(str(one(runtime, scores))) == int(str(one(runtime, spent))) - int(str(one(runtime, back)))
    members = "select member_id from push union select member_id from delivery union select member_id from tier_grant"
    assert ask(runtime, f"{members} except select member_id from activity") == []


def mend(
    runtime: Runtime, feed: Feed, spoilt: Spoilt, found: list[quarantine.QuarantinedView], folder: Path
) -> None:
    """Repair in place what can be; send the lines of the rest again; dismiss what they leave."""
    again, left = [], []
    for row in found:
        fault, clean = spoilt.planted[row.line]
        if fault.mend:
            edits = {column: value(clean, column) for column in fault.mend}
            quarantine.replay(runtime, [row.id], edits=edits, actor="ann", as_of=NOW)
        else:
            left.append(row.id)
            again += [] if fault.extra else [clean]
    if left:
        quarantine.dismiss(runtime, left, actor="ann", reason="sent again")
    if again:
        take(runtime, feed, feed.write(folder / f"again.{feed.suffix}", again), folder)

"""After repair and replay the store is, to the hash, what a clean feed makes of it; whatever was broken, in any order."""

import csv
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from laurels.services import batches, intake, quarantine
from laurels.services.checks import check_invariants
from laurels.services.quarantine import Selection
from laurels.services.runtime import Runtime
from laurels.services.statehash import StateHash, state_hash
from laurels.settings import Settings
from laurels.stores import sheets
from tests.battery import histories_programs as programs
from tests.histories import Row, history
from tests.integration.activity import run_rows, write_jsonl
from tests.runtimes import fresh_runtime

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
EVENTS = 80


def _comma(row: Row) -> Row | None:
    return row | {"amount": row["amount"].replace(".", ",")} if "." in row.get("amount", "") else None


def _grouped(row: Row) -> Row | None:
    """Thousands by points, as 1.234,50; here of small amounts, padded as some tills do."""
    whole, point, cents = row.get("amount", "").partition(".")
    return row | {"amount": f"{int(whole) + 0:,}".replace(",", ".") + f",{cents}"} if point else None


def _naive(row: Row) -> Row | None:
    at = _moment(row)
    return row | {"occurred_at": at.astimezone(ZONE).replace(tzinfo=None).isoformat()} if at else None


def _slashes(row: Row) -> Row | None:
    at = _moment(row)
    return row | {"occurred_at": at.strftime("%d/%m/%Y %H:%M:%S.%f+00:00")} if at else None


def _moment(row: Row) -> datetime | None:
    """When it was, None where that is broken already: one fault upon another would be another time."""
    try:
        at = datetime.fromisoformat(row["occurred_at"])
    except ValueError:
        return None
    return at if at.tzinfo else None


def _no_currency(row: Row) -> Row | None:
    return row | {"currency": ""} if row.get("currency") == "USD" else None


def _unseen(row: Row) -> Row | None:
    return row | {"amount": f"{row['amount']}\u200b"} if "amount" in row else None


def _word(row: Row) -> Row | None:
    return row | {"kind": "sale"} if row["kind"] == "purchase" else None


def _mangled(row: Row) -> Row | None:
    return row | {"member_id": "1.23E+15"}


FAULTS: dict[str, tuple[Callable[[Row], Row | None], list[str]]] = {
    "decimal comma": (_comma, ["decimal-comma"]),
    "grouped": (_grouped, ["decimal-comma:amount"]),
    "no zone": (_naive, ["zone=America/New_York"]),
    "slashes": (_slashes, ["date-order=dmy"]),
    "no currency": (_no_currency, ["currency=USD"]),
    "unseen signs": (_unseen, ["trim:amount"]),
    "another word": (_word, ["kind=sale:purchase"]),
    "mangled member": (_mangled, []),  # no transformation: by file
}
ALL = [
    "trim:amount",
    "decimal-comma",
    "date-order=dmy",
    "zone=America/New_York",
    "currency=USD",
    "kind=sale:purchase",
]


@pytest.fixture(scope="module")
def clean(
    settings: Settings, template: None, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], StateHash]:
    """The state that each clean history makes."""
    known: dict[int, StateHash] = {}

    def state(seed: int) -> StateHash:
        if seed not in known:
            with fresh_runtime(settings, as_of=NOW) as runtime:
                programs.apply_all(runtime)
                report = run_rows(runtime, tmp_path_factory.mktemp("clean"), history(seed, EVENTS))
                assert report.quarantined == 0
                known[seed] = state_hash(runtime)
        return known[seed]

    return state


@pytest.fixture
def house(settings: Settings, template: None) -> Iterator[Runtime]:
    with fresh_runtime(settings, as_of=NOW) as runtime:
        programs.apply_all(runtime)
        yield runtime


def test_the_faults_would_be_noticed(
    house: Runtime, tmp_path: Path, clean: Callable[[int], StateHash]
) -> None:
    """Were a broken row to count for nothing in the hash, the tests below would prove nothing."""
    rows = history(21, EVENTS)
    run_rows(house, tmp_path, [row for row in rows if row["kind"] != "share"])
    assert state_hash(house).hash != clean(21).hash


@pytest.mark.parametrize("fault", FAULTS)
def test_a_repaired_feed_is_a_clean_feed(
    fault: str, house: Runtime, tmp_path: Path, clean: Callable[[int], StateHash]
) -> None:
    breaks, transformations = FAULTS[fault]
    rows = history(21, EVENTS)
    broken = [breaks(row) if number % 3 else None for number, row in enumerate(rows)]
    _take(house, tmp_path, [one or row for one, row in zip(broken, rows, strict=True)])
    count = sum(one is not None for one in broken)
    assert len(_open(house)) == count > 5
    if transformations:
        told = quarantine.preview_fix(house, Selection(source="test"), transformations)
        assert (told.rows, told.fixed, dict(told.left)) == (count, count, {})
        assert quarantine.fix(house, Selection(), transformations, actor="ann").fixed == count
    else:
        assert _by_file(house, tmp_path / "sheet.csv", rows, random.Random(1)) == count
    assert batches.drain(house).passed == count
    assert _open(house) == []
    assert check_invariants(house) == []
    assert state_hash(house) == clean(21)


def _repaired(runtime: Runtime, folder: Path, seed: int) -> None:
    """Break rows by chance, some of them several ways, and mend them in steps by chance; then whatever is left."""
    dice = random.Random(seed)
    rows = history(seed, EVENTS)
    broken = []
    for row in rows:
        for breaks, _ in dice.sample(list(FAULTS.values()), dice.choice([0, 0, 1, 1, 2, 3])):
            row = breaks(row) or row  # noqa: PLW2901 - one fault upon the other
        broken.append(row)
    size = len(rows) // 3 + 1
    for number in range(3):
        _take(runtime, folder, broken[number * size : (number + 1) * size], f"{number}.jsonl")
    steps = [transformations for _, transformations in FAULTS.values() if transformations] * 2
    dice.shuffle(steps)
    for step, transformations in enumerate(steps):
        quarantine.fix(runtime, Selection(), transformations, actor="ann")
        if dice.random() < 0.4:
            _by_file(runtime, folder / f"{step}.csv", rows, dice, share=0.3)
        if dice.random() < 0.3:
            quarantine.replay_selection(runtime, Selection(), actor="ann")  # mends nothing, and harms nothing
        if dice.random() < 0.6:
            batches.drain(runtime)
    batches.drain(runtime)
    quarantine.fix(runtime, Selection(), ALL, actor="ann")
    batches.drain(runtime)
    _by_file(runtime, folder / "last.csv", rows, dice)
    batches.drain(runtime)


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_any_faults_mended_in_any_order_leave_no_trace(
    seed: int, house: Runtime, tmp_path: Path, clean: Callable[[int], StateHash]
) -> None:
    _repaired(house, tmp_path, seed)
    assert _open(house) == []
    assert check_invariants(house) == []
    assert state_hash(house) == clean(seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40, 60))
def test_any_faults_mended_in_any_order_leave_no_trace_often(
    seed: int, house: Runtime, tmp_path: Path, clean: Callable[[int], StateHash]
) -> None:
    test_any_faults_mended_in_any_order_leave_no_trace(seed, house, tmp_path, clean)


def _take(runtime: Runtime, folder: Path, rows: list[Row], name: str = "rows.jsonl") -> None:
    path = write_jsonl(folder / name, rows)
    intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    batches.drain(runtime)


def _open(runtime: Runtime) -> list[quarantine.QuarantinedView]:
    return quarantine.list_quarantine(runtime, limit=10_000)


def _by_file(runtime: Runtime, path: Path, rows: list[Row], dice: random.Random, share: float = 1) -> int:
    """Write a sheet, fill the true texts into some of its rows as a person would, and take it back."""
    if not _open(runtime):
        return 0
    quarantine.export_sheet(runtime, path, Selection(), columns=["member"])
    truth = {row["event_id"]: row for row in rows}
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    edited = [row | truth[row["event_id"]] if dice.random() < share else row for row in table]
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, table[0].keys(), delimiter=dice.choice(",;\t"), extrasaction="ignore")
        sheet.writeheader()
        sheet.writerows(edited)
    assert list(table[0])[:4] == list(sheets.OURS)
    return quarantine.repair_sheet(runtime, path, actor="ann").queued

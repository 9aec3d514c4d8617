"""I7: whatever the order of arrival and the size of batches, the same rows make the same state, to the hash."""

import gzip
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from laurels.services import batches, intake
from laurels.services.checks import check_invariants
from laurels.services.runtime import Runtime
from laurels.services.statehash import StateHash, state_hash
from laurels.settings import Settings
from tests.battery import histories_programs as programs
from tests.histories import Row, history
from tests.integration.activity import run_rows
from tests.runtimes import fresh_runtime

NOW = datetime(2026, 12, 1, tzinfo=UTC)
EVENTS = 120
ARRIVALS = [  # seed of the shuffle (None: as they occurred; -1: the last first), files, rows in a batch
    (None, 1, 10_000),
    (-1, 2, 500),
    (1, 5, 7),
    (2, 3, 1),
]


def _state(settings: Settings, folder: Path, rows: list[Row], files: int, batch_rows: int) -> StateHash:
    """Let the rows arrive in so many files and return what they made of the store, every promise kept."""
    with fresh_runtime(settings, as_of=NOW, batch_rows=batch_rows) as runtime:
        programs.apply_all(runtime)
        size = -(-len(rows) // files)
        for number in range(files):
            run_rows(runtime, folder, rows[number * size : (number + 1) * size], f"{number}.jsonl")
        assert check_invariants(runtime) == []
        return state_hash(runtime)


def _ordered(rows: list[Row], shuffle: int | None) -> list[Row]:
    ordered = sorted(rows, key=lambda row: (row["occurred_at"], row["event_id"]), reverse=shuffle == -1)
    if shuffle is not None and shuffle > 0:
        dice = random.Random(shuffle)
        ordered += dice.sample(ordered, len(ordered) // 5)  # every fifth twice
        dice.shuffle(ordered)
    return ordered


@pytest.mark.parametrize(("seed", "arrivals"), [(11, ARRIVALS), (12, ARRIVALS[1:3])])
def test_order_and_batches_of_arrival_leave_no_trace(
    seed: int, arrivals: list[tuple[int | None, int, int]], settings: Settings, template: None, tmp_path: Path
) -> None:
    rows = history(seed, EVENTS)
    states = [
        _state(settings, tmp_path, _ordered(rows, shuffle), files, batch_rows)
        for shuffle, files, batch_rows in arrivals
    ]
    assert states[0].tables["award"].rows > EVENTS
    assert len({state.hash for state in states}) == 1, [state.tables for state in states]


def test_a_row_less_is_another_state(settings: Settings, template: None, tmp_path: Path) -> None:
    rows = history(11, EVENTS)
    less = [
        row
        for row in rows
        if row is not next(one for one in rows if one["kind"] == "referral" and "verified" in one)
    ]
    assert _state(settings, tmp_path, rows, 1, 500).hash != _state(settings, tmp_path, less, 1, 500).hash


@pytest.fixture(scope="module")
def cdnow(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The CDNOW master as it is, and with its rows in another order: ids come from content, so they are the same."""
    source = shared_data / "cdnow" / "cdnow_master.txt.gz"
    header, *rows = gzip.decompress(source.read_bytes()).decode().splitlines()
    random.Random(5).shuffle(rows)
    shuffled = tmp_path_factory.mktemp("cdnow") / "shuffled.txt"
    shuffled.write_text("\r\n".join([header, *rows]) + "\r\n", newline="")
    return {"as it is": source, "shuffled": shuffled}


def _cdnow_state(runtime: Runtime, path: Path) -> StateHash:
    start = datetime(1997, 1, 1, tzinfo=UTC)
    programs.apply(runtime, [(start, programs.CDNOW)])
    report = intake.ingest_file(runtime, path, source="cdnow", mapping="cdnow")
    assert (report.state, report.accepted) == ("released", 69_659)
    batches.drain(runtime)
    return state_hash(runtime)


def test_cdnow_in_two_orders_and_three_batch_sizes(
    cdnow: dict[str, Path], settings: Settings, template: None
) -> None:
    states = []
    for name, batch_rows in (("as it is", 100_000), ("shuffled", 10_000), ("shuffled", 25_000)):
        with fresh_runtime(settings, as_of=NOW, batch_rows=batch_rows) as runtime:
            states.append(_cdnow_state(runtime, cdnow[name]))
    assert len({state.hash for state in states}) == 1, [state.tables for state in states]
    assert states[0].tables["balance"].rows > 23_000

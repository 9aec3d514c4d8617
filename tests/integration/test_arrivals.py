"""Files that are expected: each moment settled once, over pauses, by two at once, and as declared now."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from laurels.services import arrivals, intake, quarantine
from laurels.services.arrivals import ArrivalsReport
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from tests.battery.gate_rows import ask
from tests.integration.activity import purchase, write_jsonl
from tests.mappings import MAPPINGS
from tests.runtimes import at_once, fresh_runtime

DUE = datetime(2026, 7, 1, 10, tzinfo=UTC)  # 06:00 in New York
EXPECT = 'expect: {source: shop, by: "06:00", grace: 2h, zone: America/New_York}\n'
Declare = Callable[[str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of mappings with one that expects nothing yet."""
    made = tmp_path / "mappings"
    made.mkdir()
    shutil.copy(MAPPINGS / "activity-jsonl.yaml", made)
    return made


@pytest.fixture
def house(settings: Settings, template: None, folder: Path) -> Iterator[Runtime]:
    with fresh_runtime(settings, mappings=folder) as runtime:
        yield runtime


@pytest.fixture
def declare(folder: Path) -> Declare:
    path = folder / "activity-jsonl.yaml"
    plain = path.read_text()

    def declare(expect: str) -> None:
        path.write_text(plain + expect)

    return declare


def check(house: Runtime, hours: float) -> ArrivalsReport:
    """Look so many hours after the file is due."""
    return arrivals.check_arrivals(house, DUE + timedelta(hours=hours))


def send(house: Runtime, folder: Path, hours: float, name: str, broken: int = 0) -> int:
    path = write_jsonl(folder / f"{name}.jsonl", [purchase(name, "ada", "1.00")])
    path.write_text(path.read_text() + "{broken\n" * broken)
    return intake.ingest_file(
        house, path, source="shop", mapping="activity-jsonl", as_of=DUE + timedelta(hours=hours)
    ).intake_id


def states(house: Runtime) -> list[tuple[str, str, int | None]]:
    found = arrivals.list_arrivals(house)
    return [(f"{one.due_at:%d %H}", one.state, one.intake_id) for one in reversed(found)]


def test_nothing_is_expected_where_nothing_is_declared(house: Runtime) -> None:
    assert check(house, 5) == ArrivalsReport()
    assert states(house) == []


def test_a_file_is_awaited_missing_and_late(house: Runtime, tmp_path: Path, declare: Declare) -> None:
    declare(EXPECT)
    assert check(house, -3) == ArrivalsReport()
    assert states(house) == [("01 10", "awaited", None)]
    assert check(house, 2).missing == ()
    (missing,) = check(house, 2.01).missing
    assert (missing.source, missing.mapping, missing.due_at) == ("shop", "activity-jsonl", DUE)
    assert check(house, 3) == ArrivalsReport()  # told once
    late = send(house, tmp_path, 4, "late")
    assert (check(house, 4).late, check(house, 5).late) == (1, 0)
    in_time = send(house, tmp_path, 23, "next")
    assert check(house, 23).arrived == 1
    assert states(house)[:2] == [("01 10", "late", late), ("02 10", "arrived", in_time)]
    assert [one.file for one in arrivals.list_arrivals(house, "shop")][-2:] == ["next.jsonl", "late.jsonl"]
    assert arrivals.list_arrivals(house, "other") == []


def test_what_passed_before_it_was_declared_is_not_missing(house: Runtime, declare: Declare) -> None:
    declare(EXPECT)
    assert check(house, 3).missing == ()
    assert states(house) == [("02 10", "awaited", None)]


def test_a_held_file_came_a_rejected_one_and_the_same_again_did_not(
    house: Runtime, tmp_path: Path, declare: Declare
) -> None:
    declare(EXPECT)
    check(house, -3)
    rejected = send(house, tmp_path, -2, "rejected", broken=6)
    quarantine.reject_intake(house, rejected, actor="ann")
    held = send(house, tmp_path, -1, "held", broken=6)
    assert check(house, 0).arrived == 1
    quarantine.release_intake(house, held, actor="ann")
    intake.ingest_file(
        house,
        tmp_path / "held.jsonl",
        source="shop",
        mapping="activity-jsonl",
        as_of=DUE + timedelta(hours=23),
    )
    assert len(check(house, 27).missing) == 1
    assert states(house)[:2] == [("01 10", "arrived", held), ("02 10", "missing", None)]


def test_after_a_pause_each_moment_that_passed_is_told_once(
    house: Runtime, tmp_path: Path, declare: Declare
) -> None:
    declare(EXPECT)
    check(house, -3)
    third = send(house, tmp_path, 47, "third")
    report = check(house, 24 * 5 + 3)
    assert [one.due_at.day for one in report.missing] == [1, 2, 4, 5, 6]
    assert report.arrived == 1
    assert [state for state in states(house) if state[1] == "arrived"] == [("03 10", "arrived", third)]
    assert check(house, 24 * 5 + 4) == ArrivalsReport()
    years = check(house, 24 * 1000)
    assert len(years.missing) <= 100
    assert check(house, 24 * 1000) == ArrivalsReport()


def test_two_checks_at_once_tell_each_once(house: Runtime, declare: Declare) -> None:
    declare(EXPECT)
    check(house, -3)
    reports = at_once(lambda own: check(own, 24 * 9), house, 4)
    told = [one.due_at for report in reports for one in report.missing]
    assert len(told) == len(set(told)) == 9


def test_another_declaration_is_expected_instead(house: Runtime, declare: Declare) -> None:
    declare(EXPECT)
    check(house, -3)
    declare(EXPECT.replace("06:00", "07:00"))
    check(house, -2)
    assert [state for _, state, _ in states(house)] == ["awaited"]
    assert states(house)[0][0] == "01 11"
    declare("")
    check(house, 20)
    assert states(house) == []


def test_a_broken_mapping_keeps_no_other_from_being_checked(
    house: Runtime, folder: Path, declare: Declare
) -> None:
    declare(EXPECT)
    check(house, -3)
    (folder / "broken.yaml").write_text("mapping: [")
    report = check(house, 3)
    assert (report.unread, len(report.missing)) == (("broken.yaml",), 1)
    (folder / "activity-jsonl.yaml").write_text("mapping: [")
    assert len(check(house, 4).unread) == 2
    assert ("02 10", "awaited", None) in states(house)  # what cannot be read may still be meant


def test_one_mapping_expects_several_sources(house: Runtime, declare: Declare) -> None:
    declare(
        'expect:\n- {source: shop, by: "06:00"}\n- {source: other, every: hour, by: "00:30", grace: 10m}\n'
    )
    check(house, -16)
    report = check(house, -13)
    assert [(one.source, one.due_at.hour) for one in report.missing] == [
        ("other", 18),
        ("other", 19),
        ("other", 20),
    ]
    assert ask(house, "select source, count(*) from arrival group by source order by source") == [
        ("other", 4),
        ("shop", 1),
    ]

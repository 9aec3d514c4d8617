"""Files that are not like the ones before them: each drift is planted after ten good files and held for itself."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from laurels.services import quarantine
from laurels.services.intake import IntakeReport
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from tests.battery.gate_rows import ask, one
from tests.integration.feed import COLUMNS, Feed, Row
from tests.runtimes import fresh_runtime

TENTH = 10


@pytest.fixture(scope="module")
def feed(settings: Settings, template: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    """Ten good files, shared: a faulty one that follows is rejected in the end, so that the next meets the same ten."""
    with fresh_runtime(settings) as runtime:
        feed = Feed(runtime, tmp_path_factory.mktemp("feed"))
        assert [report.state for report in feed.days(0, TENTH)] == ["released"] * TENTH
        yield feed


@pytest.fixture
def send(feed: Feed) -> Iterator[Callable[..., IntakeReport]]:
    """Send the eleventh file, and reject it afterwards."""
    sent: list[int] = []

    def send(*args: Any, **changes: Any) -> IntakeReport:
        report = feed.send(TENTH, *args, **changes)
        sent.append(report.intake_id)
        return report

    yield send
    for intake_id in sent:
        ask_nothing(feed.runtime, "update intake set state = 'held' where id = %s", intake_id)
        quarantine.reject_intake(feed.runtime, intake_id, actor="ann")


def ask_nothing(runtime: Runtime, statement: str, *values: object) -> None:
    assert ask(runtime, f"{statement} returning 1", *values)


def every(part: int, change: Callable[[Row], object]) -> Callable[[int, Row], None]:
    """Change every so manieth row."""

    def one_row(line: int, row: Row) -> None:
        if line % part == 0:
            change(row)

    return one_row


def each(change: Callable[[int], Callable[[Row], object]]) -> Callable[[int, Row], None]:
    """Change each row in its own way."""

    def one_row(line: int, row: Row) -> None:
        change(line)(row)

    return one_row


def put(**fields: str) -> Callable[[Row], object]:
    return lambda row: row.update(fields)


def moved(**delta: float) -> Callable[[Row], object]:
    def move(row: Row) -> None:
        row["at"] = (datetime.fromisoformat(row["at"]) + timedelta(**delta)).isoformat()

    return move


def sold(change: Callable[[Row], object]) -> Callable[[Row], object]:
    return lambda row: change(row) if row["paid"] else None


def times(factor: float) -> Callable[[Row], object]:
    return sold(lambda row: row.update(paid=f"{float(row['paid']) * factor:.2f}"))


CHANGED: dict[str, tuple[Callable[[int, Row], None], tuple[str, ...]]] = {
    "yesterday's times": (every(1, moved(days=-1)), ("freshness",)),
    "a fifth dated ahead": (every(5, moved(days=3)), ("ahead_rate",)),
    "all dated ahead": (every(1, moved(days=3)), ("ahead_rate", "freshness")),
    "yesterday's times and one ahead": (
        each(lambda line: moved(days=30 if line == 0 else -1)),
        ("freshness",),
    ),
    "no e-mail in two thirds": (
        each(lambda line: put(email="") if line % 3 else put()),
        ("null_rate:email",),
    ),
    "no order in a third": (every(3, put(basket="")), ("null_rate:order",)),
    "channels swapped": (
        every(
            1, lambda row: row.update(channel={"web": "app", "app": "shop", "shop": "web"}[row["channel"]])
        ),
        ("category_drift:channel",),
    ),
    "a channel that never was": (every(2, put(channel="kiosk")), ("category_drift:channel",)),
    "a channel that is free text": (
        every(1, lambda row: row.update(channel=row["id"])),
        ("category_drift:channel",),
    ),
    "three times as many visits": (
        every(2, put(what="visit")),
        ("category_drift:kind",),
    ),
    "visits only": (
        every(1, put(what="visit", paid="", currency="", basket="")),
        ("category_drift:kind", "null_rate:amount", "null_rate:currency", "null_rate:order"),
    ),
    "half of it in euro": (every(2, sold(put(currency="EUR"))), ("category_drift:currency",)),
    "cents for dollars": (
        every(1, times(100)),
        ("amount_drift:EUR", "amount_drift:USD", "amount_median:EUR", "amount_median:USD"),
    ),
    "one price": (every(1, sold(put(paid="20.00"))), ("amount_drift:EUR", "amount_drift:USD")),
    "amounts of another type": (
        every(1, sold(lambda row: row.update(paid="USD " + row["paid"]))),
        ("column_retyped:paid", "null_rate:amount", "problem_rate:amount_unreadable"),
    ),
    "times of another type": (
        every(1, put(at="09/17/2026")),
        ("column_retyped:at", "null_rate:occurred_at", "problem_rate:time_unreadable"),
    ),
}


@pytest.mark.parametrize(("change", "reasons"), CHANGED.values(), ids=CHANGED)
def test_a_file_with_a_fault_is_held_for_it(
    send: Callable[..., IntakeReport], change: Callable[[int, Row], None], reasons: tuple[str, ...]
) -> None:
    report = send(change)
    assert (report.state, report.reasons) == ("held", reasons)


def test_an_honest_eleventh_is_not_held(feed: Feed, send: Callable[..., IntakeReport]) -> None:
    report = send()
    assert (report.state, report.reasons) == ("released", ())
    (verdict,) = ask(feed.runtime, "select verdict from intake where id = %s", report.intake_id)
    assert verdict == ({"reasons": []},)


@pytest.mark.parametrize("share", [0.5, 2.0], ids=["half of it", "twice as much"])
def test_how_many_rows_there_are(feed: Feed, send: Callable[..., IntakeReport], share: float) -> None:
    rows = [row | {"id": f"{copy}-{row['id']}"} for copy in range(2) for row in feed.day(TENTH)]
    report = send(rows=rows[: int(len(rows) * share / 2)])
    assert (report.state, report.reasons) == ("held", ("volume",))


def test_rows_that_came_before(feed: Feed, send: Callable[..., IntakeReport]) -> None:
    rows = feed.day(TENTH)
    assert send(rows=[*rows[:300], *feed.day(9)[:100]]).reasons == ("duplicate_rate",)


def test_rows_that_contradict_what_came_before(feed: Feed, send: Callable[..., IntakeReport]) -> None:
    changed = [row | {"channel": "app"} for row in feed.day(9) if row["channel"] == "web"][:60]
    assert send(rows=[*feed.day(TENTH)[:340], *changed]).reasons == ("conflict_rate",)


def test_lines_that_cannot_be_told_apart(feed: Feed, send: Callable[..., IntakeReport]) -> None:
    ragged: list[Row] = [{"id": f"x{n}", "note": "one,field,more"} for n in range(60)]
    report = send(rows=[*feed.day(TENTH)[:340], *ragged])
    assert (report.refused, report.reasons) == (60, ("refused_rate",))


WITHOUT = [column for column in COLUMNS if column != "channel"]


def test_a_column_less(send: Callable[..., IntakeReport]) -> None:
    assert send(columns=WITHOUT).reasons == ("column_missing:channel", "null_rate:channel")


def test_a_column_under_another_name(feed: Feed, send: Callable[..., IntakeReport]) -> None:
    report = send(renamed={"channel": "Channel_"})
    assert report.reasons == ("column_renamed:channel", "null_rate:channel")
    told = one(
        feed.runtime,
        "select basis from measure where intake_id = %s and name = 'column_renamed'",
        report.intake_id,
    )
    assert told == "Channel_ stands there and looks like it"


@pytest.mark.parametrize(
    ("columns", "told"),
    [([*COLUMNS, "coupon"], ["column_added:coupon"]), ([*COLUMNS[::-1]], ["column_reordered"])],
    ids=["a column more", "columns in another order"],
)
def test_what_harms_nothing_is_told(
    feed: Feed, send: Callable[..., IntakeReport], columns: list[str], told: list[str]
) -> None:
    report = send(columns=columns)
    assert (report.state, report.reasons) == ("released", ())
    assert one(feed.runtime, "select verdict->'warning' from intake where id = %s", report.intake_id) == told


@pytest.mark.parametrize(
    ("names", "reasons", "told"),
    [
        (("memo", "memo"), ("duplicate_column",), {"memo"}),
        (("", ""), (), {"column 11", "column 12"}),
        (("+1 202 555 0143", "Jane Doe"), (), {"column 11", "column 12"}),
    ],
)
def test_columns_that_nobody_declared_come_in_under_any_names(
    runtime: Runtime, tmp_path: Path, names: tuple[str, str], reasons: tuple[str, ...], told: set[str]
) -> None:
    feed = Feed(runtime, tmp_path, rows=40)
    assert feed.send(0).state == "released"
    report = feed.send(1, columns=(*COLUMNS, "x", "y"), renamed=dict(zip("xy", names, strict=True)))
    assert report.reasons == reasons
    found = ask(
        runtime, "select field from measure where intake_id = %s and name = 'column_added'", report.intake_id
    )
    assert {field for (field,) in found} == told

"""Which files are compared, and what is usual among them."""

import random
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.expectations import columns, expect
from laurels.rules.history import around, comparables, grown, interval_hours
from models.values.bounds import Bounds
from models.values.measure import Expectation, Figure, Past

ZONE = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 9, 7, 10, tzinfo=ZONE)
Values = dict[tuple[str, str], float]


def days(count: int, first: datetime = MONDAY, **values: float) -> list[Past]:
    made: Values = {(name, ""): value for name, value in values.items()}
    return [Past(n, first + timedelta(days=n), made) for n in range(count)]


def of_volumes(volumes: list[float], every: int = 1) -> list[Past]:
    return [
        Past(n, MONDAY + timedelta(days=n * every), {("volume", ""): rows}) for n, rows in enumerate(volumes)
    ]


CALLED: list[tuple[str, int, int, str | None]] = [
    ("too few", 9, 9, None),
    ("ten", 10, 10, "10 files in autumn"),
    ("eight of a weekday", 56, 56, "8 Mondays in autumn"),
    ("seven of a weekday", 49, 49, "30 files in autumn"),
    ("a new season", 90, 90, "12 Sundays"),
    ("a year later", 365, 371, "12 Mondays in autumn"),
]


@pytest.mark.parametrize(
    ("count", "at", "called"), [one[1:] for one in CALLED], ids=[one[0] for one in CALLED]
)
def test_the_narrowest_group_that_is_large_enough(count: int, at: int, called: str | None) -> None:
    group = comparables(days(count), MONDAY + timedelta(days=at))
    assert (group and group.called) == called


def test_a_new_season_goes_by_all_until_it_has_ten() -> None:
    weekly = [Past(n, MONDAY + timedelta(days=7 * n - (n % 3))) for n in range(20)]
    group = comparables(weekly, weekly[-1].at + timedelta(days=40))
    assert group is not None
    assert group.called == "20 accepted files"


def test_days_are_those_of_the_zone() -> None:
    late = datetime(2026, 9, 7, 23, tzinfo=ZONE)  # Tuesday in UTC
    group = comparables(days(56, late), late + timedelta(days=56))
    assert group is not None
    assert group.called == "8 Mondays in autumn"


@given(st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=40), st.floats(0.1, 100))
def test_the_median_is_always_usual_and_so_is_what_is_near(values: list[float], floor: float) -> None:
    low, high = around(values, lambda _: floor)
    middle = median(values)
    assert low <= middle - floor * 0.99
    assert high >= middle + floor * 0.99


@given(st.lists(st.floats(100, 110), min_size=9, max_size=30), st.floats(1e6, 1e9))
def test_one_outlier_moves_nothing(values: list[float], outlier: float) -> None:
    _, high = around([*values, outlier], lambda _: 5.0)
    assert high < 200


def volume(
    past: list[Past], rows: float, at: datetime | None = None, *, snapshot: bool = False
) -> Expectation:
    group = comparables(past, at or past[-1].at + timedelta(days=1))
    return expect(Figure("volume", "", rows, int(rows)), Bounds(), past, group, snapshot=snapshot)


def holds(bounds: Expectation, value: float) -> bool:
    return (bounds.low is not None and value < bounds.low) or (
        bounds.high is not None and value > bounds.high
    )


def test_an_honest_feed_is_hardly_ever_held() -> None:
    """Three hundred feeds with a tenth of noise and quiet weekends, three weeks each: a file in 200 at most."""
    held = files = 0
    for seed in range(300):
        chance, past = random.Random(seed), list[Past]()
        for n in range(31):
            at = MONDAY + timedelta(days=n)
            rows = max(1.0, round(chance.gauss(1, 0.1) * (400 if at.weekday() < 5 else 100)))
            if len(past) >= 10:
                files += 1
                held += holds(volume(past, rows, at), rows)
            past.append(Past(n, at, {("volume", ""): rows}))
    assert files == 300 * 21
    assert held / files < 0.005


@pytest.mark.parametrize("rows", [100, 1000, 1_000_000])
def test_half_a_file_and_twice_a_file_are_held(rows: int) -> None:
    chance = random.Random(rows)
    past = of_volumes([round(chance.gauss(1, 0.05) * rows) for _ in range(30)])
    assert holds(volume(past, rows / 2), rows / 2)
    assert holds(volume(past, rows * 2), rows * 2)
    assert not holds(volume(past, rows), rows)


@given(st.lists(st.floats(1.0, 1.2), min_size=12, max_size=40))
def test_a_snapshot_that_grows_is_never_held_for_growing_as_before(steps: list[float]) -> None:
    rows = [1000.0]
    for step in steps:
        rows.append(round(rows[-1] * step))
    for n in range(11, len(rows)):
        bounds = volume(of_volumes(rows[:n]), rows[n], snapshot=True)
        if rows[n] / rows[n - 1] <= 1.1 or grown(of_volumes(rows[:n]), 0.1) is None:
            continue
        assert not holds(bounds, rows[n - 1])
    assert not holds(volume(of_volumes(rows), rows[-1] * 1.09, snapshot=True), rows[-1] * 1.09)


def test_growth_is_by_the_last_file_and_its_loss_is_noticed() -> None:
    rows = [1000.0 * 1.05**n for n in range(30)]
    assert grown(of_volumes(rows), 0.1) is not None
    last = rows[-1]
    bounds = volume(of_volumes(rows), last, snapshot=True)
    assert bounds.basis == "intake 29 before it, and how the last 9 grew"
    assert not holds(bounds, last * 1.05)
    assert holds(bounds, last * 0.85)
    assert holds(bounds, last * 1.5)


@pytest.mark.parametrize("rows", [[5.0] * 30, [9.0, 5.0] * 15, [float(30 - n) for n in range(30)], [1.0] * 9])
def test_what_does_not_grow_is_not_taken_for_growing(rows: list[float]) -> None:
    assert grown(of_volumes(rows), 0.1) is None


def test_what_a_weekday_had_is_usual_for_it_alone() -> None:
    rows = [400.0 if n % 7 < 5 else 100.0 for n in range(20)]
    past = of_volumes(rows)
    saturday, monday = MONDAY + timedelta(days=26), MONDAY + timedelta(days=21)
    assert not holds(volume(past, 100, saturday), 100)
    assert holds(volume(past, 100, monday), 100)


def test_a_file_that_is_older_by_an_interval_is_stale_whatever_the_interval() -> None:
    for every in (1, 7):
        past = [
            Past(n, MONDAY + timedelta(days=n * every), {("freshness", ""): 6.0 + n % 2}) for n in range(12)
        ]
        group = comparables(past, past[-1].at)
        assert interval_hours(past) == pytest.approx(24 * every)
        bounds = expect(Figure("freshness", "", 6.0, 400), Bounds(), past, group, snapshot=False)
        assert not holds(bounds, 10.0)
        assert holds(bounds, 6.0 + 24 * every)
        assert holds(bounds, -0.1)
        assert not holds(bounds, -1 / 12)


def test_of_few_rows_a_type_says_little() -> None:
    assert columns(Figure("column_retyped", "x", 1.0, 99), Bounds(), 10, header=True).severity == "warning"


RATES: list[tuple[str, float, int, float, bool]] = [
    ("none to a twentieth", 0.0, 1000, 0.05, False),
    ("none to a tenth", 0.0, 1000, 0.1, True),
    ("one more of few rows", 0.3, 20, 0.6, False),
    ("one row of ten", 0.0, 10, 0.1, False),
    ("four rows of ten", 0.0, 10, 0.4, True),
    ("the same of many", 0.3, 2000, 0.45, True),
    ("to none", 0.3, 2000, 0.0, False),
]


@pytest.mark.parametrize(
    ("was", "rows", "value", "held"), [one[1:] for one in RATES], ids=[one[0] for one in RATES]
)
def test_a_rate_is_held_for_rising_beyond_chance(was: float, rows: int, value: float, held: bool) -> None:
    past = days(12, null_rate=was)
    figure = Figure("null_rate", "", value, rows)
    assert holds(expect(figure, Bounds(), past, comparables(past, MONDAY), snapshot=False), value) is held


def test_a_problem_that_never_was_is_compared_with_none() -> None:
    past = days(12)
    bounds = expect(
        Figure("problem_rate", "x", 0.5, 100), Bounds(), past, comparables(past, MONDAY), snapshot=False
    )
    assert bounds == Expectation(None, 0.05, "critical", "12 files in autumn")


def test_what_is_declared_holds_beside_history() -> None:
    past = of_volumes([1000.0] * 12)
    group = comparables(past, MONDAY)
    narrow = expect(Figure("volume", "", 1000, 1000), Bounds(min_rows=900), past, group, snapshot=False)
    assert (narrow.low, narrow.high, narrow.basis) == (900, pytest.approx(1350.35), "12 files in autumn")
    wide = expect(
        Figure("refused_rate", "", 0.1, 100), Bounds(max_refused_rate=0.01), past, group, snapshot=False
    )
    assert (wide.low, wide.high, wide.basis) == (None, 0.01, "declared by the mapping")
    declined = expect(Figure("volume", "", 1000, 1000), Bounds(history=False), past, group, snapshot=False)
    assert (declined.low, declined.high, declined.basis) == (1, 100_000_000, "declared by the mapping")


def test_a_source_whose_mix_swings_is_allowed_to() -> None:
    calm, wild = days(12, category_drift=0.01), days(12, category_drift=0.6)
    figure = Figure("category_drift", "", 0.5, 1000, "web was 60%", 0.02)
    assert holds(expect(figure, Bounds(), calm, comparables(calm, MONDAY), snapshot=False), 0.5)
    assert not holds(expect(figure, Bounds(), wild, comparables(wild, MONDAY), snapshot=False), 0.5)
    by_chance = Figure("category_drift", "", 0.5, 20, "", 0.9)
    assert expect(by_chance, Bounds(), calm, comparables(calm, MONDAY), snapshot=False).high == 0.9
    unknown = Figure("category_drift", "", None)
    assert expect(unknown, Bounds(), calm, comparables(calm, MONDAY), snapshot=False) == Expectation()


SEVERITIES: list[tuple[str, int, bool, str]] = [
    ("added", 30, True, "warning"),
    ("reordered", 30, True, "warning"),
    ("missing", 10, True, "critical"),
    ("missing", 9, True, "warning"),
    ("renamed", 1, True, "critical"),
    ("renamed", 1, False, "warning"),
    ("renamed", 10, False, "critical"),
    ("retyped", 10, False, "critical"),
]


@pytest.mark.parametrize(("what", "past", "header", "severity"), SEVERITIES)
def test_which_changes_of_columns_hold(what: str, past: int, header: bool, severity: str) -> None:
    found = columns(Figure(f"column_{what}", "x", 1.0, 100, "why"), Bounds(), past, header=header)
    assert found == Expectation(None, 0.0, severity, "why")  # type: ignore[arg-type]


def test_a_mapping_may_hold_for_more() -> None:
    bounds = Bounds(hold_for=("added",))
    assert columns(Figure("column_added", "x", 1.0), bounds, 10, header=True).severity == "critical"
    assert columns(Figure("column_missing", "x", 1.0), bounds, 10, header=True).severity == "warning"

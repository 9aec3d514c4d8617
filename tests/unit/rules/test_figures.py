"""What a file is like as a whole, from its counts, exactly."""

from datetime import UTC, datetime, timedelta

import pytest

from laurels.rules.figures import Counts, Whole, figures
from models.values.measure import Figure

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
WHOLE = Whole(rows=200, duplicates=10, conflicts=4, refused=50, as_of=NOW, last_at=NOW - timedelta(hours=6))
TALLY: Counts = {
    ("rows", ""): 150,
    ("ahead", ""): 2,
    ("null", "email"): 30,
    ("problem", "time_missing"): 15,
    ("kind", "purchase"): 100,
    ("kind", "login"): 50,
    ("=channel", "web"): 149,
    ("=channel", "*"): 1,
    ("amount", "USD:10"): 100,
}
BEFORE: Counts = {
    ("kind", "purchase"): 1000,
    ("kind", "login"): 500,
    ("=channel", "app"): 1400,
    ("=channel", "web"): 100,
    ("amount", "USD:3"): 900,
    ("amount", "USD:zero"): 100,
}


def found(
    tally: Counts = TALLY, before: Counts = BEFORE, whole: Whole = WHOLE
) -> dict[tuple[str, str], Figure]:
    return {
        (one.name, one.field): one for one in figures(whole, tally, {"email": "email", "order": "o"}, before)
    }


def test_every_figure_is_a_share_of_what_it_is_of() -> None:
    values = {key: one.value for key, one in found().items() if not key[0].endswith("_drift")}
    assert values == {
        ("volume", ""): 200,
        ("freshness", ""): 6.0,
        ("duplicate_rate", ""): 0.05,
        ("conflict_rate", ""): 0.02,
        ("refused_rate", ""): 0.25,
        ("ahead_rate", ""): 0.01,
        ("null_rate", "email"): 0.2,  # of the rows that could be told apart
        ("null_rate", "order"): 0.0,
        ("problem_rate", "time_missing"): 0.1,
        ("amount_median", "USD"): 10.5,
    }


def test_what_moved_most_is_told() -> None:
    drifts = {key: one for key, one in found().items() if key[0].endswith("_drift")}
    assert set(drifts) == {("category_drift", "kind"), ("category_drift", "channel"), ("amount_drift", "USD")}
    values = {field: one.value or 0.0 for (_, field), one in drifts.items()}
    assert values["kind"] < 0.001
    assert values["channel"] > 5
    assert values["USD"] > 5
    assert drifts["category_drift", "channel"].told == "app was 93% of it and is 0%"
    assert drifts["amount_drift", "USD"].told == "amounts from 10.24 to twice that was 0% of it and is 100%"


def test_a_value_that_few_rows_share_is_not_told() -> None:
    amounts = found({("rows", ""): 4, ("amount", "USD:9"): 4}, {("amount", "USD:1"): 9})
    assert amounts["amount_drift", "USD"].told == "a rare value was 100% of it and is 0%"


CATEGORIES: list[tuple[str, dict[str, int], dict[str, int], bool]] = [
    ("few values", {"web": 60, "app": 40}, {"web": 600, "app": 400}, True),
    ("ids", {"*": 100}, {"*": 1000}, False),
    ("mostly ids", {"web": 40, "*": 60}, {"web": 400, "*": 600}, False),
    ("many values alike", {f"s{n}": 4 for n in range(25)}, {f"s{n}": 40 for n in range(25)}, False),
    ("few rows", {"web": 6, "app": 4}, {"web": 600, "app": 400}, False),
    ("free text all at once", {"*": 100}, {"web": 600, "app": 400}, True),
    ("a new one", {"kiosk": 100}, {"web": 600, "app": 400}, True),
]


@pytest.mark.parametrize(
    ("now", "before", "measured"), [one[1:] for one in CATEGORIES], ids=[one[0] for one in CATEGORIES]
)
def test_what_is_a_category(now: dict[str, int], before: dict[str, int], measured: bool) -> None:
    tally = {("rows", ""): sum(now.values()), **{("=channel", name): count for name, count in now.items()}}
    past = {("=channel", name): count for name, count in before.items()}
    assert (("category_drift", "channel") in found(tally, past)) is measured


def test_without_a_past_a_drift_is_not_known() -> None:
    drifts = {key: one.value for key, one in found(before={}).items() if key[0].endswith("_drift")}
    assert set(drifts.values()) == {None}
    assert ("amount_drift", "USD") in drifts


@pytest.mark.parametrize("last_at", [None, NOW])
def test_of_a_file_without_rows_there_is_little_to_say(last_at: datetime | None) -> None:
    names = [name for name, _ in found({}, {}, Whole(0, 0, 0, 0, NOW, last_at))]
    assert names == (["volume"] if last_at is None else ["volume", "freshness"])


def test_a_file_of_lines_that_cannot_be_told_apart_has_no_fields() -> None:
    names = {name for name, _ in found({("refused", "row_ragged"): 3}, {}, Whole(3, 0, 0, 3, NOW, None))}
    assert names == {"volume", "duplicate_rate", "conflict_rate", "refused_rate", "ahead_rate"}

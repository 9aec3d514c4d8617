"""Parts of a program that are each well formed and disagree."""

from typing import Any

import pytest

from laurels.rules.lint import MOST_EXACT, lint_program
from models.values.earning import EarningRule
from models.values.money import MOST_MINOR
from tests.unit.values.programs import CONGRATS, program

SEASON = {"starts": "2026-06-01", "ends": "2026-09-01"}
BOARD: dict[str, Any] = {"board": "referrals", "metric": {"count": "referral"}, "windows": ["week", "season"]}
TIERS: dict[str, Any] = {
    "board": "referrals/season",
    "ranks": [{"to": 1, "percent": 30}, {"to": 5, "percent": 20}],
}


def found(**sections: Any) -> list[str]:
    return [str(finding) for finding in lint_program(program(**sections))]


def earning(**fields: Any) -> dict[str, Any]:
    return {"rule": "some", "on": "purchase", **fields}


def test_a_sound_program_has_no_findings():
    assert found(season=SEASON, boards=[BOARD], tiers=TIERS, messages={"rank_change": CONGRATS}) == []


@pytest.mark.parametrize(
    ("rule", "finding"),
    [
        (earning(on="share", points_per_unit=2), "points_per_unit: a share has no amount: give points"),
        (earning(points=5, rounding="carry"), "rounding: carry needs points_per_unit"),
        (
            earning(points_per_unit=2, rounding="carry", cap={"per": "day", "points": 50}),
            "rounding: carry cannot be combined with a cap",
        ),
        (earning(points=100, cap={"per": "day", "points": 99}), "cap: a cap of 99 is below one award of 100"),
        (
            earning(points_per_unit=10, cap={"per": "week", "points": 9}),
            "cap: a cap of 9 is below one unit of 10",
        ),
    ],
)
def test_rules_that_contradict_themselves(rule, finding):
    (only,) = found(earning=[earning(points=1, rule="other"), rule])
    assert only.startswith(f"earning[1].{finding}")


@pytest.mark.parametrize(
    "rule",
    [
        earning(points=100, cap={"per": "day", "points": 100}),
        earning(points_per_unit=10, cap={"per": "day", "points": 10}),
        earning(points_per_unit=1000, rounding="carry"),
        earning(points=1, rounding="per_row"),
        earning(on="login", points=1, cap={"per": "day", "points": 1}),
    ],
)
def test_rules_just_within(rule):
    assert found(earning=[rule]) == []


def test_a_rate_that_could_leave_exact_numbers():
    """The schema stops at 1000; should it ever be raised, the bound on products still holds."""
    sound = EarningRule.model_validate(earning(points_per_unit=1000))
    for rate, findings in ((1023, 0), (1024, 1)):
        assert (rate * MOST_MINOR >= MOST_EXACT) == bool(findings)
        risky = program().model_copy(
            update={"earning": (sound.model_copy(update={"points_per_unit": rate}),)}
        )
        assert len(lint_program(risky)) == findings


def test_names_are_used_once():
    rule, other = earning(points=1), earning(points=2, on="share")
    reward = {"reward": "ship", "points": 1, "benefit": "free_shipping"}
    board = BOARD | {"windows": ["day"]}
    assert found(earning=[rule, other, rule], rewards=[reward, reward], boards=[board, board]) == [
        "earning[1].rule: some is already the name of another rule",
        "earning[2].rule: some is already the name of another rule",
        "rewards[1].reward: ship is already the name of another reward",
        "boards[1].board: referrals is already the name of another board",
    ]


def test_one_name_may_stand_for_a_rule_and_a_board():
    assert found(earning=[earning(points=1, rule="referrals")], boards=[BOARD | {"windows": ["day"]}]) == []


def test_amounts_finer_than_the_currency():
    reward = {"reward": "off", "points": 1, "benefit": {"amount": "0.5"}}
    assert found(currency="JPY", points_value={"points": 1, "worth": "1.5"}, rewards=[reward]) == [
        "points_value.worth: 1.5 has more decimals than JPY, which has 0",
        "rewards[0].benefit.amount: 0.5 has more decimals than JPY, which has 0",
    ]


@pytest.mark.parametrize("ends", ["2026-06-01", "2026-05-31", "2026-06-01T00:00"])
def test_a_season_ends_after_it_starts(ends):
    (only,) = found(season={"starts": "2026-06-01", "ends": ends})
    assert only.startswith("season.ends: the season ends at")


@pytest.mark.parametrize(
    ("starts", "fault"),
    [("2026-03-29T02:30", "does not exist"), ("2026-10-25T02:30", "happens twice")],
)
def test_a_season_begins_at_one_instant(starts, fault):
    (only,) = found(season={"starts": starts, "ends": "2026-12-01"})
    assert only.startswith("season.starts: ")
    assert f"{fault} in Europe/Berlin" in only
    assert found(time_zone="UTC", season={"starts": starts, "ends": "2026-12-01"}) == []


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Havana", "Pacific/Chatham", "Australia/Lord_Howe"])
def test_a_season_by_dates_always_has_its_instants(zone):
    for month in range(1, 12):
        season = {"starts": f"2026-{month:02}-24", "ends": f"2026-{month + 1:02}-25"}
        assert found(time_zone=zone, season=season) == []


@pytest.mark.parametrize("kind", ["purchase", "refund"])
def test_what_is_not_counted(kind):
    (only,) = found(boards=[BOARD | {"metric": {"count": kind}, "windows": ["day"]}])
    assert only.startswith(f"boards[0].metric.count: {kind} is not counted but summed")


@pytest.mark.parametrize("kind", ["referral", "share", "review", "login"])
def test_what_is_counted(kind):
    assert found(boards=[BOARD | {"metric": {"count": kind}, "windows": ["day"]}]) == []


def test_a_season_window_needs_a_season():
    assert found(boards=[BOARD]) == ["boards[0].windows: a season window needs a season"]


def test_a_program_without_earning_or_boards():
    assert found(earning=[]) == ["the program does nothing: it needs earning or boards"]
    assert found(earning=[], boards=[BOARD | {"windows": ["day"]}]) == []


@pytest.mark.parametrize(
    ("board", "reason"),
    [
        ("spend/season", "no board is called spend: there are referrals"),
        ("referrals/month", "board referrals has no month window: it has week, season"),
    ],
)
def test_tiers_name_a_board_and_a_window(board, reason):
    assert found(season=SEASON, boards=[BOARD], tiers=TIERS | {"board": board}) == [f"tiers.board: {reason}"]


def test_a_better_rank_never_gets_less():
    ranks = [{"to": 1, "percent": 10}, {"to": 2, "percent": 10}, {"to": 5, "percent": 20}]
    assert found(season=SEASON, boards=[BOARD], tiers=TIERS | {"ranks": ranks}) == [
        "tiers.ranks[2].percent: ranks to 5 get 20 %, more than better ranks with 10 %"
    ]


def test_a_percent_needs_tiers():
    assert found(messages={"rank_change": CONGRATS}) == [
        "messages.rank_change: {percent} has no value: the program has no tiers"
    ]
    assert found(messages={"rank_change": "You are #{rank} of {board}"}) == []

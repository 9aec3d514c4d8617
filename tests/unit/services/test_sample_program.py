"""The sample program carries the mission's own numbers, and editors check it by a schema that is current."""

import copy
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from laurels.services.programs import check_program, program_schema
from laurels.stores.yaml_files import read_yaml_file
from models.values.activity import Kind
from models.values.boards import CountMetric, SumMetric, Window
from models.values.earning import Cap, Period
from models.values.rewards import PercentOff

PROGRAMS = Path(__file__).parents[3] / "deployments" / "programs"
SAMPLE = PROGRAMS / "summer-race.yaml"


def test_every_program_file_passes_its_check():
    files = sorted(PROGRAMS.glob("*.yaml"))
    assert SAMPLE in files
    for file in files:
        assert check_program(file).program == file.stem


def test_the_mission_s_points():
    rules = {rule.rule: rule for rule in check_program(SAMPLE).earning}
    assert set(rules) == {"purchase", "referral", "share", "review", "login"}
    assert all(rule.on == name for name, rule in rules.items())
    assert rules["purchase"].points_per_unit == 10
    assert rules["purchase"].cap is None
    fixed = {name: (rule.points, rule.when, rule.cap) for name, rule in rules.items() if rule.points}
    assert fixed == {
        "referral": (100, "verified", Cap(per=Period.DAY, points=1000)),
        "share": (5, None, Cap(per=Period.DAY, points=25)),
        "review": (20, None, Cap(per=Period.WEEK, points=60)),
        "login": (1, None, Cap(per=Period.DAY, points=1)),
    }


def test_what_the_mission_s_points_buy():
    program = check_program(SAMPLE)
    assert (program.points_value.points, program.points_value.worth) == (100, Decimal("5.00"))
    assert [(reward.points, reward.benefit) for reward in program.rewards] == [
        (500, PercentOff(percent=10)),
        (1000, "free_shipping"),
    ]


def test_the_mission_s_boards_and_tiers():
    program = check_program(SAMPLE)
    referrals, spend = program.boards
    assert referrals.metric == CountMetric(count=Kind.REFERRAL, when="verified")
    assert referrals.windows == (Window.WEEK, Window.MONTH, Window.SEASON)
    assert spend.metric == SumMetric(sum="amount", of=Kind.PURCHASE, net="refunds")
    assert spend.windows == (Window.MONTH, Window.SEASON)
    assert program.tiers is not None
    assert (program.tiers.board_name, program.tiers.window) == ("referrals", Window.SEASON)
    assert [(rank.to, rank.percent) for rank in program.tiers.ranks] == [(1, 30), (5, 20), (10, 10)]
    assert program.tiers.downgrade.after == timedelta(hours=24)


def test_the_mission_s_words_and_season():
    program = check_program(SAMPLE)
    assert (program.time_zone, program.currency) == ("America/New_York", "USD")
    assert program.season_bounds == (
        datetime(2026, 6, 1, 4, tzinfo=UTC),
        datetime(2026, 9, 1, 4, tzinfo=UTC),
    )
    assert program.messages.rank_change is not None
    assert program.messages.rank_change.format(rank=3, percent=20) == (
        "Congrats! You're now #3 on our referral leaderboard and unlocked a 20% discount. "
        "Keep referring to climb higher!"
    )


def test_the_exported_schema_is_current():
    exported = json.loads((PROGRAMS / "program.schema.json").read_text(encoding="utf-8"))
    assert exported == program_schema(), "write json.dumps(program_schema(), indent=2) to program.schema.json"


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(program_schema())


@pytest.fixture
def sample() -> dict[str, Any]:
    data = read_yaml_file(SAMPLE).data
    assert isinstance(data, dict)
    return copy.deepcopy(data)


def editor_accepts(data: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(program_schema()).is_valid(data)


def test_editors_accept_the_sample(sample):
    assert editor_accepts(sample)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("program",), "Summer"),
        (("currency",), "usd"),
        (("hold",), "14d"),
        (("season", "starts"), "01/02/2026"),
        (("season", "ends"), None),
        (("earning", 0, "points"), 5),
        (("earning", 0, "points_per_unit"), 1001),
        (("earning", 1, "points"), 0),
        (("earning", 1, "cap"), None),
        (("earning", 1, "cap", "per"), "month"),
        (("earning", 1, "hold"), "14d"),
        (("points_value", "worth"), 0),
        (("points_value", "worth"), "5,00"),
        (("rewards", 0, "benefit"), "gift"),
        (("rewards", 0, "benefit", "percent"), 101),
        (("boards", 0, "metric"), {"count": "clicks"}),
        (("boards", 0, "windows"), []),
        (("tiers", "board"), "referrals"),
        (("tiers", "downgrade", "after"), "24"),
        (("messages", "rank_change"), "Hi {name}"),
    ],
)
def test_editors_mark_what_the_check_refuses(sample, place, value):
    part: Any = sample
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    assert not editor_accepts(sample)

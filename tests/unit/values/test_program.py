"""A program as a whole: what it takes and refuses, and that it survives being stored as JSON."""

import pytest
from pydantic import ValidationError

from models.values.earning import Rounding
from models.values.money import currencies
from models.values.program import PLANNED, Program, zones
from models.values.season import Season
from tests.unit.values.programs import CONGRATS, SMALL, program, refusal


def test_what_a_file_may_leave_out():
    small = program()
    assert small.season is None
    assert small.season_bounds is None
    assert (small.rewards, small.boards, small.tiers) == ((), (), None)
    assert small.messages.rank_change is None
    assert small.earning[0].rounding is Rounding.PER_ROW
    assert small.earning[0].cap is None
    assert small.earning[0].when is None


@pytest.mark.parametrize("field", ["program", "time_zone", "currency", "points_value"])
def test_what_it_may_not_leave_out(field):
    fields = {name: value for name, value in SMALL.items() if name != field}
    assert f"{field}\n  Field required" in refusal(Program, **fields)


def test_a_program_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        program().program = "other"  # type: ignore[misc]


@pytest.mark.parametrize("field", sorted(PLANNED))
def test_what_nothing_acts_on_is_refused(field):
    assert "Extra inputs are not permitted" in refusal(Program, **SMALL, **{field: "14d"})


@pytest.mark.parametrize("slug", ["ab", "a1", "summer-race", "a" + "-" * 40])
def test_good_names(slug):
    assert program(program=slug).program == slug


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "a",
        "A",
        "Summer",
        "1a",
        "-a",
        "a_b",
        "a b",
        "a.b",
        "ab\n",
        "a/b",
        "ä-b",
        "a" * 42,
        "\uff41\uff42",
        12,
        None,
    ],
)
def test_bad_names(slug):
    assert "program" in refusal(Program, **(SMALL | {"program": slug}))


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham", "UTC"]
)
def test_zones_of_iana(zone):
    assert program(time_zone=zone).zone.key == zone


@pytest.mark.parametrize(
    "zone",
    [
        "CET+1",
        "",
        "UTC+2",
        "+02:00",
        "america/new_york",
        "Berlin",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "Factory",
        "America/New_York\n",
        "x" * 5000,
    ],
)
def test_no_zones(zone):
    message = refusal(Program, **(SMALL | {"time_zone": zone}))
    assert "is no IANA time zone" in message
    assert len(message) < 600


def test_zones_can_all_be_loaded():
    assert len(zones()) > 400
    assert all(program(time_zone=zone).zone.key == zone for zone in zones())


@pytest.mark.parametrize(
    "code",
    ["usd", "USDX", "", "US", "$", "DEM", "XTS", "XXX", "XAU", "BTC", "USD ", "\uff35\uff33\uff24", 840],
)
def test_no_currencies(code):
    assert "currency" in refusal(Program, **(SMALL | {"currency": code}))


@pytest.mark.parametrize(("code", "digits"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("GBP", 2)])
def test_currencies_and_their_digits(code, digits):
    assert program(currency=code, points_value={"points": 1, "worth": 5}).minor_digits == digits
    assert 140 < len(currencies()) < 200


@pytest.mark.parametrize("how", ["json", "python"])
def test_a_stored_program_is_read_back_equal(how):
    stored = program(
        season={"starts": "2026-06-01", "ends": "2026-09-01T12:00"},
        rewards=[
            {"reward": "five-off", "points": 1, "benefit": {"amount": "5.00"}},
            {"reward": "ship", "points": 1, "benefit": "free_shipping"},
        ],
        boards=[
            {
                "board": "spend",
                "metric": {"sum": "amount", "of": "purchase", "net": "refunds"},
                "windows": ["month", "season"],
            }
        ],
        tiers={"board": "spend/season", "ranks": [{"to": 1, "percent": 30}], "downgrade": {"after": "90m"}},
        messages={"rank_change": CONGRATS},
    )
    assert Program.model_validate(stored.model_dump(mode=how)) == stored
    assert Program.model_validate_json(stored.model_dump_json()) == stored


def test_a_stored_season_keeps_its_words():
    season = Season.model_validate({"starts": "2026-06-01", "ends": "2026-09-01T12:00"})
    assert season.model_dump(mode="json") == {"starts": "2026-06-01", "ends": "2026-09-01T12:00:00"}

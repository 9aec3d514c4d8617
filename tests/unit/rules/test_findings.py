"""Words for what is wrong, and the sound parts of what is broken."""

from typing import Any

import pytest
from pydantic import ValidationError

from laurels.rules.findings import Finding, empties, findings_of, shown, written
from laurels.rules.stand_ins import sound_parts
from models.values.program import PLANNED, Program
from tests.unit.values.programs import SMALL


def found(data: object) -> list[Finding]:
    with pytest.raises(ValidationError) as caught:
        Program.model_validate(data)
    return findings_of(caught.value, data, Program, PLANNED)


def only(**sections: Any) -> str:
    (finding,) = found(SMALL | sections)
    return str(finding)


def reward(benefit: object, **more: object) -> list[dict[str, object]]:
    return [{"reward": "some", "points": 5, "benefit": benefit, **more}]


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"currency": 840}, "currency: must be text, not 840"),
        ({"currency": True}, "currency: must be text, not True"),
        ({"earning": {}}, "earning: must be a list, not a mapping"),
        ({"earning": ["x"]}, "earning[0]: must be a mapping of fields, not 'x'"),
        ({"points_value": {"points": 1}}, "points_value: worth is missing"),
        ({"points_value": {"points": 0, "worth": 1}}, "points_value.points: must be at least 1, not 0"),
        (
            {"points_value": {"points": 10**10, "worth": 1}},
            "points_value.points: must be at most 1000000000, not 10000000000",
        ),
        (
            {"points_value": {"points": "5", "worth": 1}},
            "points_value.points: must be a whole number, not '5'",
        ),
        ({"rewards": reward({"percent": 150})}, "rewards[0].benefit.percent: must be at most 100, not 150"),
        (
            {"rewards": reward({"percent": 1, "amount": 1})},
            "rewards[0].benefit.amount: does not go together with the other fields here",
        ),
        (
            {"rewards": reward("gift")},
            "rewards[0].benefit: must be {percent: 10}, {amount: 5.00} or free_shipping",
        ),
        (
            {"rewards": reward("free_shipping", benefits=1)},
            "rewards[0].benefits: is no field here: did you mean benefit?",
        ),
        (
            {"zzz": 1},
            "zzz: is no field here: known are boards, currency, earning, messages, points_value, program, rewards, rules, season, tiers, time_zone",
        ),
        ({"hold": "14d"}, "hold: is not supported yet, so it is refused: points can be spent at once"),
        (
            {"expiry": {"after": "365d"}},
            "expiry: is not supported yet, so it is refused: points do not expire",
        ),
        ({"campaigns": []}, "campaigns: is not supported yet, so it is refused: no codes are released"),
        (
            {"messages": {"rank_chang": "x"}},
            "messages.rank_chang: is no field here: did you mean rank_change?",
        ),
        (
            {"season": {"starts": "x", "ends": "2026-01-01"}},
            "season.starts: must be a local date or time: 2026-06-01 or 2026-06-01T18:00",
        ),
    ],
)
def test_reasons(sections, words):
    assert only(**sections) == words


def test_every_problem_is_found():
    data = {"program": "Small", "earning": [{"rule": "a", "on": "x"}, 5], "currency": "USDX", "extra": 1}
    places = {finding.place for finding in found(data)}
    assert places == {
        (),
        ("program",),
        ("earning", 0, "rule"),
        ("earning", 0, "on"),
        ("earning", 1),
        ("currency",),
        ("extra",),
    }


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_a_file_that_is_no_mapping(data):
    (finding,) = found(data)
    assert finding.place == ()
    assert finding.reason.startswith("must be a mapping of fields, not ")


def test_empty_fields_are_found_wherever_they_stand():
    data = {"a": None, "b": [1, None, {"c": None, "d": 0, "e": ""}]}
    assert [finding.place for finding in empties(data)] == [("a",), ("b", 1), ("b", 2, "c")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", r"'a\nb'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("ü", r"'\xfc'"),
        (5, "5"),
        (None, "nothing"),
        ({}, "a mapping"),
        ([], "a list"),
    ],
)
def test_quoted_values_are_harmless(value, text):
    assert shown(value) == text


def test_quoted_values_are_short():
    assert len(shown("x" * 100_000)) == 63
    assert len(written(("y" * 100_000,))) == 63


def test_places_are_written_as_paths():
    assert written(("earning", 0, "cap", "points")) == "earning[0].cap.points"
    assert written((2, "a")) == "[2].a"
    assert written(("\x1b",)) == r"'\x1b'"
    assert str(Finding((), "does nothing")) == "does nothing"


def test_sound_parts_keep_their_positions():
    data = SMALL | {"earning": [{"rule": "Bad"}, SMALL["earning"][0]]}
    sound = sound_parts(data, found(data))
    assert sound is not None
    assert [rule.rule for rule in sound.earning] == ["stand-in-0", "login"]


@pytest.mark.parametrize(
    "section",
    [
        "program",
        "time_zone",
        "currency",
        "points_value",
        "season",
        "earning",
        "rewards",
        "boards",
        "tiers",
        "messages",
        "extra",
    ],
)
@pytest.mark.parametrize("value", [5, "?", [5], {"?": 5}])
def test_one_broken_section_never_hides_the_rest(section, value):
    data = SMALL | {section: value}
    sound = sound_parts(data, found(data))
    assert sound is not None
    kept = sound.model_dump(mode="json")
    leaning = {"currency": {"points_value", "rewards"}}.get(section, set())
    assert all(
        kept[name] == Program.model_validate(SMALL).model_dump(mode="json")[name]
        for name in SMALL.keys() - leaning - {section}
    )


def test_tiers_are_not_judged_by_broken_boards():
    data = SMALL | {
        "boards": 5,
        "tiers": {"board": "some/day", "ranks": [{"to": 1, "percent": 5}]},
        "messages": {"rank_change": "{percent}"},
    }
    sound = sound_parts(data, found(data))
    assert sound is not None
    assert (sound.tiers, sound.messages.rank_change) == (None, None)


def test_without_a_mapping_there_are_no_sound_parts():
    assert sound_parts([], []) is None
    assert sound_parts({"program": "x"}, []) is None

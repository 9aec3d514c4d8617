"""Programs over which random histories run: the sample's, one of every kind of rule, one that changes its mind."""

from datetime import UTC, datetime
from typing import Any

from laurels.services import versions
from laurels.services.runtime import Runtime
from models.values.program import Program
from tests.oracle import Edition

_WORTH = {"points": 100, "worth": "5.00"}
_SPEND = {"board": "spend", "metric": {"sum": "amount", "of": "purchase", "net": "refunds"}}
_SHARES = {"board": "shares", "metric": {"count": "share"}}
_REFERRALS = {"board": "referrals", "metric": {"count": "referral", "when": "verified"}}


def _program(name: str, zone: str, **parts: Any) -> Program:
    return Program.model_validate(
        {"program": name, "time_zone": zone, "currency": "USD", "points_value": _WORTH, **parts}
    )


def _rules(**changes: Any) -> list[dict[str, Any]]:
    rules: dict[str, dict[str, Any]] = {
        "purchase": {"on": "purchase", "points_per_unit": 10},
        "big": {"on": "purchase", "points_per_unit": 7, "cap": {"per": "day", "points": 300}},
        "exact": {"on": "purchase", "points_per_unit": 3, "rounding": "carry"},
        "referral": {
            "on": "referral",
            "points": 100,
            "when": "verified",
            "cap": {"per": "week", "points": 250},
        },
        "share": {"on": "share", "points": 5, "cap": {"per": "day", "points": 12}},
        "review": {"on": "review", "points": 20, "cap": {"per": "program", "points": 50}},
        "login": {"on": "login", "points": 1},
    }
    return [{"rule": name} | rule for name, rule in (rules | changes).items() if rule is not None]


def _boards(*windows: str) -> list[dict[str, Any]]:
    return [board | {"windows": list(windows)} for board in (_SPEND, _SHARES, _REFERRALS)]


SEASON = {"starts": "2026-06-01", "ends": "2026-09-01"}
LATER = {"starts": "2026-06-08", "ends": "2026-09-01"}
LONGER = {"starts": "2026-06-08", "ends": "2026-10-01"}
START, MIDDLE, LATE = (datetime(2026, month, day, tzinfo=UTC) for month, day in ((1, 1), (6, 10), (7, 1)))

NEW_YORK = "America/New_York"
SUMMER = [
    (
        START,
        _program(
            "summer", NEW_YORK, season=SEASON, earning=_rules(), boards=_boards("week", "month", "season")
        ),
    )
]
EVERY_DAY = [
    (START, _program("every-day", "Europe/Berlin", earning=_rules(), boards=_boards("day", "month")))
]
# Applied in this order: the second reaches back into history, the third lies between them and drops purchases.
CHANGING = [
    (START, _program("changing", NEW_YORK, season=SEASON, earning=_rules(), boards=_boards("day", "season"))),
    (
        LATE,
        _program(
            "changing",
            "Europe/Berlin",
            season=LONGER,
            earning=_rules(
                share={"on": "share", "points": 4, "cap": {"per": "day", "points": 20}}, login=None
            ),
            boards=_boards("day", "week", "season"),
        ),
    ),
    (
        MIDDLE,
        _program(
            "changing",
            NEW_YORK,
            season=LATER,
            earning=_rules(purchase=None, big=None, exact=None, review={"on": "review", "points": 20}),
            boards=[_SHARES | {"windows": ["day", "season"]}],
        ),
    ),
]
ALL = (SUMMER, EVERY_DAY, CHANGING)


AFTERWARDS = datetime(2030, 1, 1, tzinfo=UTC)
"""When all of it is past: a version may break off what ran then."""


def apply_all(runtime: Runtime) -> None:
    for stated in ALL:
        apply(runtime, stated)


def apply(runtime: Runtime, stated: list[tuple[datetime, Program]]) -> None:
    for start, program in stated:
        versions.apply_version(runtime, program, actor="ann", effective_from=start, as_of=AFTERWARDS)


def editions_of(stated: list[tuple[datetime, Program]]) -> list[Edition]:
    return [Edition(number, start, program) for number, (start, program) in enumerate(stated, start=1)]


CDNOW = _program(
    "cdnow",
    NEW_YORK,
    earning=[
        {"rule": "exact", "on": "purchase", "points_per_unit": 1, "rounding": "carry"},
        {"rule": "capped", "on": "purchase", "points_per_unit": 1, "cap": {"per": "week", "points": 40}},
    ],
    boards=[_SPEND | {"windows": ["month"]}],
)

"""Every kind of earning rule, its expression run by DuckDB over rows small enough to work out by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurels.rules.earning import Scope, awards, scopes
from models.values.activity import Kind
from models.values.program import Program
from tests import oracle
from tests.oracle import Act, Edition
from tests.relations import Engine, Row, act, activity_rows, editions, program

SHARE = {"rule": "share", "on": "share", "points": 5}
SPEND = {"rule": "spend", "on": "purchase", "points_per_unit": 1}
CARRY = SPEND | {"rounding": "carry"}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def capped(most: int, per: str = "day", **rule: Any) -> dict[str, Any]:
    return SHARE | {"cap": {"per": per, "points": most}} | rule


def awarded(engine: Engine, versions: list[Edition], rows: Sequence[Row]) -> oracle.Awards:
    """Return what the expression makes of rows, zeros included, in the oracle's terms."""
    found = engine.awards(versions, rows)
    by_key = {(row[1], row[2]): (row[3], row[4], row[5]) for row in found}
    assert len(by_key) == len(found), "one award for each activity and rule"
    assert {row[0] for row in found} <= {1}
    return by_key


def table(
    engine: Engine, stated: Program | list[Edition], acts: Sequence[Act]
) -> list[tuple[int, str, int, int]]:
    """Return (activity, rule, version, points), by activity."""
    versions = (
        [Edition(1, datetime(2026, 1, 1, tzinfo=UTC), stated)] if isinstance(stated, Program) else stated
    )
    found = awarded(engine, versions, activity_rows(acts, versions))
    return sorted((key.int, rule, award[0], award[2]) for (key, rule), award in found.items())


def points(engine: Engine, stated: Program | list[Edition], acts: Sequence[Act]) -> list[int]:
    return [row[3] for row in table(engine, stated, acts)]


def spent(*minor: int) -> list[Act]:
    """Return purchases 1, 2, ... a minute apart."""
    return [act(count, minor=one, at=count * MINUTE) for count, one in enumerate(minor, start=1)]


def shared(*at: timedelta | datetime) -> list[Act]:
    return [act(count, "share", at=one) for count, one in enumerate(at, start=1)]


def test_each_activity_of_its_kind_earns_the_fixed_points(engine: Engine) -> None:
    acts = [act(1, "share"), act(2, "login"), act(3, "share"), act(4, "share", member=2)]
    assert table(engine, program(SHARE), acts) == [(n, "share", 1, 5) for n in (1, 3, 4)]


@pytest.mark.parametrize(
    ("currency", "rate", "minor", "expected"),
    [
        ("USD", 10, 1259, 125),
        ("USD", 10, 9, 0),
        ("USD", 10, 10, 1),
        ("USD", 1, 99, 0),
        ("USD", 1000, 1, 10),
        ("USD", 10, 0, 0),
        ("USD", 999, 2**43, 2**43 * 999 // 100),
        ("JPY", 10, 1259, 12_590),
        ("JPY", 1000, 2**43 - 1, (2**43 - 1) * 1000),
        ("KWD", 10, 1259, 12),
        ("KWD", 1, 999, 0),
        ("KWD", 1, 1000, 1),
        ("KWD", 999, 2**43 - 1, (2**43 - 1) * 999 // 1000),
    ],
)
@pytest.mark.parametrize("rounding", ["per_row", "carry"])
def test_money_earns_its_rate_by_the_currency_s_own_digits(
    engine: Engine, rounding: str, currency: str, rate: int, minor: int, expected: int
) -> None:
    stated = program(SPEND | {"points_per_unit": rate, "rounding": rounding}, currency=currency)
    assert points(engine, stated, [act(1, minor=minor, currency=currency)]) == [expected]


@pytest.mark.parametrize(("rule", "expected"), [(SPEND, [0, 0, 0, 1]), (CARRY, [0, 0, 1, 1])])
def test_no_amount_is_an_amount_of_nothing(engine: Engine, rule: Row, expected: list[int]) -> None:
    version = editions(program(rule))
    rows = [dict(row) for row in activity_rows(spent(60, 0, 60, 100), version)]
    zero = awarded(engine, version, rows)
    rows[1]["amount_minor"] = None
    assert awarded(engine, version, rows) == zero
    assert [award[2] for _, award in sorted(zero.items())] == expected


def test_parts_of_a_point_are_dropped_or_carried(engine: Engine) -> None:
    acts = spent(150, 150, 150, 149, 1)
    assert points(engine, program(SPEND), acts) == [1, 1, 1, 1, 0]
    assert points(engine, program(CARRY), acts) == [1, 2, 1, 1, 1]


def test_a_remainder_is_carried_by_each_member_alone_and_within_a_version(engine: Engine) -> None:
    acts = [
        act(1, minor=60, at=-HOUR),
        act(2, minor=60, at=-HOUR, member=2),
        act(3, minor=60),
        act(4, minor=60),
    ]
    assert points(engine, program(CARRY), acts) == [0, 0, 1, 0]
    assert points(engine, editions(program(CARRY), program(CARRY)), acts) == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (1, [1, 0, 0, 0]),
        (5, [5, 0, 0, 0]),
        (9, [5, 4, 0, 0]),
        (10, [5, 5, 0, 0]),
        (11, [5, 5, 1, 0]),
        (20, [5, 5, 5, 5]),
    ],
)
def test_what_is_left_of_a_cap(engine: Engine, cap: int, expected: list[int]) -> None:
    assert points(engine, program(capped(cap)), shared(*(n * MINUTE for n in range(4)))) == expected


def test_one_award_above_the_cap_gets_the_cap(engine: Engine) -> None:
    stated = program(SPEND | {"cap": {"per": "day", "points": 30}})
    assert points(engine, stated, spent(0, 5000, 100)) == [0, 30, 0]


def test_a_cap_of_carried_points(engine: Engine) -> None:
    stated = program(CARRY | {"cap": {"per": "day", "points": 3}})
    assert points(engine, stated, spent(150, 150, 150)) == [1, 2, 0]


def test_equal_times_go_by_activity_id_whatever_the_order_of_rows(engine: Engine) -> None:
    version, acts = editions(program(capped(7))), [act(n, "share") for n in (3, 1, 2)]
    assert points(engine, version, acts) == [5, 2, 0]
    rows = activity_rows(acts, version)
    assert awarded(engine, version, rows) == awarded(engine, version, rows[::-1])


@pytest.mark.parametrize(
    ("per", "expected"),
    [("day", [5, 0, 5, 5]), ("week", [5, 0, 0, 5]), ("program", [5, 0, 0, 0])],
)
def test_the_period_of_a_cap_is_the_zone_s(engine: Engine, per: str, expected: list[int]) -> None:
    """Saturday, midnight to Sunday, midnight to Monday: in New York these are at 4 o'clock in UTC."""
    midnight = datetime(2026, 6, 14, 4, tzinfo=UTC)
    acts = shared(midnight - HOUR, midnight - timedelta(microseconds=1), midnight, midnight + DAY)
    assert points(engine, program(capped(5, per), zone="America/New_York"), acts) == expected


@pytest.mark.parametrize(
    ("begins", "ends"),  # in UTC; one day has 23 hours, the other 25
    [("2026-03-28T23:00", "2026-03-29T22:00"), ("2026-10-24T22:00", "2026-10-25T23:00")],
)
def test_a_day_s_cap_while_the_clock_changes(engine: Engine, begins: str, ends: str) -> None:
    first, last = (datetime.fromisoformat(edge).replace(tzinfo=UTC) for edge in (begins, ends))
    acts = shared(first - MINUTE, first, last - MINUTE, last)
    assert points(engine, program(capped(5), zone="Europe/Berlin"), acts) == [5, 5, 0, 5]


def test_only_what_is_verified_counts_and_only_that_fills_a_cap(engine: Engine) -> None:
    version = editions(program(capped(5, when="verified")))
    rows = [dict(row) for row in activity_rows(shared(*(n * MINUTE for n in range(4))), version)]
    for row, verified in zip(rows, (None, False, True, True), strict=True):
        row["verified"] = verified
    found = awarded(engine, version, rows)
    assert [(key.int, award[2]) for (key, _), award in sorted(found.items())] == [(3, 5), (4, 0)]


def test_rules_of_one_kind_earn_beside_each_other_each_by_its_own_cap(engine: Engine) -> None:
    first = {"rule": "first", "on": "purchase", "points": 7, "cap": {"per": "program", "points": 7}}
    stated = program(SPEND, first, capped(5))
    acts = [*spent(300, 200), act(3, "share"), act(4, "share")]
    assert table(engine, stated, acts) == [
        (1, "first", 1, 7),
        (1, "spend", 1, 3),
        (2, "first", 1, 0),
        (2, "spend", 1, 2),
        (3, "share", 1, 5),
        (4, "share", 1, 0),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (capped(10), capped(20), [5, 5, 0, 5, 0]),  # three times five came before, of which ten were given
        (capped(20), capped(10), [5, 5, 5, 0, 0]),
        (capped(20), capped(17), [5, 5, 5, 2, 0]),
        (capped(10), capped(20, points=2), [5, 5, 0, 2, 2]),
        (capped(10), SHARE, [5, 5, 0, 5, 5]),
        (SHARE, capped(7), [5, 5, 5, 5, 2]),  # no cap, no count
        (capped(10), capped(20, "week"), [5, 5, 0, 5, 5]),  # another period, another count
        (capped(10), capped(10, rule="other"), [5, 5, 0, 5, 5]),
    ],
)
def test_a_cap_accumulates_by_rule_across_versions_against_the_limit_of_each(
    engine: Engine, before: Row, after: Row, expected: list[int]
) -> None:
    acts = shared(-3 * MINUTE, -2 * MINUTE, -MINUTE, timedelta(), MINUTE)
    found = table(engine, editions(program(before), program(after)), acts)
    assert [row[2] for row in found] == [1, 1, 1, 2, 2]
    assert [row[3] for row in found] == expected


def test_a_version_without_rules_gives_nothing(engine: Engine) -> None:
    assert awards({}) is None
    assert awards({1: program()}) is None
    acts = shared(-MINUTE, MINUTE)
    assert table(engine, editions(program(SHARE), program()), acts) == [(1, "share", 1, 5)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([SHARE], {"share": Scope.EVENT}),
        ([SPEND], {"purchase": Scope.EVENT}),
        ([CARRY], {"purchase": Scope.HISTORY}),
        ([capped(5)], {"share": Scope.DAY}),
        ([capped(5, "week")], {"share": Scope.WEEK}),
        ([capped(5, "program")], {"share": Scope.HISTORY}),
        ([capped(5, "week"), SHARE, CARRY, SPEND], {"share": Scope.WEEK, "purchase": Scope.HISTORY}),
        ([capped(5), capped(5, "week", rule="weekly")], {"share": Scope.WEEK}),
        ([], {}),
    ],
)
def test_the_widest_scope_of_a_kind(rules: list[Row], expected: dict[str, Scope]) -> None:
    wanted = {Kind(kind): scope for kind, scope in expected.items()}
    assert scopes({1: program(*rules)}) == wanted
    assert scopes({1: program(*rules[:1]), 2: program(*rules[1:]), 3: program()}) == wanted


# Properties, against plain loops

STATED = editions(
    program(
        SPEND,
        CARRY | {"rule": "carried", "points_per_unit": 3},
        SPEND | {"rule": "some", "cap": {"per": "day", "points": 40}},
        capped(12),
        capped(23, "week", rule="weekly"),
        zone="America/New_York",
    ),
    program(
        SPEND | {"points_per_unit": 7},
        CARRY | {"rule": "carried", "cap": {"per": "week", "points": 9}},
        capped(7),
        capped(30, "program", rule="weekly"),
        zone="Europe/Berlin",
    ),
)
_moments = st.sampled_from([n * 6 * HOUR + s * timedelta(seconds=1) for n in range(-20, 20) for s in (0, 1)])
_drawn = st.tuples(
    st.sampled_from(["purchase", "purchase", "share", "login"]),
    st.integers(1, 2),
    _moments,
    st.sampled_from([0, 1, 33, 99, 100, 199, 1259, 5000]),
)
histories = st.lists(_drawn, max_size=25).map(
    lambda drawn: [
        act(n, kind, at=at, member=member, minor=minor if kind == "purchase" else 0)
        for n, (kind, member, at, minor) in enumerate(drawn, start=1)
    ]
)


@given(histories, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_awards_are_what_plain_loops_give_in_whatever_order_rows_lie(
    engine: Engine, acts: list[Act], dice: Random
) -> None:
    rows = activity_rows(acts, STATED)
    dice.shuffle(rows)
    found = awarded(engine, STATED, rows)
    assert {key: award for key, award in found.items() if award[2]} == oracle.awards(acts, STATED)
    assert all(award[2] >= 0 for award in found.values())


@given(histories, st.integers(1, 30), st.sampled_from(["day", "week", "program"]))
@settings(max_examples=30, deadline=None)
def test_a_cap_is_never_exceeded_and_given_whole_where_enough_was_done(
    engine: Engine, acts: list[Act], cap: int, per: str
) -> None:
    version = editions(program(capped(cap, per)))
    rows = {row["activity_id"]: row for row in activity_rows(acts, version)}
    given_by: dict[Any, list[int]] = {}
    for (key, _), (_, member, given_points) in awarded(engine, version, list(rows.values())).items():
        period = {"day": rows[key]["day"], "week": rows[key]["week"], "program": None}[per]
        given_by.setdefault((member, period), []).append(given_points)
    assert all(sum(given_points) == min(cap, 5 * len(given_points)) for given_points in given_by.values())


@given(histories, st.integers(1, 1000))
@settings(max_examples=30, deadline=None)
def test_carried_points_sum_to_those_of_the_sum(engine: Engine, acts: list[Act], rate: int) -> None:
    version = editions(program(CARRY | {"points_per_unit": rate}))
    total, spent_by = dict.fromkeys(range(1, 3), 0), dict.fromkeys(range(1, 3), 0)
    for _, member, given_points in awarded(engine, version, activity_rows(acts, version)).values():
        total[member.int] += given_points
    for one in acts:
        assert one.member is not None
        spent_by[one.member.int] += one.minor
    assert total == {member: minor * rate // 100 for member, minor in spent_by.items()}

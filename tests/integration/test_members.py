"""Members and programs as a person asks for them: points, what they are worth, ranks, discount, figures, leaders."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies
from sqlmodel import select

from laurels.errors import NotFoundError
from laurels.services import figures, leaders, members, versions
from laurels.services.members import MemberProgram
from laurels.services.runtime import Runtime
from laurels.stores.board_views import BoardViews
from models.points import LedgerEntry
from models.values.program import Program
from tests.integration.activity import purchase, refund, run_rows, share
from tests.integration.race import JUNE, MAY, SUMMER, apply, member, reconcile, refer, window

PURCHASES = [{"rule": "purchase", "on": "purchase", "points_per_unit": 1}]
SPEND = {
    "board": "spend",
    "metric": {"sum": "amount", "of": "purchase", "net": "refunds"},
    "windows": ["season"],
}


def view(runtime: Runtime, name: str = "ada", as_of: datetime = JUNE) -> dict[str, MemberProgram]:
    found = members.member_view(runtime, source="test", external_id=name, as_of=as_of)
    assert found.member_id == member(runtime, name)
    return {program.program: program for program in found.programs}


def test_a_member_has_points_and_worth_and_rank_and_discount_in_each_program(
    runtime: Runtime, tmp_path: Path
) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    apply(runtime, earning=PURCHASES, boards=[SPEND])
    run_rows(runtime, tmp_path, [purchase("p", "ada", "49.99"), purchase("q", "bob", "80.00")])
    refer(runtime, tmp_path, {"ada": 2, "bob": 1})
    reconcile(runtime)
    assert view(runtime) == {
        "own": MemberProgram("own", 49, "2.45 USD", None, ("#2 spend/season",), None),
        "summer-race": MemberProgram(
            *("summer-race", 699, "34.95 USD", "free-shipping in 301 points"),
            (
                "#1 referrals/week",
                "#1 referrals/month",
                "#1 referrals/season",
                "#2 spend/month",
                "#2 spend/season",
            ),
            30,
        ),
    }
    assert view(runtime, "bob")["summer-race"].percent == 20


def test_ranks_are_read_from_redis_where_it_shows_the_latest_pass(runtime: Runtime, tmp_path: Path) -> None:
    apply(runtime, boards=[SPEND])
    run_rows(runtime, tmp_path, [purchase("p", "ada", "49.99"), purchase("q", "bob", "80.00")])
    reconcile(runtime)
    board = f"laurels:board:{{{window(runtime, 'spend/season', 'own').view}}}"
    runtime.views._redis.zrem(board, str(member(runtime, "bob")))
    assert view(runtime)["own"].ranks == ("#1 spend/season",)
    assert view(runtime, "bob")["own"].ranks == ()
    runtime.views._redis.hset(f"{board}:note", "pass", 0)
    assert view(runtime)["own"].ranks == ("#2 spend/season",)
    away = replace(runtime, views=BoardViews("redis://127.0.0.1:1/0"))
    assert view(away)["own"].ranks == ("#2 spend/season",)
    away.views.close()


def test_the_next_reward_is_the_cheapest_not_yet_reached(runtime: Runtime, tmp_path: Path) -> None:
    expected = {
        "0.09": (0, "ten-off in 500 points"),
        "0.10": (1, "ten-off in 499 points"),
        "49.99": (499, "ten-off in 1 points"),
        "50.00": (500, "free-shipping in 500 points"),
        "99.90": (999, "free-shipping in 1 points"),
        "100.00": (1000, None),
    }
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    run_rows(runtime, tmp_path, [purchase(f"p{amount}", f"spends {amount}", amount) for amount in expected])
    found = {amount: view(runtime, f"spends {amount}")["summer-race"] for amount in expected}
    assert {amount: (one.points, one.next_reward) for amount, one in found.items()} == expected


WORTHS = strategies.tuples(
    strategies.integers(0, 2**40),
    strategies.integers(1, 10_000),
    strategies.integers(1, 10**6),
    strategies.sampled_from([("USD", 2), ("JPY", 0), ("KWD", 3)]),
)


@settings(max_examples=200)
@given(drawn=WORTHS)
def test_worth_is_never_more_than_the_points_are_and_less_by_under_one_minor_unit(
    drawn: tuple[int, int, int, tuple[str, int]],
) -> None:
    balance, points, minor, (currency, digits) = drawn
    value = {"points": points, "worth": str(Decimal(minor).scaleb(-digits))}
    parts = {"program": "own", "time_zone": "UTC", "currency": currency, "earning": [], "boards": []}
    number, code = members._worth(Program.model_validate(parts | {"points_value": value}), balance).split()
    assert code == currency
    assert len(number.partition(".")[2]) == digits
    told = int(Decimal(number).scaleb(digits))
    assert 0 <= balance * minor - told * points < points


def test_an_unknown_member_is_not_told_from_one_of_another_shop(runtime: Runtime, tmp_path: Path) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    run_rows(runtime, tmp_path, [share("s", "ada")])
    for source, name in (("test", "nobody"), ("other-shop", "ada")):
        with pytest.raises(NotFoundError, match=f"nobody with that id of source {source}") as refused:
            members.member_view(runtime, source=source, external_id=name, as_of=JUNE)
        assert "ada" not in str(refused.value)


def test_who_gave_everything_back_has_nothing_and_no_rank(runtime: Runtime, tmp_path: Path) -> None:
    apply(runtime, earning=PURCHASES, boards=[SPEND])
    run_rows(runtime, tmp_path, [purchase("p", "ada", "20.00"), refund("r", "order-p", "20.00")])
    reconcile(runtime)
    assert view(runtime)["own"] == MemberProgram("own", 0, "0.00 USD", None, (), None)


def test_a_member_is_seen_in_a_program_that_never_counted_them(runtime: Runtime, tmp_path: Path) -> None:
    """What was done before a program began, or in another currency, counts in none of it."""
    apply(runtime, earning=PURCHASES, boards=[SPEND])
    rows = [
        purchase("p", "ada", "20.00", "2026-05-31T23:59:59Z"),
        purchase("q", "ada", "20.00") | {"currency": "EUR"},
    ]
    run_rows(runtime, tmp_path, rows)
    assert view(runtime)["own"].points == 0
    assert figures.program_figures(runtime, "own") == figures.Figures("own", 0, 0, {})


def test_figures_are_those_of_the_ledger(runtime: Runtime, tmp_path: Path) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    rows = [purchase(f"p{number}", f"m{number % 5}", f"{number}.99") for number in range(20)]
    rows += [refund("r", "order-p7", "3.00"), *(share(f"s{number}", "m9") for number in range(8))]
    run_rows(runtime, tmp_path, rows)
    found = figures.program_figures(runtime, "summer-race")
    with runtime.database.transaction() as session:
        entries = session.exec(select(LedgerEntry)).all()
    assert (
        found.points
        == sum(entry.points for entry in entries)
        == sum(view(runtime, f"m{number}")["summer-race"].points for number in (0, 1, 2, 3, 4, 9))
    )
    assert (found.members, found.activity) == (6, {"purchase": 20, "share": 8})
    with pytest.raises(NotFoundError, match="no program nosuch"):
        figures.program_figures(runtime, "nosuch")


def test_leaders_are_in_the_order_of_the_file_and_leave_out_what_has_no_window(
    runtime: Runtime, tmp_path: Path
) -> None:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    apply(runtime, boards=[SPEND])
    refer(runtime, tmp_path, {"ada": 2, "bob": 1})
    reconcile(runtime)
    found = leaders.leaders(runtime, as_of=JUNE, limit=1)
    places = [(one.program, one.board, one.period) for one in found if one.rows]
    assert places == [("summer-race", "referrals", period) for period in ("week", "month", "season")]
    assert {row.member_id for one in found for row in one.rows} == {member(runtime, "ada")}
    assert leaders.leaders(runtime, program="nosuch", as_of=JUNE) == []
    assert leaders.leaders(runtime, as_of=datetime(2026, 5, 2, tzinfo=UTC)) == []

"""Boards: grants follow ranks pass by pass, and Redis shows what PostgreSQL knows, whatever happens to it."""

import random
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import pytest
from sqlmodel import select

from laurels.errors import NotFoundError, TransientError
from laurels.rules.standings import composite
from laurels.services import boards, deliveries, discounts, tiers, versions
from laurels.services.boards import BoardsReport
from laurels.services.checks import Finding, check_invariants
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from laurels.stores import boards as standings
from laurels.stores import leases
from laurels.stores.board_views import BoardViews
from laurels.stores.database import driver
from models.outbox import Delivery, Push
from tests.battery.gate_rows import ask, one
from tests.integration import owed
from tests.integration.activity import purchase, refund, run_rows, share
from tests.integration.owed import Taker
from tests.integration.race import (
    JUNE,
    MAY,
    SUMMER,
    TEN,
    apply,
    falling,
    member,
    percents,
    ranking,
    reconcile,
    refer,
    window,
)
from tests.runtimes import another, at_once, fresh_runtime

DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
RISE = "Congrats! You're now #{} on our referral leaderboard and unlocked a {}% discount. Keep referring to climb higher!"
WON = dict(zip(TEN, [30, 20, 20, 20, 20, 10, 10, 10, 10, 10], strict=True))
SPEND = {"board": "spend", "metric": {"sum": "amount", "of": "purchase", "net": "refunds"}}


@pytest.fixture
def summer(runtime: Runtime) -> Runtime:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
    return runtime


@pytest.fixture
def ten(summer: Runtime, tmp_path: Path) -> Runtime:
    """Ten members ranked by their names and reconciled once."""
    refer(summer, tmp_path, TEN)
    assert reconcile(summer).granted == 10
    return summer


def named(runtime: Runtime, **holds: int) -> dict[object, int]:
    return {member(runtime, name): percent for name, percent in holds.items()}


# Grants follow ranks


def test_the_first_ten_get_theirs_and_the_eleventh_nothing(summer: Runtime, tmp_path: Path) -> None:
    refer(summer, tmp_path, TEN | {"m11": 1})
    report = reconcile(summer)
    assert (report.windows, report.granted, report.pushes, report.deliveries) == (5, 10, 10, 10)
    assert percents(summer) == named(summer, **WON)
    assert reconcile(summer) == BoardsReport()
    rows = boards.top(summer, "summer-race", "referrals", "season", limit=99, as_of=JUNE)
    assert [row.percent for row in rows] == [*WON.values(), None]


def test_the_moment_at_which_a_window_ends_belongs_to_the_next_alone(
    runtime: Runtime, tmp_path: Path
) -> None:
    apply(runtime, boards=[SPEND | {"windows": ["month"]}])
    rows = [
        purchase("first", "ada", "1.00", at="2026-06-01T00:00:00Z"),
        purchase("last", "ada", "2.00", at="2026-06-30T23:59:59.999999Z"),
        purchase("next", "ada", "4.00", at="2026-07-01T00:00:00Z"),
    ]
    run_rows(runtime, tmp_path, rows)
    scores = [ranking(runtime, "spend/month", "own", as_of) for as_of in (JUNE, JUNE + 20 * DAY)]
    assert [[score for _, score in found] for found in scores] == [[300], [400]]


def test_from_six_to_four_doubles_the_discount_and_says_so(ten: Runtime, tmp_path: Path) -> None:
    told, shop = Taker(), Taker()
    deliveries.send_deliveries(ten, as_of=JUNE, channel=told)
    discounts.push_discounts(ten, as_of=JUNE, platform=shop)
    told.seen.clear()
    shop.pushed.clear()
    refer(ten, tmp_path, {"m06": 4})  # 26: past m05's 25, behind m04's 28
    refer(ten, tmp_path, {"m06": 3})  # 29: past m04
    report = reconcile(ten, JUNE + SECOND)
    assert (report.granted, report.ended, report.superseded, report.pushes, report.deliveries) == (
        1,
        1,
        0,
        2,
        1,
    )
    assert percents(ten) == named(ten, **WON | {"m06": 20})
    assert falling(ten) == {
        member(ten, "m05"): JUNE + SECOND
    }  # the sixth now; the fifth place is still m04's
    deliveries.send_deliveries(ten, as_of=JUNE + SECOND, channel=told)
    discounts.push_discounts(ten, as_of=JUNE + SECOND, platform=shop)
    assert [(message.member_id, message.text) for message in told.seen] == [
        (member(ten, "m06"), RISE.format(4, 20))
    ]
    assert [(action, told.percent) for action, told in shop.pushed] == [("end", 10), ("give", 20)]


def test_a_fall_counts_after_24_hours_and_not_a_second_before(ten: Runtime, tmp_path: Path) -> None:
    shop = Taker()
    discounts.push_discounts(ten, as_of=JUNE, platform=shop)
    refer(ten, tmp_path, {"m06": 9})
    assert reconcile(ten, JUNE + SECOND).granted == 1
    fell = JUNE + SECOND
    for early in (fell, fell + DAY / 2, fell + DAY - SECOND):
        report = reconcile(ten, early)
        assert (report.granted, report.ended, report.pushes, report.deliveries) == (0, 0, 0, 0)
    assert percents(ten)[member(ten, "m05")] == 20
    report = reconcile(ten, fell + DAY)
    assert (report.granted, report.ended, report.pushes, report.deliveries) == (1, 1, 2, 0)
    assert percents(ten) == named(ten, **WON | {"m06": 20, "m05": 10})
    shop.pushed.clear()
    discounts.push_discounts(ten, as_of=fell + DAY, platform=shop)
    mine = [(action, told.percent) for action, told in shop.pushed if told.member_id == member(ten, "m05")]
    assert mine == [("end", 20), ("give", 10)]
    assert reconcile(ten, fell + 3 * DAY) == BoardsReport()


def test_who_comes_back_within_the_grace_keeps_it_and_has_a_new_one_the_next_time(
    ten: Runtime, tmp_path: Path
) -> None:
    refer(ten, tmp_path, {"m06": 4})
    reconcile(ten, JUNE)
    refer(ten, tmp_path, {"m05": 2})  # 27 against 26
    assert reconcile(ten, JUNE + DAY - SECOND).ended == 0
    assert member(ten, "m05") not in falling(ten)
    refer(ten, tmp_path, {"m06": 4})
    reconcile(ten, JUNE + DAY)
    second = JUNE + 2 * DAY
    assert reconcile(ten, second - SECOND).ended == 0
    assert percents(ten)[member(ten, "m05")] == 20


def test_who_falls_from_the_first_rank_below_the_last_loses_all_after_the_grace(
    ten: Runtime, tmp_path: Path
) -> None:
    discounts.push_discounts(ten, as_of=JUNE, platform=Taker())
    refer(ten, tmp_path, dict.fromkeys((f"n{number}" for number in range(10)), 50))
    report = reconcile(ten, JUNE + SECOND)
    assert (report.granted, report.ended) == (10, 0)  # twenty hold one for a day
    report = reconcile(ten, JUNE + SECOND + DAY)
    assert (report.granted, report.ended, report.pushes, report.deliveries) == (0, 10, 10, 0)
    assert sorted(percents(ten).values()) == sorted(WON.values())
    assert ask(ten, "select distinct ended_by from tier_grant where ended_at is not null") == [("lost",)]


def test_a_refund_takes_a_member_off_the_board_and_the_discount_after_the_grace(
    runtime: Runtime, tmp_path: Path
) -> None:
    tiers = {"board": "spend/season", "ranks": [{"to": 1, "percent": 30}], "downgrade": {"after": "24h"}}
    apply(runtime, boards=[SPEND | {"windows": ["season"]}], tiers=tiers)
    run_rows(runtime, tmp_path, [purchase("p", "ada", "20.00")])
    assert reconcile(runtime).granted == 1
    discounts.push_discounts(runtime, as_of=JUNE, platform=Taker())
    run_rows(runtime, tmp_path, [refund("r", "order-p", "20.00")], "refund.jsonl")
    assert reconcile(runtime).ended == 0
    assert ranking(runtime, "spend/season", "own") == []
    assert falling(runtime) == {member(runtime, "ada"): JUNE}
    report = reconcile(runtime, JUNE + DAY)
    assert (report.ended, report.granted, report.pushes, report.deliveries) == (1, 0, 1, 0)
    assert percents(runtime) == {}


def test_what_was_not_sent_yet_is_superseded_by_the_next_grant(ten: Runtime, tmp_path: Path) -> None:
    for times in (4, 20):  # to the fifth place, then to the first
        refer(ten, tmp_path, {"m06": times})
        assert reconcile(ten).superseded == 2
    mine = member(ten, "m06")
    with ten.database.transaction() as session:
        found = session.exec(select(Delivery).where(Delivery.member_id == mine)).all()
        pushes = session.exec(select(Push).where(Push.member_id == mine)).all()
    assert sorted((row.state, row.values["percent"]) for row in found) == [
        ("pending", 30),
        ("superseded", 10),
        ("superseded", 20),
    ]
    assert (
        sorted((row.state, row.action) for row in pushes)
        == [("pending", "give")] + [("superseded", "give")] * 2
    )
    told = Taker()
    deliveries.send_deliveries(ten, as_of=JUNE, channel=told)
    assert [message.text for message in told.seen if message.member_id == mine] == [RISE.format(1, 30)]


def test_after_the_season_ranks_move_and_nobody_wins_or_loses(ten: Runtime, tmp_path: Path) -> None:
    closed = window(ten).ends_at
    refer(ten, tmp_path, {"m06": 9, "m11": 60})
    report = reconcile(ten, closed)
    assert (report.standings > 0, report.granted, report.ended, report.unpublished) == (True, 0, 0, 0)
    assert ranking(ten)[0] == (member(ten, "m11"), 60)
    assert percents(ten) == named(ten, **WON)
    assert falling(ten) == {}
    assert reconcile(ten, closed - SECOND).granted == 0  # the marks are taken: a pass looks at what changed


def test_before_the_season_nobody_wins(summer: Runtime, tmp_path: Path) -> None:
    refer(summer, tmp_path, {"ada": 1})
    assert reconcile(summer, window(summer).starts_at - SECOND).granted == 0


def test_new_tiers_reach_those_who_hold_the_old_ones(runtime: Runtime, tmp_path: Path) -> None:
    """A version with other percents takes effect: nobody's rank moved, and still everybody gets what it says."""
    shares = {"board": "shares", "metric": {"count": "share"}, "windows": ["season"]}
    tiers = {"board": "shares/season", "ranks": [{"to": 1, "percent": 10}], "downgrade": {"after": "24h"}}
    apply(runtime, boards=[shares], tiers=tiers)
    run_rows(runtime, tmp_path, [share("s1", "ada"), share("s2", "ada"), share("s3", "bob")])
    assert reconcile(runtime).granted == 1
    (stored,) = versions.list_programs(runtime)
    better = stored.rules(JUNE).model_copy(
        update={
            "tiers": stored.rules(JUNE).tiers.model_validate(tiers | {"ranks": [{"to": 2, "percent": 40}]})
        }
    )
    july = datetime(2026, 7, 1, tzinfo=UTC)
    versions.apply_version(runtime, better, actor="ann", effective_from=july)
    assert reconcile(runtime, july - SECOND).granted == 0
    assert reconcile(runtime, july).granted == 2
    assert percents(runtime) == named(runtime, ada=40, bob=40)
    assert reconcile(runtime, july + SECOND) == BoardsReport()


def test_tiers_that_come_with_a_later_version_reach_a_board_that_stood_before(
    runtime: Runtime, tmp_path: Path
) -> None:
    board = SPEND | {"windows": ["season"]}
    apply(runtime, boards=[board])
    run_rows(runtime, tmp_path, [purchase("p", "ada", "20.00")])
    assert reconcile(runtime).granted == 0
    tiers = {"board": "spend/season", "ranks": [{"to": 1, "percent": 30}], "downgrade": {"after": "24h"}}
    apply(runtime, boards=[board], tiers=tiers, effective_from=MAY + SECOND)
    report = reconcile(runtime)
    assert (report.granted, report.deliveries) == (1, 1)
    assert reconcile(runtime) == BoardsReport()


BY_SPEND = {"board": "spend/season", "ranks": [{"to": 1, "percent": 30}], "downgrade": {"after": "24h"}}
ON_SPEND, ON_MONTH = (SPEND | {"windows": windows} for windows in (["season"], ["month", "season"]))
LATER = {"starts": "2026-06-05", "ends": "2026-09-01"}


@pytest.mark.parametrize(
    ("second", "held", "granted"),
    [
        ({"boards": [ON_SPEND]}, 0, 0),
        ({"boards": [ON_MONTH], "tiers": BY_SPEND | {"board": "spend/month"}}, 1, 1),
        ({"boards": [ON_SPEND], "tiers": BY_SPEND, "season": LATER}, 1, 1),
    ],
    ids=["tiers are gone", "tiers are of another window", "the season begins later"],
)
def test_grants_end_with_the_window_that_decided_them(
    runtime: Runtime, tmp_path: Path, second: dict[str, Any], held: int, granted: int
) -> None:
    """The shop is told at once, and nobody holds two for a day."""
    apply(runtime, boards=[ON_SPEND], tiers=BY_SPEND)
    run_rows(runtime, tmp_path, [purchase("p", "ada", "20.00")])
    assert reconcile(runtime).granted == 1
    discounts.push_discounts(runtime, as_of=JUNE, platform=Taker())
    apply(runtime, **second, effective_from=JUNE)
    report = reconcile(runtime)
    assert (report.ended, report.granted, report.pushes, report.deliveries) == (
        1,
        granted,
        1 + granted,
        granted,
    )
    assert one(runtime, "select count(*) from tier_grant where ended_at is null") == held
    shop = Taker()
    discounts.push_discounts(runtime, as_of=JUNE, platform=shop)
    assert [action for action, _ in shop.pushed] == ["end", "give"][: 1 + granted]
    assert ask(runtime, "select ended_by from tier_grant where ended_at is not null") == [("withdrawn",)]
    assert reconcile(runtime, JUNE + SECOND) == reconcile(runtime, JUNE + 2 * DAY) == BoardsReport()


def test_a_summer_s_discounts_last_until_the_next_season_s_version_takes_over(
    runtime: Runtime, tmp_path: Path
) -> None:
    apply(runtime, boards=[ON_SPEND], tiers=BY_SPEND)
    run_rows(runtime, tmp_path, [purchase("p", "ada", "20.00")])
    assert reconcile(runtime).granted == 1
    october = datetime(2026, 10, 1, tzinfo=UTC)
    autumn = {"starts": "2026-10-01", "ends": "2026-12-01"}
    apply(runtime, boards=[ON_SPEND], tiers=BY_SPEND, season=autumn, effective_from=october, as_of=JUNE)
    for quiet in (JUNE + DAY, october - SECOND):
        report = reconcile(runtime, quiet)
        assert (report.granted, report.ended) == (0, 0)
    assert percents(runtime) == named(runtime, ada=30)
    run_rows(runtime, tmp_path, [purchase("q", "bob", "5.00", "2026-10-01T00:00:00Z")], "autumn.jsonl")
    report = reconcile(runtime, october)
    assert (report.granted, report.ended) == (1, 1)
    assert percents(runtime) == named(runtime, bob=30)


# Redis is a view


def shown(runtime: Runtime, board: str = "referrals/season") -> int | None:
    view = window(runtime, board).view
    return runtime.views.passes([view])[view]


def wrong_boards(runtime: Runtime) -> list[Finding]:
    return [found for found in check_invariants(runtime) if found.name == "I31"]


def test_an_emptied_redis_is_answered_for_and_healed_by_the_next_pass(ten: Runtime) -> None:
    before = ranking(ten)
    ten.views._redis.flushdb()
    assert shown(ten) is None
    assert ranking(ten) == before  # by SQL
    report = reconcile(ten)
    assert report == BoardsReport(windows=5)
    assert shown(ten) == window(ten).pass_number
    assert [place.member_id for place in ten.views.top(window(ten).view, 10)] == [who for who, _ in before]


def test_a_redis_that_is_away_holds_up_no_grant_and_is_counted_and_healed(
    summer: Runtime, tmp_path: Path
) -> None:
    refer(summer, tmp_path, TEN)
    lost = replace(summer, views=BoardViews("redis://127.0.0.1:1/0"))
    report = reconcile(lost)
    assert (report.windows, report.granted, report.unpublished) == (5, 10, 5)
    assert [score for _, score in ranking(lost)] == list(TEN.values())
    assert reconcile(lost) == BoardsReport(windows=5, unpublished=5)  # still away, still said
    assert shown(summer) is None
    assert reconcile(summer) == BoardsReport(windows=5)
    assert shown(summer) == window(summer).pass_number == 1
    lost.views.close()


def test_a_pass_behind_is_seen_and_shown_anew(ten: Runtime, tmp_path: Path) -> None:
    """Redis was away for one pass only: what it shows is whole but old."""
    lost = replace(ten, views=BoardViews("redis://127.0.0.1:1/0"))
    refer(ten, tmp_path, {"m10": 70})
    assert reconcile(lost).unpublished == 5
    lost.views.close()
    assert ranking(ten)[0] == (member(ten, "m10"), 80)  # not by Redis, which is a pass behind
    assert reconcile(ten).unpublished == 0
    assert ten.views.top(window(ten).view, 1)[0].member_id == member(ten, "m10")


def test_republishing_mends_what_redis_shows_wrongly(ten: Runtime) -> None:
    at = window(ten)
    key = f"laurels:board:{{{at.view}}}"
    ten.views._redis.zrem(key, str(member(ten, "m01")))
    assert reconcile(ten) == BoardsReport()  # the pass is right: nothing tells that a place is missing
    assert len(ranking(ten)) == 9
    assert reconcile(ten, republish=True) == BoardsReport(windows=5)
    assert len(ranking(ten)) == 10
    assert window(ten).pass_number == at.pass_number


def test_two_databases_on_one_redis_show_each_its_own(
    ten: Runtime, settings: Settings, tmp_path: Path
) -> None:
    """As when a new house meets the Redis of an old one: ids of windows, passes and tokens begin at 1 in both."""
    url = ten.settings.redis_url
    assert url is not None
    with fresh_runtime(settings) as fresh, closing(BoardViews(url.get_secret_value())) as views:
        other = replace(fresh, views=views)
        versions.apply_program(other, SUMMER, actor="ann", effective_from=MAY)
        refer(other, tmp_path, {"ada": 3})
        for _ in range(2):
            assert ranking(other) == [(member(other, "ada"), 3)]
            assert reconcile(other).unpublished == 0
        assert shown(other) == window(other).pass_number == window(ten).pass_number == 1
    assert [score for _, score in ranking(ten)] == list(TEN.values())


@pytest.mark.parametrize("passes", [0, 2])
def test_a_redis_ahead_of_a_database_put_back_to_its_backup_is_mended(
    ten: Runtime, tmp_path: Path, passes: int
) -> None:
    """What Redis has of the life that was lost is no reason to refuse what stands now."""
    for _ in range(passes):
        refer(ten, tmp_path, {"m10": 60})
        reconcile(ten)
    for _ in range(2):
        reconcile(ten, republish=True)
    with ten.database.transaction() as session:
        for statement in (
            "update board_window set pass_number = 1",
            "update lease set token = 1",
            "update standing set score = score - 1 where score > 1",
        ):
            driver(session).execute(statement.encode())
    assert reconcile(ten, republish=not passes).unpublished == 0
    assert shown(ten) == window(ten).pass_number == 1
    assert wrong_boards(ten) == []
    assert reconcile(ten) == BoardsReport()


def test_a_grace_that_is_waited_out_does_not_build_the_board_again_and_again(
    ten: Runtime, tmp_path: Path
) -> None:
    refer(ten, tmp_path, {"m06": 9})
    reconcile(ten)
    assert falling(ten)
    key = f"laurels:board:{{{window(ten).view}}}"
    ten.views._redis.zadd(key, {str(member(ten, "a mark")): 0})
    reconcile(ten, JUNE + DAY / 2)
    assert ten.views._redis.zscore(key, str(member(ten, "a mark"))) == 0


def test_a_score_that_redis_cannot_hold_is_shown_by_sql_and_keeps_no_other_board_back(
    summer: Runtime, tmp_path: Path
) -> None:
    rows = [purchase("p1", "ada", "15000000.00"), purchase("p2", "bob", "15000000.01")]
    run_rows(summer, tmp_path, rows)
    refer(summer, tmp_path, {"ada": 1})
    report = reconcile(summer)
    assert (report.windows, report.granted, report.unpublished) == (5, 1, 1)
    assert ranking(summer, "spend/season") == [
        (member(summer, "bob"), 1_500_000_001),
        (member(summer, "ada"), 1_500_000_000),
    ]
    assert shown(summer, "spend/season") is None
    assert shown(summer) == shown(summer, "spend/month") == 1


def test_a_batch_that_moves_a_whole_crowd_is_one_pass(summer: Runtime, tmp_path: Path) -> None:
    """More members than a statement has room for parameters."""
    refer(summer, tmp_path, {"ada": 1})
    at = window(summer)
    crowd = (
        "with crowd as (insert into standing select %(id)s, md5(n::text)::uuid, 1, %(start)s "
        "from generate_series(1, 70000) n returning window_id, member_id) "
        "insert into dirty_standing (window_id, member_id) select * from crowd"
    )
    with summer.database.transaction() as session:
        driver(session).execute(crowd, {"id": at.id, "start": at.starts_at})
    report = reconcile(summer)
    assert (report.standings, report.granted, report.unpublished) == (70_003, 10, 0)
    assert shown(summer) == window(summer).pass_number == 1
    assert summer.views._redis.zcard(f"laurels:board:{{{at.view}}}") == 70_001


def test_a_board_that_outgrows_redis_leaves_no_older_pass_there(summer: Runtime, tmp_path: Path) -> None:
    run_rows(summer, tmp_path, [purchase("p1", "ada", "1.00")])
    assert reconcile(summer).unpublished == 0
    run_rows(summer, tmp_path, [purchase("p2", "bob", "15000000.01")], "more.jsonl")
    assert [reconcile(summer).unpublished for _ in range(2)] == [1, 1]
    assert (shown(summer, "spend/season"), wrong_boards(summer)) == (None, [])
    assert ranking(summer, "spend/season")[0] == (member(summer, "bob"), 1_500_000_001)


# At once, and after an error


def test_reconcilers_at_once_make_one_grant_each(summer: Runtime, tmp_path: Path) -> None:
    refer(summer, tmp_path, TEN)
    found = at_once(reconcile, summer, 3)
    assert sum(report.granted for report in found) == 10
    assert sum(report.deliveries for report in found) == len(owed.rows(summer, Delivery)) == 10
    assert len(owed.rows(summer, Push)) == 10
    assert percents(summer) == named(summer, **WON)
    reconcile(summer)
    assert shown(summer) == window(summer).pass_number == 1


def hold(runtime: Runtime, seconds: float, board: str = "referrals/season") -> None:
    """As somebody does who takes a board and is killed."""
    with runtime.database.transaction() as session:
        assert leases.take(session, f"board:{window(runtime, board).id}", "somebody", seconds)


def test_a_board_whose_reconciler_was_killed_is_waited_for(summer: Runtime, tmp_path: Path) -> None:
    refer(summer, tmp_path, TEN)
    hold(summer, seconds=1)
    report = reconcile(summer)
    assert (report.windows, report.granted, report.unpublished) == (5, 10, 0)


def test_a_board_that_stays_held_is_an_error_to_try_again(summer: Runtime, tmp_path: Path) -> None:
    refer(summer, tmp_path, TEN)
    hold(summer, seconds=600)
    with (
        another(summer, lease_seconds=0.2) as hurried,
        pytest.raises(TransientError, match="somebody else has worked on board:"),
    ):
        reconcile(hurried)
    assert percents(summer) == {}


def test_marks_that_come_while_a_board_is_published_are_taken_by_who_made_them(
    summer: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first one's commit and its publishing a second batch moves a board, and finds the board held."""
    found_held, take, second = Event(), leases.take, Queue[BoardsReport]()

    def takes(*given: Any) -> int | None:
        token = take(*given)
        if token is None:
            found_held.set()
        return token

    def overtakes() -> None:
        with another(summer) as own:
            refer(own, tmp_path, {"m10": 60})
            second.put(reconcile(own))

    overtaking = Thread(target=overtakes)

    def meanwhile(_: str) -> None:
        if not overtaking.ident:
            overtaking.start()
            assert found_held.wait(60)

    refer(summer, tmp_path, TEN)
    with monkeypatch.context() as patched:
        patched.setattr(leases, "take", takes)
        patched.setattr(boards, "failpoint", meanwhile)
        reconcile(summer)
        overtaking.join()
    assert second.get(timeout=1).standings > 0
    assert one(summer, "select count(*) from dirty_standing") == 0
    for board in ("referrals/week", "referrals/season"):
        assert shown(summer, board) == window(summer, board).pass_number
        assert ranking(summer, board)[0] == (member(summer, "m10"), 70)


def test_an_error_gives_the_board_back_at_once(
    summer: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refer(summer, tmp_path, {"ada": 1})

    def fails(*_: object) -> None:
        raise RuntimeError("out of the blue")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(tiers, "decide_pass", fails)
        reconcile(summer)
    assert one(summer, "select count(*) from tier_grant") == 0
    report = reconcile(summer)  # it is tried again in seconds: nobody waits for a lease to run out
    assert (report.windows, report.granted, report.unpublished) == (5, 1, 0)


# Ranks, windows, programs


def test_postgresql_and_redis_break_ties_alike(summer: Runtime, tmp_path: Path) -> None:
    """By who was first to reach it, in whole seconds, then by id: in 60 members with few scores all three decide."""
    dice = random.Random(7)
    seconds = ("00", "00.9", "01", "01.000001", "02")
    rows = [
        purchase(
            f"p{number}",
            f"m{number % 60}",
            dice.choice(["1.00", "2.00"]),
            f"2026-06-10T12:00:{dice.choice(seconds)}Z",
        )
        for number in range(120)
    ]
    run_rows(summer, tmp_path, rows)
    reconcile(summer)
    at = window(summer, "spend/season")
    with summer.database.transaction() as session:
        by_sql = standings.top(session, at.id or 0, 1_000)
        ranks = {who: standings.rank(session, at.id or 0, who) for who, _ in by_sql}
    places = summer.views.top(at.view, 1_000)
    assert [place.member_id for place in places] == [who for who, _ in by_sql]
    assert ranks == {place.member_id: place.rank for place in places}
    assert ranking(summer, "spend/season") == by_sql
    assert len({place.number for place in places}) < 20 < len(places) == 60


def test_first_to_reach_is_ahead_and_stays_so_when_seen_later(summer: Runtime, tmp_path: Path) -> None:
    refer(summer, tmp_path, {"late": 2}, at="2026-06-10T12:00:01Z")
    reconcile(summer)
    refer(summer, tmp_path, {"early": 2}, at="2026-06-10T12:00:00Z")
    reconcile(summer)
    assert [who for who, _ in ranking(summer)] == [member(summer, "early"), member(summer, "late")]
    at = window(summer)
    first, second = summer.views.top(at.view, 2)
    noon = datetime(2026, 6, 10, 12, tzinfo=UTC)
    assert [first.number, second.number] == [
        composite(2, noon + timedelta(seconds=late), at.starts_at, at.ends_at) for late in (0, 1)
    ]


def test_each_window_counts_what_fell_into_it(summer: Runtime, tmp_path: Path) -> None:
    """In New York: the edge of June is 04:00 UTC on the 1st of July, of a week 04:00 UTC on Monday."""
    times = {
        "sunday": "2026-06-29T03:59:59Z",
        "monday": "2026-06-29T04:00:00Z",
        "july": "2026-07-01T04:00:00Z",
    }
    for name, at in times.items():
        refer(summer, tmp_path, {name: 1}, at)
    run_rows(summer, tmp_path, [purchase("p", "june", "1.00", "2026-07-01T03:59:59.999Z")])
    run_rows(summer, tmp_path, [purchase("q", "july", "2.00", "2026-07-01T04:00:00Z")], "q.jsonl")
    reconcile(summer, datetime(2026, 7, 2, tzinfo=UTC))

    def who(board: str, as_of: str) -> set[object]:
        return {row for row, _ in ranking(summer, board, as_of=datetime.fromisoformat(as_of))}

    sunday, monday, july, june = (member(summer, name) for name in ("sunday", "monday", "july", "june"))
    assert who("referrals/week", "2026-06-29T03:59:59Z") == {sunday}
    assert who("referrals/week", "2026-06-29T04:00:00Z") == {monday, july}
    assert who("referrals/month", "2026-07-01T03:59:59Z") == {sunday, monday}
    assert who("referrals/month", "2026-07-01T04:00:00Z") == {july}
    assert who("spend/month", "2026-06-30T00:00:00Z") == {june}
    assert who("spend/month", "2026-07-30T00:00:00Z") == {july}
    assert who("referrals/season", "2026-07-01T00:00:00Z") == {sunday, monday, july}
    with pytest.raises(
        NotFoundError, match=r"no window of spend/month at 2026-05-31.*referrals/month, referrals/season"
    ):
        ranking(summer, "spend/month", as_of=datetime(2026, 5, 31, tzinfo=UTC))


def test_a_board_without_tiers_is_shown_and_owes_nothing(runtime: Runtime, tmp_path: Path) -> None:
    apply(runtime, boards=[SPEND | {"windows": ["day", "season"]}])
    run_rows(runtime, tmp_path, [purchase("p", "ada", "20.00")])
    report = reconcile(runtime)
    assert (report.windows, report.standings, report.unpublished) == (2, 2, 0)
    assert (report.granted, report.pushes, report.deliveries) == (0, 0, 0)
    (row,) = boards.top(runtime, "own", "spend", "season", as_of=JUNE)
    assert (row.rank, row.score, row.percent) == (1, 2000, None)
    with pytest.raises(NotFoundError, match="no program nosuch"):
        reconcile(runtime, program="nosuch")


def test_one_program_is_reconciled_without_the_other(summer: Runtime, tmp_path: Path) -> None:
    apply(summer, boards=[SPEND | {"windows": ["season"]}])
    run_rows(summer, tmp_path, [purchase("p", "ada", "20.00")])
    refer(summer, tmp_path, {"ada": 1})
    assert reconcile(summer, program="own").windows == 1
    assert percents(summer) == {}
    report = reconcile(summer, program="summer-race")
    assert (report.windows, report.granted) == (5, 1)

"""Versions: what was said from when on, and what of history, the ledger and the boards that moves."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from laurels.errors import NotFoundError, RuleRefusedError, TransientError
from laurels.services import boards, versions
from laurels.services.audit import Role, add_actor
from laurels.services.checks import check_invariants
from laurels.services.points import recompute_program
from laurels.services.runtime import Runtime
from laurels.stores import leases
from laurels.stores.batches import PARTITION
from laurels.stores.database import driver
from models.audit import AuditEntry
from models.points import LedgerEntry
from models.programs import ProgramVersion
from models.values.program import Program
from tests import oracle
from tests.battery import compared
from tests.battery.histories_programs import AFTERWARDS
from tests.histories import Row, acts_of, history
from tests.integration.activity import purchase, refund, run_rows, share
from tests.oracle import Edition
from tests.relations import NOON, program

SUMMER = Path("deployments/programs/summer-race.yaml")
START, LATE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
SHARE = {"rule": "share", "on": "share", "points": 5, "cap": {"per": "day", "points": 10}}
SPEND = {"rule": "spend", "on": "purchase", "points_per_unit": 10}
BOARDS = (
    {"board": "shares", "metric": {"count": "share"}, "windows": ["day", "season"]},
    {
        "board": "spend",
        "metric": {"sum": "amount", "of": "purchase", "net": "refunds"},
        "windows": ["season"],
    },
)
SEASON = {"starts": "2026-06-01", "ends": "2026-09-01"}
ROWS = [
    *(share(f"s{hour}", "ada", f"2026-06-10T{hour:02}:30:00Z") for hour in range(9, 15)),
    purchase("p1", "ada", "10.00", "2026-06-10T09:00:00Z"),
    refund("r1", "order-p1", "4.00", "2026-06-10T13:00:00Z"),
    purchase("p2", "bob", "20.00", "2026-06-10T13:00:00Z"),
    purchase("p3", "bob", "30.00", "2026-08-20T13:00:00Z"),
]


def stated(*rules: Row, on: Sequence[Row] = BOARDS, season: Row = SEASON, **parts: Any) -> Program:
    body = program(*rules, boards=on, **parts).model_dump(mode="json", exclude_none=True)
    return Program.model_validate(body | {"season": season})


FIRST = stated(SHARE, SPEND)


def apply(runtime: Runtime, one: Program, start: datetime = START) -> versions.ApplyReport:
    return versions.apply_version(runtime, one, actor="ann", effective_from=start, as_of=AFTERWARDS)


def ledger(runtime: Runtime) -> list[dict[str, Any]]:
    with runtime.database.transaction() as session:
        return [row.model_dump() for row in session.exec(select(LedgerEntry).order_by(col(LedgerEntry.id)))]


def count(runtime: Runtime, table: type[Any]) -> int:
    with runtime.database.transaction() as session:
        return len(session.exec(select(table)).all())


def agrees(runtime: Runtime, rows: list[Row], *said: tuple[datetime, Program]) -> None:
    """The store is what plain loops make of the rows under these versions, and keeps every promise."""
    acts = acts_of(runtime, rows)
    editions = [Edition(number, start, one) for number, (start, one) in enumerate(said, start=1)]
    assert compared.stored_awards(runtime, "tried") == oracle.awards(acts, editions)
    assert compared.stored_standings(runtime, "tried") == oracle.standings(acts, editions)
    assert check_invariants(runtime) == []


def test_a_season_takes_its_first_moment_in_and_the_one_at_which_it_ends_not(
    runtime: Runtime, tmp_path: Path
) -> None:
    zoned = stated(SPEND, zone="America/New_York")
    versions.apply_version(runtime, zoned, actor="ann", effective_from=START, as_of=START)
    times = {"early": "06-01T03:59:59.999999", "first": "06-01T04:00:00"}
    times |= {"last": "09-01T03:59:59.999999", "over": "09-01T04:00:00"}
    run_rows(runtime, tmp_path, [purchase(name, name, "1.00", f"2026-{at}Z") for name, at in times.items()])
    with runtime.database.transaction() as session:
        lines = driver(session).execute(
            "select k.event_id from participation p join inbox_key k on k.key = p.activity_id order by 1"
        )
        assert [name for (name,) in lines] == ["first", "last"]


def test_a_version_from_the_past_awards_what_was_done_since(runtime: Runtime, tmp_path: Path) -> None:
    apply(runtime, program(), LATE)
    assert run_rows(runtime, tmp_path, ROWS).points == 0
    report = apply(runtime, FIRST)
    assert report.recompute is not None
    # shares 5 + 5, purchases 100 and 200, the refund takes 40 back; the third purchase is under the empty version
    assert (report.version, report.recompute.changed, report.recompute.points) == (2, 5, 270)
    with runtime.database.transaction() as session:
        batches = {row.batch_id for row in session.exec(select(LedgerEntry))}
    assert len(batches) == 1
    agrees(runtime, ROWS, (LATE, program()), (START, FIRST))


def test_a_version_in_the_middle_changes_only_what_came_after_and_rewrites_nothing(
    runtime: Runtime, tmp_path: Path
) -> None:
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, ROWS)
    before = ledger(runtime)
    second = stated(SHARE | {"cap": {"per": "day", "points": 25}}, SPEND | {"points_per_unit": 7})
    report = apply(runtime, second, NOON)
    after = ledger(runtime)
    assert after[: len(before)] == before
    added = after[len(before) :]
    occurred = {act.id: act.at for act in acts_of(runtime, ROWS)}
    assert report.recompute is not None and report.recompute.changed == len(added)
    assert all(occurred[row["activity_id"]] >= NOON for row in added)
    # Three shares came before: ten points of 25 are left. The refund's order is of the first version.
    assert sorted(row["points"] for row in added) == [-90, -60, 5, 5]
    agrees(runtime, ROWS, (START, FIRST), (NOON, second))


def test_a_version_of_the_future_changes_nothing_until_something_is_done_then(
    runtime: Runtime, tmp_path: Path
) -> None:
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, ROWS[:-1])
    before = ledger(runtime), compared.stored_standings(runtime, "tried")
    second = stated(SHARE | {"points": 1}, SPEND | {"points_per_unit": 1})
    report = apply(runtime, second, LATE)
    assert report.recompute is not None
    assert (report.new, report.recompute.changed, report.recompute.standings) == (True, 0, 0)
    assert (ledger(runtime), compared.stored_standings(runtime, "tried")) == before
    assert run_rows(runtime, tmp_path, ROWS[-1:], "august.jsonl").points == 30
    agrees(runtime, ROWS, (START, FIRST), (LATE, second))


def test_the_same_file_adds_one_version_whenever_it_is_applied(runtime: Runtime, tmp_path: Path) -> None:
    reports = [
        versions.apply_program(runtime, SUMMER, actor="ann", as_of=START + n * timedelta(days=1))
        for n in range(3)
    ]
    assert [(report.version, report.new) for report in reports] == [(1, True), (1, False), (1, False)]
    assert {report.effective_from for report in reports} == {START}
    assert reports[1].recompute is None
    assert (count(runtime, ProgramVersion), count(runtime, AuditEntry)) == (1, 1)
    earlier = versions.apply_program(runtime, SUMMER, actor="ann", effective_from=START - timedelta(days=9))
    assert (earlier.version, earlier.new) == (2, True)  # what was done in these nine days counts now


def test_going_back_to_what_was_said_before_is_a_version(runtime: Runtime) -> None:
    said = [(FIRST, START), (stated(SHARE), NOON), (FIRST, LATE), (FIRST, LATE + timedelta(days=1))]
    assert [apply(runtime, *one).version for one in said] == [1, 2, 3, 3]


def test_two_versions_of_one_time_are_refused_and_leave_no_trace(runtime: Runtime) -> None:
    apply(runtime, FIRST)
    with pytest.raises(RuleRefusedError, match="version 1 takes effect at"):
        apply(runtime, stated(SHARE))
    assert (count(runtime, ProgramVersion), count(runtime, AuditEntry)) == (1, 1)


OTHER_SHARES = {"board": "shares", "metric": {"count": "share"}, "windows": ["day"]}
CHANGES = {
    "a rule is gone": stated(SHARE),
    "a kind is gone": stated(SPEND, on=BOARDS[1:]),
    "a kind is only ranked": stated(SPEND),
    "a board is gone": stated(SHARE, SPEND, on=BOARDS[1:]),
    "a board's window is gone": stated(SHARE, SPEND, on=[OTHER_SHARES, BOARDS[1]]),
    "all is gone": stated(on=()),
    "the season ends sooner": stated(SHARE, SPEND, season=SEASON | {"ends": "2026-08-01"}),
    "the season begins later": stated(SHARE, SPEND, season=SEASON | {"starts": "2026-06-10T13:00"}),
    "the season begins sooner": stated(SHARE, SPEND, season=SEASON | {"starts": "2026-04-01"}),
    "the day is another": stated(SHARE, SPEND, zone="Pacific/Auckland"),
    "a rule takes another kind": stated(SHARE | {"on": "purchase"}, SPEND),
    "the money is another": stated(SHARE, SPEND, currency="EUR"),
}


@pytest.mark.parametrize(
    ("change", "start"),
    [*((change, NOON) for change in CHANGES), ("all is gone", START), ("the day is another", START)],
)
def test_history_follows_every_change(runtime: Runtime, tmp_path: Path, change: str, start: datetime) -> None:
    """Half of the rows come before the second version is applied, half after."""
    first = start - timedelta(days=1)
    apply(runtime, FIRST, first)
    run_rows(runtime, tmp_path, ROWS[::2])
    before = ledger(runtime)
    apply(runtime, CHANGES[change], start)
    assert ledger(runtime)[: len(before)] == before
    run_rows(runtime, tmp_path, ROWS[1::2], "more.jsonl")
    agrees(runtime, ROWS, (first, FIRST), (start, CHANGES[change]))
    assert recompute_program(runtime, "tried").changed == 0


SEPTEMBER = datetime(2026, 9, 1, tzinfo=UTC)
AUTUMN = stated(SHARE, SPEND, season={"starts": "2026-09-01", "ends": "2026-12-01"})
TWENTIETH = datetime(2026, 6, 20, tzinfo=UTC)


def test_the_next_season_can_be_stated_while_one_runs(runtime: Runtime, tmp_path: Path) -> None:
    """On 20 June somebody states what is to be from September on: nobody's place of this summer moves."""
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, ROWS[:-1])
    before = compared.stored_standings(runtime, "tried")
    versions.apply_version(runtime, AUTUMN, actor="ann", effective_from=SEPTEMBER, as_of=TWENTIETH)
    assert compared.stored_standings(runtime, "tried") == before != {}
    assert [row.score for row in boards.top(runtime, "tried", "shares", "season", as_of=TWENTIETH)] == [6]
    autumn = share("later", "bob", "2026-09-02T12:00:00Z")
    run_rows(runtime, tmp_path, [autumn, ROWS[-1]], "later.jsonl")
    assert [row.score for row in boards.top(runtime, "tried", "shares", "season", as_of=SEPTEMBER)] == [1]
    assert [row.score for row in boards.top(runtime, "tried", "shares", "season", as_of=TWENTIETH)] == [6]
    agrees(runtime, [*ROWS, autumn], (START, FIRST), (SEPTEMBER, AUTUMN))
    assert recompute_program(runtime, "tried").standings == 0


def test_a_board_counts_by_what_was_in_force_when_its_window_ended(runtime: Runtime, tmp_path: Path) -> None:
    """One board's name, another metric from the second day's noon on."""
    count_purchases = BOARDS[0] | {"metric": {"count": "purchase"}, "windows": ["day"]}
    second = stated(SPEND, on=[count_purchases])
    rows = [
        *ROWS,
        share("s-late", "ada", "2026-06-11T08:00:00Z"),
        purchase("p-late", "bob", "1.00", "2026-06-11T09:00:00Z"),
    ]
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, rows[::2])
    apply(runtime, second, NOON + timedelta(days=1))
    run_rows(runtime, tmp_path, rows[1::2], "more.jsonl")
    agrees(runtime, rows, (START, FIRST), (NOON + timedelta(days=1), second))
    days = {
        key[2].day: score
        for key, (score, _) in compared.stored_standings(runtime, "tried").items()
        if key[0] == "shares"
    }
    assert days == {10: 6, 11: 1, 20: 1}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (AUTUMN, "shares/season"),
        (CHANGES["a board is gone"], "shares/day"),
        (CHANGES["the day is another"], "shares/day"),
        (stated(SHARE, SPEND, on=[BOARDS[0] | {"metric": {"count": "review"}}, BOARDS[1]]), "shares/day"),
        (CHANGES["the season begins later"], "shares/season"),
    ],
)
def test_what_runs_is_not_broken_off_by_a_version_of_the_future(
    runtime: Runtime, tmp_path: Path, change: Program, broken: str
) -> None:
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, ROWS)
    before = compared.stored_standings(runtime, "tried")
    august = datetime(2026, 8, 25, 9, tzinfo=UTC)
    with pytest.raises(
        RuleRefusedError,
        match=f"{broken} runs from .* the version of 2026-08-25T09:00:00.* would break it off",
    ):
        versions.apply_version(runtime, change, actor="ann", effective_from=august, as_of=TWENTIETH)
    assert (count(runtime, ProgramVersion), count(runtime, AuditEntry)) == (1, 1)
    assert compared.stored_standings(runtime, "tried") == before
    assert versions.apply_version(runtime, change, actor="ann", effective_from=august, as_of=august).new


def test_a_season_is_not_prolonged_into_one_that_was_stated(runtime: Runtime, tmp_path: Path) -> None:
    """In force at once or not: at its end another season is, which has no such window, and the board would be gone."""
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, ROWS)
    autumn = stated(SHARE, SPEND, season={"starts": "2026-09-01", "ends": "2026-12-01"})
    versions.apply_version(runtime, autumn, actor="ann", effective_from=SEPTEMBER, as_of=TWENTIETH)
    before = compared.stored_standings(runtime, "tried")
    longer = stated(SHARE, SPEND, season=SEASON | {"ends": "2026-09-15"})
    for start in (TWENTIETH, START + timedelta(days=1)):
        with pytest.raises(RuleRefusedError, match=r"season runs from .* would break it off"):
            versions.apply_version(runtime, longer, actor="ann", effective_from=start, as_of=TWENTIETH)
    assert compared.stored_standings(runtime, "tried") == before


def test_a_season_may_be_prolonged_ahead(runtime: Runtime, tmp_path: Path) -> None:
    """It is the same window, and ends later: everybody keeps score and place."""
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, ROWS)
    longer = stated(SHARE, SPEND, season=SEASON | {"ends": "2026-10-01"})
    versions.apply_version(runtime, longer, actor="ann", effective_from=SEPTEMBER, as_of=TWENTIETH)
    last = purchase("last", "ada", "99.00", "2026-09-15T12:00:00Z")
    run_rows(runtime, tmp_path, [last], "last.jsonl")
    agrees(runtime, [*ROWS, last], (START, FIRST), (SEPTEMBER, longer))
    assert recompute_program(runtime, "tried").standings == 0


def test_boards_are_found_where_the_newest_version_has_them(runtime: Runtime, tmp_path: Path) -> None:
    """The season's older window began later, and is empty now: it is not the one that is shown."""
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, ROWS)
    at = NOON + timedelta(hours=3)
    expected = [(1, 6)]
    assert [
        (row.rank, row.score) for row in boards.top(runtime, "tried", "shares", "season", as_of=at)
    ] == expected
    apply(runtime, CHANGES["the season begins sooner"], START + timedelta(hours=1))
    for _ in range(2):
        ranked = boards.top(runtime, "tried", "shares", "season", as_of=at)
        assert [(row.rank, row.score) for row in ranked] == expected
        boards.reconcile_boards(runtime, as_of=at)
    apply(runtime, CHANGES["a board is gone"], START + timedelta(hours=2))
    with pytest.raises(NotFoundError, match="spend/season"):
        boards.top(runtime, "tried", "shares", "season", as_of=at)


def test_a_cap_does_not_depend_on_what_a_rule_took_before(runtime: Runtime, tmp_path: Path) -> None:
    """One rule moves from shares to reviews at noon of a day, and the reviews come in first."""
    reviews = SHARE | {"on": "review"}
    apply(runtime, stated(SHARE, on=()))
    apply(runtime, stated(reviews, on=()), NOON)
    rows: list[Row] = [share(f"s{n}", "ada", f"2026-06-10T0{n}:00:00Z") for n in range(3)]
    reviewed = [
        row | {"kind": "review", "event_id": f"v{n}", "occurred_at": f"2026-06-10T2{n}:00:00Z"}
        for n, row in enumerate(rows)
    ]
    run_rows(runtime, tmp_path, reviewed)
    run_rows(runtime, tmp_path, rows, "late.jsonl")
    agrees(runtime, rows + reviewed, (START, stated(SHARE, on=())), (NOON, stated(reviews, on=())))
    assert recompute_program(runtime, "tried").changed == 0


def test_two_programs_take_the_same_activity_each_by_its_own_rules(runtime: Runtime, tmp_path: Path) -> None:
    other = Program.model_validate(
        stated(SPEND | {"points_per_unit": 1}).model_dump(exclude_none=True) | {"program": "other"}
    )
    apply(runtime, FIRST)
    apply(runtime, other)
    assert run_rows(runtime, tmp_path, ROWS).points == 10 + 100 - 40 + 200 + 300 + 10 - 4 + 20 + 30
    before = compared.stored_awards(runtime, "other")
    apply(runtime, stated(), START + timedelta(hours=1))
    assert compared.stored_balances(runtime, "tried") == {}
    assert compared.stored_awards(runtime, "other") == before
    assert sorted(compared.stored_balances(runtime, "other").values()) == [6, 50]


def test_every_version_is_audited_with_who_and_what(runtime: Runtime) -> None:
    apply(runtime, FIRST)
    with runtime.database.transaction() as session:
        add_actor(session, "ann", "vic", Role.VIEWER)
    for name in ("vic", "eve"):
        with pytest.raises(RuleRefusedError, match=f"{name} is"):
            versions.apply_version(runtime, stated(), actor=name, effective_from=LATE)
    apply(runtime, stated(), LATE)
    with runtime.database.transaction() as session:
        rows = session.exec(
            select(AuditEntry).where(AuditEntry.action == "program.apply").order_by(col(AuditEntry.id))
        ).all()
    assert [(row.actor, row.role, row.subject, row.before, row.after) for row in rows] == [
        ("ann", "admin", "tried", None, {"version": 1, "effective_from": "2026-05-01T00:00:00+00:00"}),
        ("ann", "admin", "tried", None, {"version": 2, "effective_from": "2026-07-01T00:00:00+00:00"}),
    ]


@pytest.mark.parametrize("seed", [7, 8])
def test_a_second_recompute_finds_nothing_to_do(runtime: Runtime, tmp_path: Path, seed: int) -> None:
    apply(runtime, FIRST)
    run_rows(runtime, tmp_path, history(seed))
    apply(runtime, CHANGES["the day is another"], NOON)
    before = ledger(runtime), compared.stored_standings(runtime, "tried")
    for _ in range(2):
        report = recompute_program(runtime, "tried")
        assert (report.changed, report.points, report.standings) == (0, 0, 0)
    assert (ledger(runtime), compared.stored_standings(runtime, "tried")) == before


@pytest.mark.parametrize(
    ("zone", "times", "expected"),
    [
        ("America/New_York", ["06-10T03:59:59", "06-10T04:00:00", "06-11T03:59:59", "06-11T04:00:00"], [5, 5, 0, 5]),
        ("Europe/Berlin", ["03-28T22:59:59", "03-28T23:00:00", "03-29T21:59:59", "03-29T22:00:00"], [5, 5, 0, 5]),
        ("Europe/Berlin", ["10-24T21:59:59", "10-24T22:00:00", "10-25T22:59:59", "10-25T23:00:00"], [5, 5, 0, 5]),
        ("Asia/Kolkata", ["06-10T18:29:59", "06-10T18:30:00", "06-11T18:29:59", "06-11T18:30:00"], [5, 5, 0, 5]),
    ],
)  # fmt: skip
def test_a_day_s_cap_begins_anew_at_the_zone_s_midnight_whatever_came_first(
    runtime: Runtime, tmp_path: Path, zone: str, times: list[str], expected: list[int]
) -> None:
    one = stated(
        SHARE | {"cap": {"per": "day", "points": 5}},
        on=(),
        season={"starts": "2026-01-01", "ends": "2027-01-01"},
        zone=zone,
    )
    apply(runtime, one, datetime(2026, 1, 1, tzinfo=UTC))
    rows = [share(f"s{n}", "ada", f"2026-{at}Z") for n, at in enumerate(times)]
    for n, row in enumerate(reversed(rows)):
        run_rows(runtime, tmp_path, [row], f"{n}.jsonl")
    given = {key: award[2] for (key, _), award in compared.stored_awards(runtime, "tried").items()}
    assert [given.get(act.id, 0) for act in acts_of(runtime, rows)] == expected
    assert check_invariants(runtime) == []


def test_a_version_is_stored_with_its_history_or_not_at_all(runtime: Runtime, tmp_path: Path) -> None:
    """While somebody works on the inbox the version waits; were it stored alone, no repeat would bring history up."""
    apply(runtime, stated())
    run_rows(runtime, tmp_path, ROWS)
    with runtime.database.transaction() as session:
        token = leases.take(session, PARTITION, "somebody", 60)
    assert token is not None
    with pytest.raises(TransientError, match="is held"):
        apply(runtime, FIRST, START + timedelta(hours=1))
    assert (count(runtime, ProgramVersion), count(runtime, AuditEntry)) == (1, 1)
    with runtime.database.transaction() as session:
        leases.release(session, PARTITION, token)
    report = apply(runtime, FIRST, START + timedelta(hours=1))
    assert report.recompute is not None and report.recompute.points == 10 + 100 - 40 + 200 + 300


def test_one_version_comes_of_many_who_apply_it_at_once(runtime: Runtime) -> None:
    """The first program of an empty house, too: of its first actor and of its name there is one."""

    def one(_: int) -> versions.ApplyReport | None:
        try:
            return apply(runtime, FIRST)
        except TransientError:
            return None

    with ThreadPoolExecutor(6) as pool:
        reports = [report for report in pool.map(one, range(6)) if report]
    assert sorted(report.new for report in reports)[-2:] in ([True], [False, True])
    assert {report.version for report in reports} == {1}
    assert (count(runtime, ProgramVersion), count(runtime, AuditEntry)) == (1, 1)


def test_of_two_who_say_different_things_of_one_time_one_is_refused(runtime: Runtime) -> None:
    apply(runtime, FIRST)

    def one(rate: int) -> str:
        try:
            apply(runtime, stated(SPEND | {"points_per_unit": rate}), LATE)
        except (RuleRefusedError, TransientError) as error:
            return type(error).__name__
        return "applied"

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(one, range(1, 5)))
    assert said.count("applied") == 1
    assert set(said) <= {"applied", "RuleRefusedError", "TransientError"}
    assert count(runtime, ProgramVersion) == 2
    with runtime.database.transaction() as session:
        assert driver(session).execute(
            "select count(distinct effective_from) from program_version"
        ).fetchone() == (2,)

"""Every promise is found broken when it is broken on purpose, and none on a healthy store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import redis

from laurels.quality.gate import Gate
from laurels.services import boards, intake, quarantine
from laurels.services.checks import check_invariants
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from laurels.stores import leases
from laurels.stores.board_views import BoardViews
from laurels.stores.checks import CHECKS
from laurels.stores.database import connect, driver
from laurels.stores.programs import stored_program
from models.values.program import Program
from tests.battery import histories_programs as programs
from tests.histories import Row, history
from tests.integration.activity import purchase, referral, refund, run_rows, write_jsonl
from tests.runtimes import fresh_runtime, url_of

JULY = datetime(2026, 7, 20, tzinfo=UTC)
BAD = purchase("bad", "m1", "-1.00")
TORN = purchase("torn", "m1", "5.00") | {"occurred_at": "2026-02-30"}


def _apply(runtime: Runtime) -> None:
    start, program = programs.SUMMER[0]
    tiers = {"board": "referrals/season", "ranks": [{"to": 1, "percent": 30}, {"to": 3, "percent": 20}]}
    body = program.model_dump(mode="json", exclude_none=True) | {"tiers": tiers}
    programs.apply(runtime, [(start, Program.model_validate(body))])
    programs.apply(runtime, programs.CHANGING)


def _referrals(member: str, count: int, first: int = 0) -> list[Row]:
    at = "2026-07-10T12:00:00Z"
    return [referral(f"{member}-{n}", member, f"of-{member}-{n}", at) for n in range(first, first + count)]


@pytest.fixture(scope="module")
def _lived(settings: Settings, template: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A store with something of everything; each test breaks a copy of it."""
    folder = tmp_path_factory.mktemp("rows")
    with fresh_runtime(settings, as_of=datetime(2026, 12, 1, tzinfo=UTC)) as runtime:
        _apply(runtime)
        run_rows(runtime, folder, [*history(3, events=200), *_referrals("m9", 60), BAD, TORN])
        boards.reconcile_boards(runtime, as_of=JULY)
        run_rows(runtime, folder, [*history(4, events=200), *_referrals("m8", 30)], "more.jsonl")
        boards.reconcile_boards(runtime, as_of=JULY)
        run_rows(runtime, folder, _referrals("m8", 70, first=30), "overtaking.jsonl")
        for days in (0, 1, 3):  # a rise at once, a fall seen, a fall whose grace is over
            boards.reconcile_boards(runtime, as_of=JULY + timedelta(days=days))
        runtime.database.close()
        yield runtime


@pytest.fixture
def lived(_lived: Runtime, settings: Settings) -> Iterator[Runtime]:
    assert settings.database_url is not None
    assert _lived.settings.database_url is not None
    server = settings.database_url.get_secret_value()
    source = _lived.settings.database_url.get_secret_value().rpartition("/")[2]
    with psycopg.connect(server, autocommit=True) as connection:
        # A database that has connections cannot be copied, and Great Expectations keeps one.
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (source,)
        )
        connection.execute("drop database if exists laurels_test_broken with (force)")
        connection.execute(f"create database laurels_test_broken template {source}".encode())
    url = url_of(server, "laurels_test_broken")
    broken = replace(_lived, database=connect(url), gate=Gate(url))
    yield broken
    broken.gate.close()
    broken.database.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("drop database laurels_test_broken with (force)")


def _break(runtime: Runtime, *statements: str) -> None:
    with runtime.database.transaction() as session:
        for statement in statements:
            assert driver(session).execute(statement.encode()).rowcount != 0, f"broke nothing: {statement}"


UNLOCK = "alter table {} disable trigger {}_is_append_only"
LEDGER, ACTIVITY, VERSION = (UNLOCK.format(t, t) for t in ("ledger_entry", "activity", "program_version"))
A_PURCHASE = "(select activity_id from award a join activity x on x.id = a.activity_id where x.kind = 'purchase' and points > 0 order by 1 limit 1)"
FAULTS: dict[str, tuple[set[str], list[str]]] = {
    "an entry is gone": ({"I3", "I5"}, [LEDGER, "delete from ledger_entry where id = (select min(id) from ledger_entry)"]),
    "an entry's points differ": ({"I3", "I5"}, [LEDGER, "update ledger_entry set points = points + 1 where id = (select min(id) from ledger_entry)"]),
    "an entry is another member's": ({"I3", "I5"}, [LEDGER, "update ledger_entry set member_id = gen_random_uuid() where id = (select min(id) from ledger_entry)"]),
    "an award has a point more": ({"I3"}, [f"update award set points = points + 1 where activity_id = {A_PURCHASE} and rule = 'purchase'"]),
    "a trigger is off": ({"I5"}, ["alter table payload disable trigger payload_is_append_only"]),
    "a trigger is gone": ({"I5"}, ["drop trigger audit_entry_is_append_only on audit_entry"]),
    "a refund settles too much": ({"I8"}, ["update settlement set matched_minor = matched_minor + 1 where activity_id = (select min(activity_id::text)::uuid from settlement)"]),
    "a refund settles too little": ({"I8"}, ["update settlement set matched_minor = 0 where matched_minor > 0"]),
    "a clawback takes too much": ({"I3", "I8"}, ["update award set points = -1000000 where (program_id, activity_id, rule) = (select program_id, activity_id, rule from award where points < 0 limit 1)"]),
    "a refund is forgotten": ({"I9"}, ["delete from settlement where matched_minor = 0"]),
    "a cap is passed": ({"I3", "I14"}, ["update award set points = 13 where (program_id, activity_id, rule) = (select program_id, activity_id, rule from award a join program p on p.id = a.program_id where p.name = 'summer' and rule = 'share' and points > 0 limit 1)"]),
    "a week's cap is passed": ({"I3", "I14"}, ["update award set points = 251 where (program_id, activity_id, rule) = (select program_id, activity_id, rule from award where rule = 'referral' and points > 0 limit 1)"]),
    "a program's cap is passed": ({"I3", "I14"}, ["update award set points = 51 where (program_id, activity_id, rule) = (select program_id, activity_id, rule from award a join program p on p.id = a.program_id where p.name = 'summer' and rule = 'review' and points > 0 limit 1)"]),
    "an activity counts under a later version": ({"I16"}, ["update participation set version_id = (select max(id) from program_version where program_id = participation.program_id) where kind = 'login' and program_id = (select id from program where name = 'changing')"]),
    "points are of another version": ({"I16"}, [f"update award set version_id = version_id + 1 where activity_id = {A_PURCHASE} and rule = 'purchase'"]),
    "an activity is gone": ({"I5", "I17"}, [ACTIVITY, "delete from activity where kind = 'login' and id not in (select activity_id from award)"]),
    "an activity was never taken in": ({"I5", "I17"}, [ACTIVITY, "insert into activity (id, kind, occurred_at, revision, batch_id) values (gen_random_uuid(), 'share', now(), 0, 1)"]),
    "an event waits twice": ({"I17"}, ["insert into queue_item (intake_id, key, revision) select intake_id, key, 0 from inbox_key limit 1"]),
    "a refused row vanished": ({"I17"}, ["delete from quarantined_row"]),
    "a file's counts do not add up": ({"I17"}, ["update intake set accepted = accepted - 1"]),
    "a file that met a broken one is not sent again": ({"I17"}, ["insert into intake (source, name, digest, mapping, as_of, state, rows, accepted, duplicates, conflicts, refused, seen_before, seen_columns, missing_columns, unknown_columns, duplicate_columns, bounds, verdict) select source, name, 'none', mapping, as_of, 'rejected', 0, 0, 0, 0, 0, false, '{}', '{}', '{}', '{}', '{}', jsonb_build_object('met', jsonb_build_array(max(id) over ())) from intake limit 1"]),
    "two grants at once": ({"I20", "I27"}, ["drop index tier_grant_active", "insert into tier_grant select (jsonb_populate_record(g, jsonb_build_object('id', gen_random_uuid()))).* from tier_grant g where ended_at is null limit 1"]),
    "a grant owes nothing": ({"I27"}, ["delete from push where action = 'give'"]),
    "an end owes nothing": ({"I27"}, ["update push set state = 'accepted'", "update tier_grant set ended_at = now(), ended_by = 'lost' where ended_at is null"]),
    "a rise is silent": ({"I27"}, ["delete from delivery"]),
    "a push hangs": ({"I28"}, ["update push set state = 'sending', claimed_at = now() - interval '61 minutes' where id = (select p.id from push p join tier_grant g on g.id = p.grant_id where g.ended_at is null limit 1)"]),
    "a delivery hangs": ({"I28"}, ["update delivery set state = 'sending', claimed_at = now() - interval '61 minutes' where id = (select min(id::text)::uuid from delivery)"]),
    "a batch that nobody could judge": ({"I38"}, ["insert into batch (intake_id, token, state, rows, passed, quarantined) select max(id), 1, 'gate_error', 0, 0, 0 from intake"]),
    "a standing differs": ({"I31"}, ["update standing set score = score + 1 where (window_id, member_id) = (select window_id, member_id from standing order by score limit 1)"]),
    "a standing left": ({"I31"}, ["delete from standing where (window_id, member_id) = (select window_id, member_id from standing order by score limit 1)"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, lived: Runtime) -> None:
    names, statements = FAULTS[fault]
    _break(lived, *statements)
    findings = check_invariants(lived)
    assert {finding.name for finding in findings} == names, findings
    assert all(finding.examples for finding in findings)


def test_every_promise_has_its_fault() -> None:
    assert {check.name for check in CHECKS} | {"I31"} == {
        name for names, _ in FAULTS.values() for name in names
    }


def test_a_store_that_has_lived_breaks_no_promise(lived: Runtime) -> None:
    with lived.database.transaction() as session:
        for table in (
            "tier_grant where ended_by = 'downgrade'",
            "tier_grant where ended_by = 'upgrade'",
            "delivery",
            "quarantined_row where state = 'open'",
        ):
            assert driver(session).execute(f"select from {table}".encode()).rowcount > 0, table
    assert check_invariants(lived) == []


def test_an_empty_store_breaks_no_promise(runtime: Runtime) -> None:
    assert check_invariants(runtime) == []


def test_a_finding_is_told_in_one_line_with_five_examples_at_most(lived: Runtime) -> None:
    _break(lived, "update standing set score = score + 1", LEDGER, "delete from ledger_entry")
    found = {finding.name: finding for finding in check_invariants(lived)}
    assert len(found["I3"].examples) == len(found["I31"].examples) == 5
    assert str(found["I5"]) == (
        "I5: Facts are append-only, by triggers that are present and enabled. But: ledger_entry can be changed"
    )


def test_redis_that_shows_something_else_is_found_and_healed_by_a_pass(lived: Runtime) -> None:
    view = redis.Redis.from_url(lived.settings.redis_url.get_secret_value())  # type: ignore[union-attr]
    with lived.database.transaction() as session:
        summer = stored_program(session, "summer")
        board = f"laurels:board:{{{boards.find_window(session, summer, 'spend', 'season', JULY).view}}}"
    first, number = view.zrange(board, 0, 0, withscores=True)[0]
    for change in (lambda: view.zadd(board, {first: number + 1}), lambda: view.zrem(board, first)):
        change()
        assert [finding.name for finding in check_invariants(lived)] == ["I31"]
        boards.reconcile_boards(lived, as_of=JULY, program="summer", republish=True)
        assert check_invariants(lived) == []
    view.flushdb()
    assert check_invariants(lived) == []  # lost is not wrong
    boards.reconcile_boards(lived, as_of=JULY, program="summer")
    assert view.exists(board)
    view.close()


def test_a_board_in_the_middle_of_its_change_is_not_wrong(lived: Runtime, tmp_path: Path) -> None:
    run_rows(lived, tmp_path, [purchase("late", "m9", "1.00")])
    assert check_invariants(lived) == []


@pytest.mark.parametrize("by", [-1, 1])
def test_a_board_of_another_pass_is_found_where_nobody_works_on_it(lived: Runtime, by: int) -> None:
    """Of an older one, since whoever was to publish it was killed, or of a later one, since a backup was put back."""
    with lived.database.transaction() as session:
        at = boards.find_window(session, stored_program(session, "summer"), "spend", "season", JULY)
    _break(lived, f"update board_window set pass_number = pass_number - {by} where id = {at.id}")
    (found,) = check_invariants(lived)
    told = f"window {at.id}: pass {at.pass_number - by} stands, {at.pass_number} is shown"
    assert (found.name, found.examples) == ("I31", (told,))
    with lived.database.transaction() as session:
        assert leases.take(session, f"board:{at.id}", "somebody", 60)
    assert check_invariants(lived) == []


def test_a_redis_that_is_away_is_told(lived: Runtime) -> None:
    away = replace(lived, views=BoardViews("redis://127.0.0.1:1/0"))
    found = check_invariants(away)
    assert [(one.name, one.examples) for one in found] == [
        ("I31", ("Redis at 127.0.0.1:1 cannot be reached",))
    ]


def test_a_held_file_and_its_end_break_no_promise(runtime: Runtime, tmp_path: Path) -> None:
    rows = [purchase("p1", "m1", "5.00"), refund("r1", "order-p1", "2.00")]
    assert check_invariants(runtime) == []
    run_rows(runtime, tmp_path, rows)
    again = write_jsonl(tmp_path / "again.jsonl", [*rows, purchase("p2", "m1", "5.00")])
    report = intake.ingest_file(runtime, again, source="test", mapping="activity-jsonl")
    assert check_invariants(runtime) == []
    with runtime.database.transaction() as session:
        held = "update intake set state = 'held' where id = %s"
        assert driver(session).execute(held, (report.intake_id,)).rowcount == 1
    assert check_invariants(runtime) == []
    quarantine.reject_intake(runtime, report.intake_id, actor="ann")
    assert check_invariants(runtime) == []

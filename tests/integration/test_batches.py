"""Draining: every row once, whoever drains, whoever loses the lease, whatever stands in front."""

import os
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from laurels.errors import FencedError, GateError, TransientError
from laurels.quality.gate import Gate, Verdict
from laurels.services import batches, intake, quarantine, versions
from laurels.services.batches import PARTITION, BatchReport, DrainReport
from laurels.services.leases import Held
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from laurels.stores import leases
from laurels.stores.batches import next_claim
from models.values.rules import Ruleset
from tests.battery.gate_rows import ask, one, states_by_key
from tests.battery.test_crashes import worker
from tests.integration.activity import purchase, write_jsonl
from tests.integration.race import MAY, SUMMER
from tests.runtimes import another, at_once, fresh_runtime

ROWS = 60
BAD = 4  # of the rows: of a member whose id went through a spreadsheet. The others are worth ten points each


@pytest.fixture
def small(settings: Settings, template: None, tmp_path: Path):
    """A runtime of batches of ten and a lease of two seconds, with 60 rows waiting in two files, four of them bad."""
    with fresh_runtime(settings, batch_rows=10, lease_seconds=2) as runtime:
        versions.apply_program(runtime, SUMMER, actor="ann", effective_from=MAY)
        take(runtime, tmp_path, [purchase(f"a{number}", f"m{number}", "1.00") for number in range(ROWS // 2)])
        rest = [purchase(f"b{number}", f"m{number}", "1.00") for number in range(ROWS // 2 - BAD)]
        take(runtime, tmp_path, rest + [purchase(f"c{number}", "1.5E+10", "1.00") for number in range(BAD)])
        yield runtime


def take(runtime: Runtime, folder: Path, rows: list[dict[str, Any]]) -> int:
    path = write_jsonl(folder / f"{rows[0]['event_id']}.jsonl", rows)
    report = intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    assert report.state == "released", report
    return report.intake_id


def all_done(runtime: Runtime) -> None:
    """Every row is applied or refused, once, and its points are in the ledger, once."""
    assert Counter(str(states) for _, states in states_by_key(runtime)) == {
        "['applied']": ROWS - BAD,
        "['open']": BAD,
    }
    assert one(runtime, "select sum(points) from ledger_entry") == 10 * (ROWS - BAD)
    assert ask(runtime, "select distinct state from batch") == [("applied",)]
    assert (
        one(runtime, "select count(*) from batch_item")
        == one(runtime, "select count(*) from queue_item")
        == 0
    )
    assert ask(runtime, "select distinct state from intake") == [("done",)]


def overtake(runtime: Runtime) -> int:
    """Let the lease run out, as a frozen holder's does, and take it."""
    with runtime.database.transaction() as session:
        session.connection().exec_driver_sql("update lease set expires_at = clock_timestamp()")
        token = leases.take(session, PARTITION, "successor", 60)
    assert token is not None
    return token


def test_batches_are_of_the_size_that_was_set_and_of_one_file_each(small: Runtime) -> None:
    told: list[BatchReport] = []
    report = batches.drain(small, on_batch=told.append)
    assert [batch.rows for batch in told] == [10] * 6
    assert [batch.quarantined for batch in told] == [0, 0, 0, 0, 0, BAD]
    assert (report.batches, report.rows, report.passed, report.quarantined) == (6, ROWS, ROWS - BAD, BAD)
    assert (report.points, report.reasons) == (10 * (ROWS - BAD), {"member_id_scientific": BAD})
    all_done(small)
    assert batches.drain(small) == DrainReport()


def test_a_rest_is_a_smaller_batch_and_the_next_file_begins_its_own(small: Runtime) -> None:
    told: list[int] = []
    with another(small, batch_rows=25) as larger:
        batches.drain(larger, on_batch=lambda batch: told.append(batch.rows))
    assert told == [25, 5, 25, 5]


def test_drainers_at_once_share_the_work_without_a_row_twice(small: Runtime) -> None:
    found = at_once(batches.drain, small, 3, lease_seconds=60)
    assert all(isinstance(report, DrainReport) for report in found), found
    assert sum(report.rows for report in found) == ROWS
    assert sum(report.points for report in found) == 10 * (ROWS - BAD)
    all_done(small)


def test_two_processes_drain_every_row_once(small: Runtime) -> None:
    processes = [worker(small, LAURELS_LEASE_SECONDS="60") for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    all_done(small)
    assert one(small, "select count(*) from tier_grant") == 0  # purchases alone are no referrals


def test_who_waits_too_long_says_that_it_may_be_tried_again(small: Runtime) -> None:
    with small.database.transaction() as session:
        leases.take(session, PARTITION, "somebody else", 60)
    late = pytest.raises(TransientError, match=r"somebody else has worked on inbox for 2 s")
    with another(small, lease_seconds=1) as waiting, late:
        batches.drain(waiting)
    assert one(small, "select count(*) from activity") == 0


@pytest.mark.parametrize(("place", "left"), [("claimed", "claimed"), ("judged", "passed")])
def test_a_holder_that_was_overtaken_writes_nothing_and_its_successor_ends_it(
    small: Runtime, monkeypatch: pytest.MonkeyPatch, place: str, left: str
) -> None:
    tokens: list[int] = []

    def freeze(point: str) -> None:
        if point == place and not tokens:
            tokens.append(overtake(small))

    with monkeypatch.context() as patched, pytest.raises(FencedError, match="token 2 was overtaken by 3"):
        patched.setattr(batches, "failpoint", freeze)
        batches.drain(small)
    assert ask(small, "select state, token from batch where id > 1") == [(left, 2)]  # 1 is the program's
    assert one(small, "select count(*) from activity") == one(small, "select count(*) from ledger_entry") == 0
    with small.database.transaction() as session:
        assert leases.take(session, PARTITION, "third", 1) is None  # its end took nothing from the successor
        leases.release(session, PARTITION, tokens[0])
    report = batches.drain(small)
    assert (report.batches, report.rows) == (6, ROWS)
    all_done(small)


def test_nobody_overtakes_a_holder_in_the_middle_of_its_writing(
    small: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fence locks the lease's row: a lease that runs out then is not to be had before the work is committed."""
    tried: list[int | None] = []

    def knock(point: str) -> None:
        if point == "working" and not tried:
            with small.database.transaction() as session:
                tried.append(leases.take(session, PARTITION, "successor", 60))

    monkeypatch.setattr(batches, "failpoint", knock)
    assert batches.drain(small).rows == ROWS
    assert tried == [None]
    all_done(small)


@pytest.mark.parametrize("lock", [1, 2, 3, 4], ids=["taken", "claimed", "judged", "worked"])
def test_a_holder_that_froze_with_the_lease_locked_keeps_nobody_out_for_longer_than_its_lease(
    small: Runtime, lock: int
) -> None:
    frozen = worker(small, FREEZE=str(lock))
    thaw = Timer(30, frozen.send_signal, [signal.SIGCONT])  # who waits for it all the same must not for ever
    try:
        _, status = os.waitpid(frozen.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        thaw.start()
        batches.drain(small)
        assert thaw.is_alive()
        all_done(small)
        frozen.send_signal(signal.SIGCONT)
        assert frozen.wait(timeout=60) == 1  # its transaction was ended, so it says that it failed
        all_done(small)
    finally:
        thaw.cancel()
        frozen.kill()


def test_who_asks_for_a_held_lease_does_not_stand_in_its_holder_s_way(small: Runtime) -> None:
    with small.database.transaction() as session:
        token = leases.take(session, PARTITION, "holder", 60) or 0
    with small.database.transaction() as asking:
        assert leases.take(asking, PARTITION, "frozen while it asks", 60) is None
        with small.database.transaction(seconds=5) as session:
            leases.extend(session, PARTITION, token, 60)


def test_who_waits_for_a_lease_whose_row_is_locked_says_in_time_that_it_may_be_tried_again(
    small: Runtime,
) -> None:
    late = pytest.raises(TransientError, match=r"somebody else has worked on inbox for 2 s")
    with small.database.transaction() as session:  # as a recompute does: taken, worked and given back in one
        leases.take(session, PARTITION, "somebody else", 60)
        with another(small, lease_seconds=1) as waiting, late:
            batches.drain(waiting)
    assert one(small, "select count(*) from activity") == 0


def test_a_verdict_for_a_batch_that_somebody_else_has_by_now_is_not_written(small: Runtime) -> None:
    with small.database.transaction() as session:
        token = leases.take(session, PARTITION, "frozen", 60) or 0
        claim = next_claim(session, token, 100)
    assert claim is not None
    overtake(small)
    held = Held(PARTITION, token)
    for late in (lambda: batches._judge(small, held, claim), lambda: batches._apply(small, held, claim)):
        with pytest.raises(FencedError):
            late()
    with small.database.transaction() as session:
        assert next_claim(session, 2, 100) == replace(
            claim, token=2
        )  # taken over as it was, not claimed anew
    assert one(small, "select count(*) from quarantined_row") == 0


@pytest.mark.parametrize("place", ["claimed", "judged", "working", "applied"])
def test_an_error_anywhere_gives_the_lease_back_and_the_next_ends_the_work(
    small: Runtime, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def fail(point: str) -> None:
        if point == place:
            raise RuntimeError(point)

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match=place):
        patched.setattr(batches, "failpoint", fail)
        batches.drain(small)
    assert one(small, "select count(*) from activity") == (10 if place == "applied" else 0)
    with small.database.transaction() as session:
        token = leases.take(session, PARTITION, "next", 60)
        assert token == 3  # the first was the program's
        leases.release(session, PARTITION, token)
    assert batches.drain(small).rows == ROWS - 10 * (place == "applied")
    all_done(small)


def test_a_held_file_in_front_holds_up_nobody_behind_it(small: Runtime, tmp_path: Path) -> None:
    with small.database.transaction() as session:
        session.connection().exec_driver_sql("update intake set state = 'held' where id = 1")
    assert batches.drain(small).rows == ROWS // 2
    assert ask(small, "select state from intake order by id") == [("held",), ("done",)]
    with small.database.transaction() as session:
        session.connection().exec_driver_sql("update intake set state = 'released' where id = 1")
    assert batches.drain(small).rows == ROWS // 2
    all_done(small)


def test_a_batch_that_cannot_be_judged_stands_apart_and_the_rest_goes_on(
    small: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Gate.judge_batch

    def unsure(gate: Gate, batch_id: int, rows: int, ruleset: Ruleset) -> Verdict:
        if batch_id == 2:
            raise GateError("no answer")
        return judge(gate, batch_id, rows, ruleset)

    with monkeypatch.context() as patched:
        patched.setattr(Gate, "judge_batch", unsure)
        report = batches.drain(small)
    assert (report.held, report.batches, report.passed, report.quarantined) == (1, 5, 46, BAD)
    assert ask(small, "select id, verdict from batch where state <> 'applied'") == [
        (2, {"error": "no answer"})
    ]
    assert one(small, "select count(*) from batch_item where batch_id = 2") == 10
    assert batches.drain(small) == DrainReport()  # not tried again by itself
    quarantine.retry_batch(small, 2, actor="ann")
    assert batches.drain(small).passed == 10
    all_done(small)

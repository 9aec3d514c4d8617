"""Messages: once where it went well, in the right state where not, and never again where nobody knows."""

import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from laurels.channels.base import Message
from laurels.channels.console import ConsoleChannel
from laurels.errors import RuleRefusedError, UnreachableError
from laurels.services import deliveries
from laurels.services.deliveries import OutboxReport, send_deliveries
from laurels.services.outbox import PATIENCE, outbox_counts
from laurels.services.runtime import Runtime
from laurels.stores import outbox
from laurels.stores.outbox import Claim
from models.outbox import Delivery, Push
from models.values.outbox import State
from tests.integration import owed
from tests.integration.owed import JUNE, Spool, Taker
from tests.integration.sender import race, sender


def test_the_mission_s_words_reach_the_member_in_one_line(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    text = (
        "Congrats! You're now #3 on our referral leaderboard and unlocked a 20% discount. "
        "Keep referring to climb higher!"
    )
    give = owed.Give(member, 3, owed.TierRank(to=5, percent=20))
    owed.decide(runtime, [give], {member: text}, JUNE)
    stream = io.StringIO()
    report = send_deliveries(runtime, as_of=JUNE, channel=ConsoleChannel(stream))
    assert report == OutboxReport(accepted=1)
    assert stream.getvalue() == f"to member {str(member)[:8]}: {text}\n"
    (row,) = deliveries.list_deliveries(runtime)
    assert (row.state, row.attempts, row.answer, row.text) == ("accepted", 1, "written", text)
    assert send_deliveries(runtime, as_of=JUNE, channel=ConsoleChannel(stream)) == OutboxReport()
    assert stream.getvalue().count("\n") == 1


def test_without_a_channel_each_goes_out_on_its_own(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    owed.give(runtime, owed.members(2))
    with runtime.database.transaction() as session:
        session.exec(select(Delivery)).all()[0].channel = "pigeon"  # a channel that is not there any more
    assert send_deliveries(runtime, as_of=JUNE) == OutboxReport(accepted=1)
    assert capsys.readouterr().out.count("to member ") == 1
    assert owed.states(runtime, Delivery) == ["accepted", "pending"]


def test_a_given_channel_takes_its_own_messages_only(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(2))
    other = Taker(name="email")
    assert send_deliveries(runtime, as_of=JUNE, channel=other) == OutboxReport()
    assert other.seen == []


def test_the_claim_is_committed_before_the_call(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(1))
    seen: list[tuple[str, int, bool]] = []

    def look(_: object) -> owed.Outcome:
        (row,) = owed.rows(runtime, Delivery)
        seen.append((row.state, row.attempts, row.claimed_at is not None))
        return owed.Accepted("taken")

    send_deliveries(runtime, as_of=JUNE, channel=Taker(look))
    assert seen == [("sending", 1, True)]


def test_a_refusal_is_for_good_and_says_why(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(5))
    channel = Taker(owed.rejecting)
    assert send_deliveries(runtime, as_of=JUNE, channel=channel) == OutboxReport(rejected=5)
    assert send_deliveries(runtime, as_of=JUNE, channel=channel) == OutboxReport()
    assert {row.answer for row in owed.rows(runtime, Delivery)} == {"no such address"}


def test_what_was_certainly_not_sent_waits_and_goes_out_later(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(2))
    away = Taker(owed.raising(UnreachableError("smtp.example of ann@example.com refused")))
    assert send_deliveries(runtime, as_of=JUNE, channel=away) == OutboxReport(pending=2)
    waiting = owed.rows(runtime, Delivery)
    assert {(row.state, row.attempts, row.answer) for row in waiting} == {("pending", 1, "UnreachableError")}
    assert send_deliveries(runtime, as_of=JUNE, channel=Taker()) == OutboxReport(accepted=2)
    assert {row.attempts for row in owed.rows(runtime, Delivery)} == {2}


def test_where_nobody_knows_it_is_never_sent_again(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(2))
    lost = Taker(owed.raising(ConnectionResetError("after the body of ann@example.com")))
    assert send_deliveries(runtime, as_of=JUNE, channel=lost) == OutboxReport(unknown=2)
    assert {row.answer for row in owed.rows(runtime, Delivery)} == {"ConnectionResetError"}
    assert send_deliveries(runtime, as_of=JUNE, channel=lost) == OutboxReport()
    assert len(lost.seen) == 2


@pytest.mark.parametrize(
    ("error", "left"), [(UnreachableError("away"), "pending"), (OSError("broken"), "unknown")]
)
def test_a_channel_without_answers_is_left_alone(runtime: Runtime, error: Exception, left: str) -> None:
    owed.give(runtime, owed.members(10))
    channel = Taker(owed.raising(error))
    report = send_deliveries(runtime, as_of=JUNE, channel=channel)
    assert (report, len(channel.seen)) == (OutboxReport(**{left: PATIENCE}), PATIENCE)
    untouched = [row for row in owed.rows(runtime, Delivery) if row.attempts == 0]
    assert len(untouched) == 10 - PATIENCE


def test_what_a_channel_chokes_on_holds_up_nobody_else(runtime: Runtime) -> None:
    poison, sound = owed.members(PATIENCE), owed.members(7)
    owed.give(runtime, poison, as_of=JUNE - timedelta(hours=1))  # the oldest, so the first to be tried
    owed.give(runtime, sound)

    def answer(message: Message) -> owed.Outcome:
        if message.member_id in poison:
            raise UnreachableError("no route")
        return owed.Accepted("taken")

    reports = [send_deliveries(runtime, as_of=JUNE, channel=Taker(answer)) for _ in range(2)]
    assert reports == [OutboxReport(pending=PATIENCE), OutboxReport(accepted=7, pending=PATIENCE)]


def test_an_ended_grant_s_message_is_never_sent(runtime: Runtime) -> None:
    first, second = owed.members(2)
    owed.give(runtime, [first, second])
    assert owed.end(runtime, first).superseded == 2
    channel = Taker()
    assert send_deliveries(runtime, as_of=JUNE, channel=channel) == OutboxReport(accepted=1)
    assert [message.member_id for message in channel.seen] == [second]
    assert owed.states(runtime, Delivery) == ["accepted", "superseded"]


def test_a_grant_that_ends_while_its_message_is_tried_is_not_told_later(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    owed.give(runtime, [member])

    def end_meanwhile(_: object) -> owed.Outcome:
        assert owed.end(runtime, member).superseded == 1  # the push; the message is on its way
        raise UnreachableError("refused")

    assert send_deliveries(runtime, as_of=JUNE, channel=Taker(end_meanwhile)) == OutboxReport(pending=1)
    channel = Taker()
    assert send_deliveries(runtime, as_of=JUNE, channel=channel) == OutboxReport(superseded=1)
    assert channel.seen == []
    assert owed.states(runtime, Delivery) == ["superseded"]


def test_only_what_is_due_and_within_the_limit_goes_out(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(3))
    owed.give(runtime, owed.members(2), as_of=JUNE + timedelta(days=1))
    channel = Taker()
    assert send_deliveries(runtime, as_of=JUNE, channel=channel, limit=2) == OutboxReport(accepted=2)
    assert send_deliveries(runtime, as_of=JUNE, channel=channel) == OutboxReport(accepted=1)
    later = JUNE + timedelta(days=1)
    assert send_deliveries(runtime, as_of=later, channel=channel) == OutboxReport(accepted=2)


def test_two_threads_send_each_message_once(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(60))
    channel, reports = Taker(), []

    def work() -> None:
        reports.append(send_deliveries(runtime, as_of=JUNE, channel=channel))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(channel.seen) == len({message.delivery_id for message in channel.seen}) == 60
    assert sum(report.accepted for report in reports) == 60
    assert {row.attempts for row in owed.rows(runtime, Delivery)} == {1}


def test_two_processes_send_each_message_once(runtime: Runtime, tmp_path: Path) -> None:
    owed.give(runtime, owed.members(400))
    spool = Spool(tmp_path / "provider")
    counts = race(*(sender(runtime, "deliveries", spool) for _ in range(2)))
    assert min(counts) > 0
    assert sum(counts) == len(spool.lines()) == len(set(spool.lines())) == 400
    assert set(spool.lines()) == {str(row.id) for row in owed.rows(runtime, Delivery)}


def test_a_row_that_another_session_holds_is_passed_by(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(2))
    held = owed.rows(runtime, Delivery)[0].id
    channel = Taker()
    with runtime.database.transaction() as session:
        assert outbox.claim_delivery(session, held) is not None
        assert send_deliveries(runtime, as_of=JUNE, channel=channel) == OutboxReport(accepted=1)
    assert held not in {message.delivery_id for message in channel.seen}


def test_a_late_answer_settles_what_was_swept_but_not_what_was_tried_anew(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(1))
    row = owed.rows(runtime, Delivery)[0]
    with runtime.database.transaction() as session:
        claim = outbox.claim_delivery(session, row.id)
        assert claim is not None
        assert outbox.sweep(session, Delivery, -1) == [row.id]
    with runtime.database.transaction() as session:
        assert not outbox.settle(session, Claim(row, 2), State.REJECTED, "of another attempt")
        assert outbox.settle(session, claim, State.ACCEPTED, "late")
        assert not outbox.settle(session, claim, State.REJECTED, "later still")
    assert [(one.state, one.answer) for one in owed.rows(runtime, Delivery)] == [("accepted", "late")]


def test_lists_and_counts_show_what_stands_where(runtime: Runtime) -> None:
    first, second = owed.members(2)
    owed.give(runtime, [first])
    owed.give(runtime, [second], as_of=JUNE + timedelta(hours=1))
    send_deliveries(runtime, as_of=JUNE, channel=Taker())
    assert [row.member_id for row in deliveries.list_deliveries(runtime)] == [second, first]
    assert [row.member_id for row in deliveries.list_deliveries(runtime, limit=1)] == [second]
    assert [row.member_id for row in deliveries.list_deliveries(runtime, state="accepted")] == [first]
    counts = outbox_counts(runtime)
    assert counts.deliveries == {"accepted": 1, "pending": 1}
    assert counts.pushes == {"pending": 2}
    assert owed.states(runtime, Push) == ["pending", "pending"]
    with pytest.raises(RuleRefusedError, match="no state sent: pending, sending, accepted"):
        deliveries.list_deliveries(runtime, state="sent")

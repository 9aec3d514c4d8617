"""Pushes: whatever happens on the way, what the shop heard last of a member is the truth."""

import io
import random
import threading
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from laurels.errors import RuleRefusedError, UnreachableError
from laurels.platforms.base import Discount
from laurels.platforms.console import ConsolePlatform
from laurels.services import discounts
from laurels.services.discounts import OutboxReport, push_discounts
from laurels.services.runtime import Runtime
from laurels.stores import outbox
from models.grants import TierGrant
from models.outbox import Push
from models.values.outbox import State
from tests.integration import owed
from tests.integration.owed import JUNE, Spool, Taker
from tests.integration.sender import race, sender


def told(platform: Taker) -> list[tuple[str, int]]:
    return [(action, discount.percent) for action, discount in platform.pushed]


def test_a_downgrade_ends_the_old_discount_before_the_new_one_begins(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    owed.give(runtime, [member], percent=30)
    stream = io.StringIO()
    assert push_discounts(runtime, as_of=JUNE, platform=ConsolePlatform(stream)) == OutboxReport(accepted=1)
    old = owed.active(runtime, member)
    fallen = JUNE + timedelta(days=1)
    owed.replace(runtime, member, 20, as_of=fallen)
    new = owed.active(runtime, member)
    assert push_discounts(runtime, as_of=fallen, platform=ConsolePlatform(stream)) == OutboxReport(accepted=2)
    assert stream.getvalue().splitlines() == [
        f"discount 30 % for member {str(member)[:8]} (grant {str(old)[:8]})",
        f"discount 30 % for member {str(member)[:8]} (grant {str(old)[:8]}) ended",
        f"discount 20 % for member {str(member)[:8]} (grant {str(new)[:8]})",
    ]


def test_without_a_platform_it_is_the_console(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    owed.give(runtime, owed.members(1))
    assert push_discounts(runtime, as_of=JUNE) == OutboxReport(accepted=1)
    assert capsys.readouterr().out.startswith("discount 20 % for member ")


def test_what_ended_before_it_was_pushed_never_reaches_the_shop(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    owed.give(runtime, [member], percent=10)
    owed.replace(runtime, member, 20)
    platform = Taker()
    assert push_discounts(runtime, as_of=JUNE, platform=platform) == OutboxReport(accepted=1)
    assert told(platform) == [("give", 20)]
    assert owed.states(runtime, Push) == ["accepted", "superseded"]


def test_a_refused_push_is_not_repeated(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(4))
    platform = Taker(owed.rejecting)
    assert push_discounts(runtime, as_of=JUNE, platform=platform) == OutboxReport(rejected=4)
    assert push_discounts(runtime, as_of=JUNE, platform=platform) == OutboxReport()


def test_a_push_of_unknown_outcome_is_repeated_under_the_same_grant(runtime: Runtime) -> None:
    owed.give(runtime, owed.members(1))
    platform = Taker(owed.raising(TimeoutError("read")))
    assert push_discounts(runtime, as_of=JUNE, platform=platform) == OutboxReport(unknown=1)
    platform.answer = lambda _: owed.Accepted("adopted")
    assert push_discounts(runtime, as_of=JUNE, platform=platform) == OutboxReport(accepted=1)
    assert platform.pushed[0] == platform.pushed[1]
    (row,) = discounts.list_pushes(runtime)
    assert (row.state, row.attempts, row.answer) == ("accepted", 2, "adopted")


def test_a_refused_connection_does_not_make_an_earlier_doubt_undone(runtime: Runtime) -> None:
    """The first try may have put the discount up: were it `pending`, its end would owe the shop nothing."""
    (member,) = owed.members(1)
    owed.give(runtime, [member])
    for error, left in ((TimeoutError("read"), "unknown"), (UnreachableError("refused"), "unknown")):
        report = push_discounts(runtime, as_of=JUNE, platform=Taker(owed.raising(error)))
        assert report == OutboxReport(**{left: 1})
    owed.end(runtime, member)
    platform = Taker()
    report = push_discounts(runtime, as_of=JUNE, platform=platform)
    assert (told(platform), report) == ([("end", 20)], OutboxReport(accepted=1, superseded=1))


def test_a_certainly_refused_push_owes_the_shop_no_end(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    owed.give(runtime, [member])
    away = Taker(owed.raising(UnreachableError("refused")))
    assert push_discounts(runtime, as_of=JUNE, platform=away) == OutboxReport(pending=1)
    assert owed.end(runtime, member).pushes == 0
    assert push_discounts(runtime, as_of=JUNE, platform=Taker()) == OutboxReport()


def test_an_end_decided_during_its_give_waits_for_it(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    owed.give(runtime, [member])
    inner: list[OutboxReport] = []

    def meanwhile(_: object) -> owed.Outcome:
        if not inner:
            assert owed.end(runtime, member).pushes == 1
            inner.append(push_discounts(runtime, as_of=JUNE, platform=Taker()))
        return owed.Accepted("taken")

    platform = Taker(meanwhile)
    assert push_discounts(runtime, as_of=JUNE, platform=platform) == OutboxReport(accepted=1)
    assert inner == [OutboxReport()]
    assert push_discounts(runtime, as_of=JUNE, platform=platform) == OutboxReport(accepted=1)
    assert [action for action, _ in platform.pushed] == ["give", "end"]


def test_a_new_grant_waits_while_the_old_one_s_end_is_in_doubt(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    owed.give(runtime, [member], percent=30)
    push_discounts(runtime, as_of=JUNE, platform=Taker())
    owed.replace(runtime, member, 20)
    doubtful = Taker(owed.raising(TimeoutError("read")))
    assert push_discounts(runtime, as_of=JUNE, platform=doubtful) == OutboxReport(unknown=1)
    assert told(doubtful) == [("end", 30)]
    platform = Taker()
    while push_discounts(runtime, as_of=JUNE, platform=platform).accepted:
        pass
    assert told(platform) == [("end", 30), ("give", 20)]


def test_an_end_goes_first_even_when_the_business_clock_went_back(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    owed.give(runtime, [member], percent=30)
    push_discounts(runtime, as_of=JUNE, platform=Taker())
    owed.replace(runtime, member, 20, as_of=JUNE + timedelta(days=2))
    owed.replace(runtime, member, 10, as_of=JUNE + timedelta(days=1))
    platform = Taker()
    early = push_discounts(runtime, as_of=JUNE + timedelta(days=1), platform=platform)
    assert early == OutboxReport()  # the new grant is due, but the old one's end is not yet
    push_discounts(runtime, as_of=JUNE + timedelta(days=3), platform=platform)
    assert told(platform) == [("end", 30), ("give", 10)]


def test_a_claim_not_yet_committed_keeps_the_member_s_other_pushes_out(runtime: Runtime) -> None:
    """One that goes first comes in during the claim: the second session sees it, and does not see the claim."""
    first, second = owed.members(2)
    owed.give(runtime, [first, second])
    claimed, other = sorted(owed.rows(runtime, Push), key=lambda row: row.member_id != first)
    with runtime.database.transaction() as one:
        assert outbox.claim_push(one, claimed.id) is not None
        owed.give_twin(runtime, first, as_of=JUNE - timedelta(hours=1))
        (earlier,) = {row.id for row in owed.rows(runtime, Push)} - {claimed.id, other.id}
        with runtime.database.transaction(seconds=5) as two:
            assert outbox.claim_push(two, earlier) is None
            assert outbox.claim_push(two, other.id) is not None
    with runtime.database.transaction() as session:
        assert outbox.claim_push(session, earlier) is None
        assert outbox.settle(session, outbox.Claim(claimed, 1), State.ACCEPTED, "taken")
        assert outbox.claim_push(session, earlier) is not None


def test_the_database_itself_refuses_two_pushes_of_a_member_in_flight(runtime: Runtime) -> None:
    (member,) = owed.members(1)
    owed.give(runtime, [member])
    owed.give_twin(runtime, member)
    with pytest.raises(IntegrityError, match="push_in_flight"), runtime.database.transaction() as session:
        session.connection().execute(update(Push).values(state="sending"))


def test_threads_push_once_each_and_one_of_a_member_at_a_time(runtime: Runtime) -> None:
    who = owed.members(20)
    owed.give(runtime, who, percent=30)
    push_discounts(runtime, as_of=JUNE, platform=Taker())
    for member in who:
        owed.replace(runtime, member, 20)
    platform, failed = Taker(), []

    def work() -> None:
        try:
            while push_discounts(runtime, as_of=JUNE, platform=platform).accepted:
                pass
        except AssertionError as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    push_discounts(runtime, as_of=JUNE, platform=platform)
    assert failed == []
    for member in who:
        assert [(a, d.percent) for a, d in platform.pushed if d.member_id == member] == [
            ("end", 30),
            ("give", 20),
        ]


def test_two_processes_push_each_discount_once(runtime: Runtime, tmp_path: Path) -> None:
    owed.give(runtime, owed.members(300))
    spool = Spool(tmp_path / "platform")
    counts = race(*(sender(runtime, "pushes", spool) for _ in range(2)))
    assert min(counts) > 0
    assert sum(counts) == len(spool.lines()) == len(set(spool.lines())) == 300


def test_an_unheard_of_state_is_refused(runtime: Runtime) -> None:
    with pytest.raises(RuleRefusedError, match="no state done"):
        discounts.list_pushes(runtime, state="done")


class Shop:
    """A platform that refuses connections and loses answers, but keeps what it took, by grant and by member."""

    def __init__(self, luck: random.Random) -> None:
        self.luck: random.Random | None = luck
        self.up: dict[UUID, int] = {}
        self.last: dict[UUID, int | None] = {}

    def give(self, discount: Discount) -> owed.Outcome:
        return self._take(discount, discount.percent)

    def end(self, discount: Discount) -> owed.Outcome:
        return self._take(discount, None)

    def _take(self, discount: Discount, percent: int | None) -> owed.Outcome:
        fate = self.luck.random() if self.luck else 1.0
        if fate < 0.2:
            raise UnreachableError("refused")
        self.last[discount.member_id] = percent
        self.up.pop(discount.grant_id, None)
        if percent is not None:
            self.up[discount.grant_id] = percent
        if fate < 0.5:
            raise TimeoutError("the answer was lost")
        return owed.Accepted("taken")


STEPS = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(["turn", "turn", "end", "push"]),
        strategies.integers(0, 2),
        strategies.integers(0, 3),
    ),
    max_size=14,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, seed=strategies.integers(0, 1000))
def test_in_the_end_the_shop_holds_what_is_granted(
    runtime: Runtime, steps: list[tuple[str, int, int]], seed: int
) -> None:
    """Grants come and go at business times that go up and down, pushes fail in every way: the shop ends up right."""
    with runtime.database.transaction() as session:
        session.connection().execute(text("truncate push, delivery, tier_grant"))
    shop, who, percents = Shop(random.Random(seed)), [UUID(int=n) for n in (1, 2, 3)], iter(range(1, 100))
    holding: set[UUID] = set()
    for action, number, hours in steps:
        member, as_of = who[number], JUNE + timedelta(hours=hours)
        if action == "push":
            push_discounts(runtime, as_of=as_of, platform=shop)
        elif action == "end" and member in holding:
            owed.end(runtime, member, as_of)
            holding.remove(member)
        elif action == "turn" and member in holding:
            owed.replace(runtime, member, next(percents), as_of)
        elif action == "turn":
            owed.give(runtime, [member], next(percents), as_of)
            holding.add(member)
    shop.luck = None
    while push_discounts(runtime, as_of=JUNE + timedelta(days=1), platform=shop) != OutboxReport():
        pass
    with runtime.database.transaction() as session:
        grants = session.exec(select(TierGrant).where(TierGrant.ended_at.is_(None))).all()
    assert shop.up == {grant.id: grant.percent for grant in grants}
    held = {grant.member_id: grant.percent for grant in grants}
    assert shop.last == {member: held.get(member) for member in shop.last}
    assert set(held) <= set(shop.last)

"""Senders killed at each step: what the provider saw, and what the outbox knows afterwards."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from laurels.services.deliveries import OutboxReport, send_deliveries
from laurels.services.discounts import push_discounts
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from models.outbox import Delivery, Push
from tests.integration import owed
from tests.integration.owed import JUNE, Spool
from tests.integration.sender import fate, sender
from tests.runtimes import fresh_runtime


@pytest.fixture
def hasty(settings: Settings, template: None) -> Iterator[Runtime]:
    """A runtime whose leases last two seconds."""
    with fresh_runtime(settings, lease_seconds=2) as runtime:
        yield runtime


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "provider")


@pytest.mark.parametrize(("failpoint", "seen"), [("delivery.claimed", 0), ("delivery.sent", 1)])
def test_a_killed_sender_s_message_becomes_unknown_and_is_never_sent_again(
    hasty: Runtime, spool: Spool, failpoint: str, seen: int
) -> None:
    owed.give(hasty, owed.members(3))
    assert fate(sender(hasty, "deliveries", spool, failpoint)) == -signal.SIGKILL
    assert len(spool.lines()) == seen
    assert owed.states(hasty, Delivery) == ["pending", "pending", "sending"]
    (claimed,) = [row for row in owed.rows(hasty, Delivery) if row.state == "sending"]
    assert (claimed.attempts, claimed.answer) == (1, None)
    assert send_deliveries(hasty, as_of=JUNE, channel=spool) == OutboxReport(accepted=2)
    assert owed.states(hasty, Delivery) == ["accepted", "accepted", "sending"]  # the lease still runs
    owed.outlive_lease(hasty)
    assert send_deliveries(hasty, as_of=JUNE, channel=spool) == OutboxReport(unknown=1)
    assert send_deliveries(hasty, as_of=JUNE, channel=spool) == OutboxReport()
    assert owed.states(hasty, Delivery) == ["accepted", "accepted", "unknown"]
    assert spool.lines().count(str(claimed.id)) == seen
    assert len(spool.lines()) == 2 + seen


@pytest.mark.parametrize(("failpoint", "seen"), [("push.claimed", 0), ("push.sent", 1)])
def test_a_killed_sender_s_push_is_repeated_for_the_platform_to_adopt(
    hasty: Runtime, spool: Spool, failpoint: str, seen: int
) -> None:
    (member,) = owed.members(1)
    owed.give(hasty, [member])
    assert fate(sender(hasty, "pushes", spool, failpoint)) == -signal.SIGKILL
    assert owed.states(hasty, Push) == ["sending"]
    assert push_discounts(hasty, as_of=JUNE, platform=spool) == OutboxReport()
    owed.outlive_lease(hasty)
    assert push_discounts(hasty, as_of=JUNE, platform=spool) == OutboxReport(accepted=1)
    assert spool.lines() == [f"give {owed.active(hasty, member)}"] * (seen + 1)


@pytest.mark.parametrize("failpoint", ["push.claimed", "push.sent"])
def test_a_grant_that_ends_after_the_kill_is_ended_at_the_shop_and_not_given_again(
    hasty: Runtime, spool: Spool, failpoint: str
) -> None:
    (member,) = owed.members(1)
    owed.give(hasty, [member])
    grant = owed.active(hasty, member)
    assert fate(sender(hasty, "pushes", spool, failpoint)) == -signal.SIGKILL
    before = spool.lines()
    assert owed.end(hasty, member).pushes == 1
    assert push_discounts(hasty, as_of=JUNE, platform=spool) == OutboxReport()  # the give may be on its way
    owed.outlive_lease(hasty)
    report = push_discounts(hasty, as_of=JUNE, platform=spool)
    assert report == OutboxReport(accepted=1, superseded=1)
    assert spool.lines() == [*before, f"end {grant}"]

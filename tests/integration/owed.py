"""What is owed, for the outbox's tests: grants written by the real store, and small real takers of every temper."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlmodel import Session, select

from laurels.channels.base import Message
from laurels.platforms.base import Discount
from laurels.rules.tiers import Change, End, Ending, Give
from laurels.services.runtime import Runtime
from laurels.stores import grants
from laurels.stores.grants import Owed, Pass
from models.boards import BoardWindow
from models.grants import TierGrant
from models.outbox import Delivery, Push
from models.programs import ProgramRecord
from models.values.outbox import Accepted, Outcome, Rejected
from models.values.tiers import TierRank

JUNE = datetime(2026, 6, 20, tzinfo=UTC)


def members(count: int) -> list[UUID]:
    return [uuid4() for _ in range(count)]


def window(session: Session) -> BoardWindow:
    """Return the one window of these tests, making it the first time."""
    found = session.exec(select(BoardWindow)).first()
    if found is None:
        program = ProgramRecord(name="summer-race")
        session.add(program)
        session.flush()
        found = BoardWindow(
            program_id=program.id,
            board="referrals",
            period="season",
            starts_at=JUNE - timedelta(days=19),
            ends_at=JUNE + timedelta(days=73),
        )
        session.add(found)
        session.flush()
    return found


def decide(runtime: Runtime, changes: Sequence[Change], texts: dict[UUID, str], as_of: datetime) -> Owed:
    """Write decisions in a pass of their own, as the reconciler does."""
    with runtime.database.transaction() as session:
        at = window(session)
        at.pass_number += 1
        return grants.write(session, Pass(at, 1, at.pass_number, as_of), changes, texts)


def give(runtime: Runtime, who: Sequence[UUID], percent: int = 20, as_of: datetime = JUNE) -> Owed:
    """Give each member a grant: a push and a message owed for each."""
    texts = {member: f"#{rank} for {member}" for rank, member in enumerate(who, start=1)}
    gifts = [
        Give(member, rank, TierRank(to=100, percent=percent)) for rank, member in enumerate(who, start=1)
    ]
    return decide(runtime, gifts, texts, as_of)


def give_twin(runtime: Runtime, member: UUID, as_of: datetime = JUNE) -> None:
    """Give the member a grant of another window too: two gives of one member are owed."""
    with runtime.database.transaction() as session:
        first = window(session)
        other = BoardWindow(**first.model_dump(exclude={"id", "board"}), board="spend")
        session.add(other)
        session.flush()
        gift = Give(member, 1, TierRank(to=100, percent=10))
        grants.write(session, Pass(other, 1, 1, as_of), [gift], {})


def end(runtime: Runtime, member: UUID, as_of: datetime = JUNE) -> Owed:
    return decide(runtime, [End(active(runtime, member), Ending.LOST)], {}, as_of)


def replace(runtime: Runtime, member: UUID, percent: int, as_of: datetime = JUNE) -> Owed:
    """End the member's grant and give another, in one pass."""
    old = active(runtime, member)
    changes = [End(old, Ending.DOWNGRADE), Give(member, 9, TierRank(to=100, percent=percent), replaces=old)]
    return decide(runtime, changes, {member: f"now {percent}"}, as_of)


def active(runtime: Runtime, member: UUID) -> UUID:
    with runtime.database.transaction() as session:
        return session.exec(
            select(TierGrant.id).where(TierGrant.member_id == member, TierGrant.ended_at.is_(None))
        ).one()


def rows(runtime: Runtime, table: type[Push] | type[Delivery]) -> list[Push] | list[Delivery]:
    with runtime.database.transaction() as session:
        return list(session.exec(select(table).order_by(table.created_at, table.id)).all())


def states(runtime: Runtime, table: type[Push] | type[Delivery]) -> list[str]:
    return sorted(row.state for row in rows(runtime, table))


def outlive_lease(runtime: Runtime) -> None:
    time.sleep(runtime.settings.lease_seconds + 0.05)


@dataclass
class Taker:
    """A channel and a platform that remembers what it was handed, and does with it what it is told to."""

    answer: Callable[[Message | Discount], Outcome] = lambda _: Accepted("taken")
    name: str = "console"
    seen: list[Message] = field(default_factory=list)
    pushed: list[tuple[str, Discount]] = field(default_factory=list)
    in_flight: set[UUID] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: Message) -> Outcome:
        with self.lock:
            self.seen.append(message)
        return self.answer(message)

    def give(self, discount: Discount) -> Outcome:
        return self._push("give", discount)

    def end(self, discount: Discount) -> Outcome:
        return self._push("end", discount)

    def _push(self, action: str, discount: Discount) -> Outcome:
        with self.lock:
            assert discount.member_id not in self.in_flight, "two pushes of one member at once"
            self.in_flight.add(discount.member_id)
            self.pushed.append((action, discount))
        try:
            return self.answer(discount)
        finally:
            with self.lock:
                self.in_flight.discard(discount.member_id)


@dataclass(frozen=True)
class Spool:
    """A provider of its own: each thing it is handed is a line in a file, which outlives whoever handed it."""

    path: Path
    name: str = "console"

    def send(self, message: Message) -> Outcome:
        return self._append(str(message.delivery_id))

    def give(self, discount: Discount) -> Outcome:
        return self._append(f"give {discount.grant_id}")

    def end(self, discount: Discount) -> Outcome:
        return self._append(f"end {discount.grant_id}")

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def _append(self, line: str) -> Outcome:
        with self.path.open("ab", buffering=0) as file:
            os.write(file.fileno(), f"{line}\n".encode())
        return Accepted("spooled")


def rejecting(_: object) -> Outcome:
    return Rejected("no such address")


def raising(error: Exception) -> Callable[[object], Outcome]:
    def answer(_: object) -> Outcome:
        raise error

    return answer

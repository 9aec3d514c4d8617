"""The outbox: each row is claimed and committed, then handed over, then its outcome is committed."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic
from uuid import UUID

from sqlmodel import Session

from laurels.errors import RuleRefusedError, TransientError
from laurels.services.failpoint import failpoint
from laurels.services.runtime import Runtime
from laurels.stores import outbox
from laurels.stores.outbox import Claim, Row
from models.outbox import Delivery, Push
from models.values.outbox import Accepted, Outcome, Rejected, State

PATIENCE = 3
"""So many rows in succession without an answer end a run: who is away is not asked a thousand times."""


@dataclass(frozen=True, slots=True)
class OutboxReport:
    """In which state a run left the rows it touched.

    `pending` were certainly not sent and wait for the next run; `unknown` includes claims of dead senders.
    """

    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    pending: int = 0
    superseded: int = 0


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How many rows stand in which state."""

    pushes: dict[str, int]
    deliveries: dict[str, int]


@dataclass(frozen=True, slots=True)
class Errand(Generic[Row]):
    """One kind of rows: which are due, how one is claimed, who takes it."""

    table: type[Row]
    due: Callable[[Session], Sequence[UUID]]
    claim: Callable[[Session, UUID], Claim[Row] | None]
    call: Callable[[Row], Outcome]


def outbox_counts(runtime: Runtime) -> OutboxCounts:
    """Count pushes and deliveries by state."""
    with runtime.database.transaction() as session:
        return OutboxCounts(outbox.counts(session, Push), outbox.counts(session, Delivery))


def state_named(name: str | None) -> State | None:
    """Return the state of that name, None for none. Raises RuleRefusedError, naming the states there are."""
    try:
        return State(name) if name is not None else None
    except ValueError as error:
        raise RuleRefusedError(f"no state {name}: {', '.join(State)}") from error


def run(runtime: Runtime, errand: Errand[Row]) -> OutboxReport:
    """Try each due row once. Safe to run at once with others, and after a kill at any point.

    A kill between claim and outcome leaves `sending`; the lease's end makes it `unknown`, never `pending`.
    """
    with runtime.database.transaction() as session:
        swept = outbox.sweep(session, errand.table, runtime.settings.lease_seconds)
        due = errand.due(session)
    left = dict.fromkeys(swept, State.UNKNOWN)
    unanswered = 0
    for row_id in due:
        state = _try(runtime, errand, row_id)
        if state is None:
            continue
        left[row_id] = state
        if state in {State.ACCEPTED, State.REJECTED}:
            unanswered = 0
        elif state in {State.PENDING, State.UNKNOWN}:
            unanswered += 1
        if unanswered == PATIENCE:
            break
    return OutboxReport(**{state.value: count for state, count in Counter(left.values()).items()})


def _try(runtime: Runtime, errand: Errand[Row], row_id: UUID) -> State | None:
    """Return the state that this sender left the row in, None where it is another's."""
    noun = errand.table.__name__.lower()
    with runtime.database.transaction() as session:
        claim = errand.claim(session, row_id)
    if claim is None:
        return None
    if claim.attempt is None:
        return State.SUPERSEDED
    failpoint(f"{noun}.claimed")
    state, answer = _call(errand, claim.row)
    failpoint(f"{noun}.sent")
    if state is State.PENDING and claim.row.state == State.UNKNOWN:
        state = State.UNKNOWN  # this attempt certainly did nothing, but an earlier one may have
    with runtime.database.transaction() as session:
        settled = outbox.settle(session, claim, state, answer)
    return state if settled else None


def _call(errand: Errand[Row], row: Row) -> tuple[State, str]:
    """Hand a row over. Of an exception only its kind is kept: its words may hold an address."""
    try:
        outcome = errand.call(row)
    except TransientError as error:
        return State.PENDING, type(error).__name__
    except Exception as error:  # noqa: BLE001  # whatever it was, nobody knows whether the row went out
        return State.UNKNOWN, type(error).__name__
    match outcome:
        case Accepted(answer):
            return State.ACCEPTED, answer
        case Rejected(reason):
            return State.REJECTED, reason

"""Leases as the services use them: waited for, held for a block, and the fence behind which a holder writes."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from sqlmodel import Session

from laurels.errors import TransientError
from laurels.services.runtime import Runtime
from laurels.stores import leases

SHARE_OF_LEASE = 0.8
"""A transaction ends before its lease does, so that a frozen holder cannot block its successor."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lease of ours, with the fencing token that goes with everything written under it."""

    name: str
    token: int


@contextmanager
def hold(runtime: Runtime, name: str) -> Iterator[Held]:
    """Hold a lease for a block, once it is free; that of a killed holder ends by itself.

    Whoever finds it held stays, for its holder may have looked already. Raises TransientError where it stays held
    for the time of two leases.
    """
    held = _wait_for(runtime, name)
    try:
        yield held
    finally:
        with _limited(runtime) as session:
            leases.release(session, held.name, held.token)


@contextmanager
def fenced(runtime: Runtime, held: Held) -> Iterator[Session]:
    """Open a transaction in which only the holder writes. Raises FencedError for one who was overtaken."""
    with _limited(runtime) as session:
        leases.fence(session, held.name, held.token)
        yield session


def _limited(runtime: Runtime) -> AbstractContextManager[Session]:
    """Open a transaction that PostgreSQL ends before a lease that was given at its start."""
    return runtime.database.transaction(seconds=runtime.settings.lease_seconds * SHARE_OF_LEASE)


def _wait_for(runtime: Runtime, name: str) -> Held:
    seconds = runtime.settings.lease_seconds
    deadline = time.monotonic() + 2 * seconds
    while time.monotonic() < deadline:
        with _limited(runtime) as session:
            token = leases.take(session, name, runtime.holder, seconds)
        if token is not None:
            return Held(name, token)
        time.sleep(0.1)
    raise TransientError(f"somebody else has worked on {name} for {2 * seconds} s: try again")

"""Leases as the services wait for them: whoever finds one held stays, for its holder may have looked already."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from laurels.errors import TransientError
from laurels.services.runtime import Runtime
from laurels.stores import leases


@dataclass(frozen=True, slots=True)
class Held:
    """A lease of ours, with the fencing token that goes with everything written under it."""

    name: str
    token: int


@contextmanager
def hold(runtime: Runtime, name: str) -> Iterator[Held]:
    """Hold a lease for a block, once it is free; that of a killed holder ends by itself.

    Raises TransientError where it stays held for the time of two leases.
    """
    held = _wait_for(runtime, name)
    try:
        yield held
    finally:
        with runtime.database.transaction() as session:
            leases.release(session, held.name, held.token)


def _wait_for(runtime: Runtime, name: str) -> Held:
    seconds = runtime.settings.lease_seconds
    deadline = time.monotonic() + 2 * seconds
    while time.monotonic() < deadline:
        with runtime.database.transaction() as session:
            token = leases.take(session, name, runtime.holder, seconds)
        if token is not None:
            return Held(name, token)
        time.sleep(0.1)
    raise TransientError(f"somebody else has worked on {name} for {2 * seconds} s: try again")

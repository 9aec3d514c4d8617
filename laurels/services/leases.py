"""Leases as the services wait for them: whoever finds one held stays, for its holder may have looked already."""

import time

from laurels.errors import TransientError
from laurels.services.runtime import Runtime
from laurels.stores import leases


def wait_for(runtime: Runtime, name: str) -> int:
    """Return the fencing token of a lease once it is free; that of a killed holder ends by itself.

    Raises TransientError where it stays held for the time of two leases.
    """
    seconds = runtime.settings.lease_seconds
    deadline = time.monotonic() + 2 * seconds
    while time.monotonic() < deadline:
        with runtime.database.transaction() as session:
            token = leases.take(session, name, runtime.holder, seconds)
        if token is not None:
            return token
        time.sleep(0.1)
    raise TransientError(f"somebody else has worked on {name} for {2 * seconds} s: try again")

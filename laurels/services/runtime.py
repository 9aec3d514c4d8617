"""The runtime: the opened parts that use cases work with, made once per process and passed in."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from laurels import embedded
from laurels.quality.gate import Gate
from laurels.settings import Settings
from laurels.stores import people, schema
from laurels.stores.board_views import BoardViews
from laurels.stores.database import Database, connect


@dataclass(frozen=True, slots=True)
class Runtime:
    """PostgreSQL, the boards in Redis, the gate and the keys. One thread at a time judges by the gate."""

    settings: Settings
    database: Database
    views: BoardViews
    gate: Gate
    keys: people.Keys = field(repr=False)
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    """Who holds leases and works batches, for whoever asks later: host and process, or a flow run."""


@contextmanager
def open_runtime(settings: Settings, holder: str | None = None) -> Iterator[Runtime]:
    """Open everything, starting embedded servers where none are given, and bring the schema up to date.

    `holder` names who works: by itself, host and process. Raises UnreachableError where a given server does not answer.
    """
    with embedded.servers(settings) as at:
        runtime = runtime_at(settings, at.database_url, at.redis_url)
        runtime = replace(runtime, holder=holder) if holder else runtime
        try:
            schema.upgrade(runtime.database)
            yield runtime
        finally:
            runtime.gate.close()
            runtime.views.close()
            runtime.database.close()


def runtime_at(settings: Settings, database_url: str, redis_url: str) -> Runtime:
    """Return a runtime on servers that are already there, their schema as it is."""
    return Runtime(
        settings,
        connect(database_url),
        BoardViews(redis_url),
        Gate(database_url),
        people.derive(embedded.master_key(settings)),
    )

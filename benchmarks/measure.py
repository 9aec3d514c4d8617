"""What every benchmark shares: servers of its own, the machine's description, one line of JSON at the end."""

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from laurels import embedded
from laurels.services.runtime import Runtime, open_runtime
from laurels.settings import Settings


@contextmanager
def own_runtime(**changes: Any) -> Iterator[Runtime]:
    """A runtime on embedded servers that exist for this benchmark only."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", _env_file=None).model_copy(
            update={"database_url": None, "redis_url": None, **changes}
        )
        try:
            with open_runtime(settings) as runtime:
                yield runtime
        finally:
            embedded.remove(settings)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def wal_bytes(connection: "psycopg.Connection[Any]") -> int:
    row = connection.execute("select (pg_current_wal_insert_lsn() - '0/0')::bigint").fetchone()
    return int(row[0]) if row else 0


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def finish(name: str, **figures: Any) -> None:
    """Print the one line: what was measured, on what."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.machine()}
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
    print(json.dumps({"benchmark": name, **rounded, "machine": machine}))
